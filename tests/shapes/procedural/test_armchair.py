"""Laws of the family of armchairs, sofas and bent-wood chairs."""

import functools
import hashlib
import itertools
import subprocess
import sys
import time

import manifold3d
import networkx as nx
import numpy as np
import pytest
import trimesh
from scipy.spatial import Delaunay

from looking3d.anomalies import KINDS, AnomalyImpossible
from looking3d.geometry.camera import orbit
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import generate
from looking3d.shapes.procedural.armchair import BUILDERS
from looking3d.shapes.procedural.primitives import box

SEEDS = range(64)

TOUCHING = 0.003
"""Parts nearer than this, in metres, touch."""

# The leaves of PartNet's hierarchy of chairs
LEAVES = {
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
LABELS = {f"chair/{path}/{leaf}" for path, leaves in LEAVES.items() for leaf in leaves}


@functools.cache
def shapes():
    return [generate("armchair", seed) for seed in SEEDS]


def digest(shape):
    hashed = hashlib.sha256()
    for part in shape.parts:
        hashed.update(f"{part.id} {part.label}".encode() + part.vertices.tobytes() + part.faces.tobytes())
    return hashed.hexdigest()


def solids_of(shape):
    return [
        manifold3d.Manifold(manifold3d.Mesh(part.vertices.astype(np.float32), part.faces.astype(np.uint32)))
        for part in shape.parts
    ]


def pieces(shape):
    """Sets of parts that touch one another; pairs whose boxes are apart are not looked at."""
    solids, boxes = solids_of(shape), np.stack([part.bounds for part in shape.parts])
    graph = nx.Graph()
    graph.add_nodes_from(range(len(solids)))
    for i, j in itertools.combinations(range(len(solids)), 2):
        apart = np.maximum(boxes[i, 0] - boxes[j, 1], boxes[j, 0] - boxes[i, 1]).max() > TOUCHING
        # What is already joined through others needs no measuring
        if not (apart or nx.has_path(graph, i, j)) and solids[i].min_gap(solids[j], 0.01) <= TOUCHING:
            graph.add_edge(i, j)
    return [{shape.parts[i].id for i in piece} for piece in nx.connected_components(graph)]


def test_identity():
    shape = shapes()[7]
    assert (shape.id, shape.category) == ("armchair_000007", "chair")
    assert shape.source == "procedural:armchair seed=7"


def test_every_part_is_a_closed_solid():
    for shape in shapes():
        for part in shape.parts:
            # Merging coincident vertices, as export and import do, must not open the mesh
            for process in (False, True):
                mesh = trimesh.Trimesh(part.vertices, part.faces, process=process)
                assert mesh.is_watertight, (shape.id, part.id)
                assert mesh.is_winding_consistent, (shape.id, part.id)
                assert mesh.volume > 1e-8, (shape.id, part.id)


def test_nothing_floats():
    for shape in shapes():
        assert len(pieces(shape)) == 1, (shape.id, sorted(pieces(shape), key=len)[:-1])


def test_stands_stably_on_the_ground():
    for shape in shapes():
        assert shape.bounds[0, 1] == pytest.approx(0, abs=1e-9), shape.id
        volumes = [solid.volume() for solid in solids_of(shape)]
        centers = [
            trimesh.Trimesh(part.vertices, part.faces, process=False).center_mass for part in shape.parts
        ]
        center = np.average(centers, axis=0, weights=volumes)
        vertices = np.concatenate([part.vertices for part in shape.parts])
        feet = vertices[vertices[:, 1] < 0.006][:, [0, 2]]
        assert Delaunay(feet).find_simplex(center[[0, 2]]) >= 0, shape.id


def test_sizes_and_counts():
    for shape in shapes():
        width, height, depth = np.ptp(shape.bounds, axis=0)
        assert 0.35 < width < 3.2, shape.id
        assert 0.6 < height < 1.5, shape.id
        assert 0.4 < depth < 2.4, shape.id
        assert 3 <= len(shape.parts) <= 75, shape.id
        assert max(len(part.faces) for part in shape.parts) < 10_000, shape.id
        assert sum(len(part.faces) for part in shape.parts) < 60_000, shape.id


def test_labels_are_partnets():
    used = {part.label for shape in shapes() for part in shape.parts}
    assert used <= LABELS
    assert len(used) > 0.7 * len(LABELS)


def test_faces_the_front():
    # Backs stand behind seats, and footrests before them
    for shape in shapes():
        z = {
            name: [part.vertices[:, 2].mean() for part in shape.parts if f"/{name}" in part.label]
            for name in ("chair_back", "chair_seat", "footrest")
        }
        if z["chair_back"]:
            assert np.mean(z["chair_back"]) < np.mean(z["chair_seat"]), shape.id
        assert not z["footrest"] or np.mean(z["footrest"]) > 0, shape.id


def test_left_parts_mirror_right_parts():
    pairs = 0
    for shape in shapes():
        ids = {part.id for part in shape.parts}
        for left in (part_id for part_id in ids if part_id.endswith("_left")):
            right = left.removesuffix("_left") + "_right"
            assert right in ids, (shape.id, left)
            np.testing.assert_array_equal(shape[left].vertices, shape[right].vertices * [-1, 1, 1])
            pairs += 1
    assert pairs > 2 * len(SEEDS)


def test_every_sort_is_drawn(monkeypatch):
    drawn = []
    for name, (_, weight) in BUILDERS.items():

        def add(assembly, rng, name=name):
            drawn.append(name)
            assembly.add("body", "chair_seat/seat_support", box((0, 0, 0), (1, 1, 1)))

        monkeypatch.setitem(BUILDERS, name, (add, weight))
    for seed in range(150):
        generate("armchair", seed)
    assert set(drawn) == set(BUILDERS)


def test_same_seed_same_bytes_in_another_process():
    code = (
        "import hashlib\n"
        "from looking3d.shapes.procedural import generate\n"
        "parts = [p for seed in range(16) for p in generate('armchair', seed).parts]\n"
        "print(hashlib.sha256(b''.join(p.vertices.tobytes() + p.faces.tobytes() for p in parts)).hexdigest())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = b"".join(p.vertices.tobytes() + p.faces.tobytes() for shape in shapes()[:16] for p in shape.parts)
    assert out.strip() == hashlib.sha256(here).hexdigest()
    assert [digest(generate("armchair", seed)) for seed in range(8)] == [digest(s) for s in shapes()[:8]]


def test_seeds_are_visibly_different():
    camera = orbit(0.6, 0.35, 64)
    depths = np.stack([Raycaster(shape.normalized()).draw(camera).depth for shape in shapes()])
    for i in range(1, len(depths)):
        differing = (np.abs(depths[:i] - depths[i]) > 0.01).mean((1, 2))
        assert differing.min() > 0.01, (i, int(differing.argmin()))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_anomaly_can_be_made(kind):
    normalized = [shape.normalized() for shape in shapes()[:16]]
    made = 0
    for i, shape in enumerate(normalized):
        donors = normalized[:i] + normalized[i + 1 :]
        for attempt in range(2):
            try:
                anomaly = KINDS[kind](shape, donors, np.random.default_rng([i, attempt]))
            except AnomalyImpossible:
                continue
            assert anomaly.before.id in {part.id for part in shape.parts}
            made += 1
    assert made > 0.7 * 2 * len(normalized)


def test_is_fast():
    times = []
    for seed in range(30):
        start = time.perf_counter()
        generate("armchair", seed)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.15
