"""Laws that every family of procedural shapes keeps."""

import hashlib
import itertools
import time

import manifold3d
import networkx as nx
import numpy as np
import pytest
import trimesh
from scipy.spatial import Delaunay

from looking3d.anomalies import KINDS, AnomalyImpossible, PartCycle
from looking3d.shapes.procedural import generate

_CHAIR_LEAVES = {
    "chair_head": ("headrest", "head_connector"),
    "chair_back": ("back_connector", "back_support"),
    "chair_back/back_surface": (
        "back_surface_vertical_bar",
        "back_surface_horizontal_bar",
        "back_single_surface",
    ),
    "chair_back/back_frame": (
        "back_frame_vertical_bar",
        "back_frame_horizontal_bar",
        "back_holistic_frame",
    ),
    "chair_arm": (
        "arm_sofa_style",
        "arm_horizontal_bar",
        "arm_near_vertical_bar",
        "arm_writing_table",
        "arm_holistic_frame",
        "arm_connector",
    ),
    "chair_base/star_leg_base": ("central_support",),
    "chair_base/star_leg_base/star_leg_set": ("leg",),
    "chair_base/star_leg_base/star_leg_set/caster": ("wheel", "caster_stem"),
    "chair_base/star_leg_base/mechanical_control": ("knob", "lever"),
    "chair_base/regular_leg_base": ("foot", "runner", "bar_stretcher", "rocker", "leg"),
    "chair_base/foot_base": ("foot",),
    "chair_base/pedestal_base": ("pedestal", "central_support"),
    "chair_seat": ("seat_support",),
    "chair_seat/seat_frame": ("seat_holistic_frame", "seat_frame_bar"),
    "chair_seat/seat_surface": ("seat_surface_bar", "seat_single_surface"),
    "footrest": ("chair_base",),
    "footrest/chair_seat": ("seat_support", "seat_surface"),
}
CHAIR_LABELS = {f"chair/{path}/{leaf}" for path, leaves in _CHAIR_LEAVES.items() for leaf in leaves}
"""The leaves of PartNet's hierarchy of chairs."""


def solids_of(shape):
    return [
        manifold3d.Manifold(manifold3d.Mesh(part.vertices.astype(np.float32), part.faces.astype(np.uint32)))
        for part in shape.parts
    ]


def pieces(shape, touching):
    """Sets of parts that touch one another; pairs whose boxes are apart are not looked at."""
    solids, boxes = solids_of(shape), np.stack([part.bounds for part in shape.parts])
    graph = nx.Graph()
    graph.add_nodes_from(range(len(solids)))
    for i, j in itertools.combinations(range(len(solids)), 2):
        apart = np.maximum(boxes[i, 0] - boxes[j, 1], boxes[j, 0] - boxes[i, 1]).max() > touching
        # What is already joined through others needs no measuring.
        if not (apart or nx.has_path(graph, i, j)) and solids[i].min_gap(solids[j], 0.01) <= touching:
            graph.add_edge(i, j)
    return [{shape.parts[i].id for i in piece} for piece in nx.connected_components(graph)]


def check_closed_and_wound_outwards(mesh, process):
    """A (vertices, faces) bounds a solid; with `process` after coincident vertices are merged, as export and
    import do."""
    solid = trimesh.Trimesh(*mesh, process=process)
    assert solid.is_watertight
    assert solid.is_winding_consistent
    assert solid.volume > 0


def check_every_part_is_a_closed_solid(shapes, least_volume=1e-8):
    for shape in shapes:
        for part in shape.parts:
            # Merging coincident vertices, as export and import do, must not open the mesh.
            for process in (False, True):
                mesh = trimesh.Trimesh(part.vertices, part.faces, process=process)
                assert mesh.is_watertight, (shape.id, part.id)
                assert mesh.is_winding_consistent, (shape.id, part.id)
                assert mesh.volume > least_volume, (shape.id, part.id)


def check_nothing_floats(shapes, touching=0.003):
    """Parts nearer than `touching`, in metres, touch."""
    for shape in shapes:
        made = pieces(shape, touching)
        assert len(made) == 1, (shape.id, sorted(made, key=len)[:-1])


def check_stands_stably_on_the_ground(shapes):
    for shape in shapes:
        assert shape.bounds[0, 1] == pytest.approx(0, abs=1e-9), shape.id
        volumes = [solid.volume() for solid in solids_of(shape)]
        centers = [
            trimesh.Trimesh(part.vertices, part.faces, process=False).center_mass for part in shape.parts
        ]
        center = np.average(centers, axis=0, weights=volumes)
        vertices = np.concatenate([part.vertices for part in shape.parts])
        feet = vertices[vertices[:, 1] < 0.006][:, [0, 2]]
        assert Delaunay(feet).find_simplex(center[[0, 2]]) >= 0, shape.id


def check_sizes_and_counts(shapes, least=0.08, longest=(0.25, 3.2)):
    """No side of the box is below `least`, and its longest is within `longest`, in metres."""
    for shape in shapes:
        extent = np.ptp(shape.bounds, axis=0)
        assert extent.min() > least, shape.id
        assert longest[0] < extent.max() < longest[1], shape.id
        assert 3 <= len(shape.parts) <= 75, shape.id
        assert max(len(part.faces) for part in shape.parts) < 10_000, shape.id
        assert sum(len(part.faces) for part in shape.parts) < 60_000, shape.id


def digest(shape):
    """A hash of ids, labels and arrays."""
    hashed = hashlib.sha256()
    for part in shape.parts:
        hashed.update(f"{part.id} {part.label}".encode() + part.vertices.tobytes() + part.faces.tobytes())
    return hashed.hexdigest()


def check_same_seed_same_arrays(family, shapes):
    assert [digest(generate(family, seed)) for seed in range(len(shapes))] == [digest(s) for s in shapes]


def check_seeds_differ(shapes):
    sizes = np.array([np.ptp(shape.bounds, axis=0) for shape in shapes])
    distances = np.abs(sizes[:, None] - sizes[None]).max(-1) + np.eye(len(sizes))
    assert distances.min() > 1e-4
    assert len({tuple(sorted(part.label for part in shape.parts)) for shape in shapes}) > 11


def check_anomalies_can_be_made(kind, shapes):
    normalized = [shape.normalized() for shape in shapes]
    made = 0
    for i, shape in enumerate(normalized):
        donors = normalized[:i] + normalized[i + 1 :]
        for attempt in range(4):
            try:
                generator = np.random.default_rng([i, attempt])
                part = PartCycle(shape.parts, generator).draw(kind)
                anomaly = KINDS[kind](shape, part, donors, generator)
            except AnomalyImpossible:
                continue
            assert anomaly.before.id in {part.id for part in shape.parts}
            made += 1
    # Donors' parts that have another label, or are the same part, are no swap
    assert made > (0.4 if kind == "swapped" else 0.6) * 4 * len(normalized)


def check_is_fast(family, seeds):
    # Seconds of work, not of waiting for other processes' turns
    times = []
    for seed in seeds:
        start = time.process_time()
        generate(family, seed)
        times.append(time.process_time() - start)
    assert np.median(times) < 0.1
