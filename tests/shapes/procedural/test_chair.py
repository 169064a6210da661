import functools
import hashlib
import subprocess
import sys
import time

import manifold3d
import networkx as nx
import numpy as np
import pytest
import trimesh

from looking3d.errors import ConfigError
from looking3d.geometry.camera import orbit
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import FAMILIES, generate

SEEDS = range(160)

TOUCHING = 0.003
"""Parts nearer than this, in metres, touch."""

# The leaves of PartNet's hierarchy of chairs.
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
def chairs():
    return [generate("chair", seed) for seed in SEEDS]


def digest(shape):
    hashed = hashlib.sha256()
    for part in shape.parts:
        hashed.update(f"{part.id} {part.label}".encode())
        hashed.update(part.vertices.tobytes())
        hashed.update(part.faces.tobytes())
    return hashed.hexdigest()


def contacts(shape):
    """Which parts touch, as a graph; pairs whose boxes are apart are not looked at."""
    solids = [
        manifold3d.Manifold(manifold3d.Mesh(part.vertices.astype(np.float32), part.faces.astype(np.uint32)))
        for part in shape.parts
    ]
    boxes = np.stack([part.bounds for part in shape.parts])
    graph = nx.Graph()
    graph.add_nodes_from(part.id for part in shape.parts)
    for i, j in np.argwhere(np.tri(len(solids), k=-1)):
        a, b = shape.parts[i].id, shape.parts[j].id
        apart = np.maximum(boxes[i, 0] - boxes[j, 1], boxes[j, 0] - boxes[i, 1]).max() > TOUCHING
        # What is already joined through others needs no measuring.
        if apart or nx.has_path(graph, a, b):
            continue
        if solids[i].min_gap(solids[j], 2 * TOUCHING) <= TOUCHING:
            graph.add_edge(a, b)
    return graph


def test_identity():
    shape = generate("chair", 7)
    assert (shape.id, shape.category, shape.source) == ("chair_000007", "chair", "procedural:chair seed=7")


def test_unknown_family_lists_the_known_ones():
    with pytest.raises(ConfigError, match=r"^unknown family 'boat'; choose one of: .*chair"):
        generate("boat", 0)
    assert "chair" in FAMILIES


def test_negative_seed_is_refused():
    with pytest.raises(ConfigError, match=r"^seed of a chair: expected 0 or more, got -1$"):
        generate("chair", -1)


def test_every_part_is_a_closed_solid():
    for shape in chairs():
        for part in shape.parts:
            mesh = trimesh.Trimesh(part.vertices, part.faces, process=False)
            assert mesh.is_watertight, (shape.id, part.id)
            assert mesh.is_winding_consistent, (shape.id, part.id)
            assert mesh.volume > 1e-7, (shape.id, part.id)


def test_nothing_floats():
    for shape in chairs():
        pieces = sorted(nx.connected_components(contacts(shape)), key=len)
        assert len(pieces) == 1, (shape.id, pieces[:-1])


def test_stands_on_the_floor_and_is_as_large_as_furniture():
    for shape in chairs():
        low, high = shape.bounds
        assert low[1] == pytest.approx(0, abs=1e-9), shape.id
        width, height, depth = high - low
        assert 0.25 < width < 2.6, shape.id
        assert 0.3 < height < 1.5, shape.id
        assert 0.2 < depth < 1.3, shape.id


def test_labels_are_partnets():
    used = {part.label for shape in chairs() for part in shape.parts}
    assert used <= LABELS
    # Rare labels, such as a writing table, may be missing from so few chairs.
    assert len(used) > 0.75 * len(LABELS)


def test_counts_of_parts_and_faces():
    for shape in chairs():
        assert 4 <= len(shape.parts) <= 60, shape.id
        assert sum(len(part.faces) for part in shape.parts) <= 25_000, shape.id


def test_left_parts_mirror_right_parts():
    pairs = 0
    for shape in chairs():
        ids = {part.id for part in shape.parts}
        for left in (part_id for part_id in ids if part_id.endswith("_left")):
            right = left.removesuffix("_left") + "_right"
            assert right in ids, (shape.id, left)
            mirrored = shape[right].vertices * [-1, 1, 1]
            np.testing.assert_array_equal(shape[left].vertices, mirrored)
            assert shape[left].vertices[:, 0].mean() > 0, (shape.id, left)
            pairs += 1
    assert pairs > 3 * len(SEEDS)


def test_faces_the_front():
    # Backs lean and stand at negative z.
    for shape in chairs():
        backs = [part.vertices[:, 2].mean() for part in shape.parts if "/chair_back/" in part.label]
        assert not backs or np.mean(backs) < 0, shape.id


def test_same_seed_same_arrays():
    for seed in (0, 41, 77):
        assert digest(generate("chair", seed)) == digest(generate("chair", seed))


def test_same_seed_same_bytes_in_another_process():
    code = (
        "import hashlib\n"
        "from looking3d.shapes.procedural import generate\n"
        "parts = [p for seed in range(8) for p in generate('chair', seed).parts]\n"
        "print(hashlib.sha256(b''.join(p.vertices.tobytes() for p in parts)).hexdigest())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    here = b"".join(p.vertices.tobytes() for shape in chairs()[:8] for p in shape.parts)
    assert out.strip() == hashlib.sha256(here).hexdigest()


def test_seeds_are_visibly_different():
    camera = orbit(0.6, 0.35, 64)
    depths = np.stack([Raycaster(shape.normalized()).draw(camera).depth for shape in chairs()[:100]])
    for i in range(1, len(depths)):
        differing = (np.abs(depths[:i] - depths[i]) > 0.01).mean((1, 2))
        assert differing.min() > 0.01, (i, int(differing.argmin()))


def test_is_fast():
    times = []
    for seed in range(30):
        start = time.perf_counter()
        generate("chair", seed)
        times.append(time.perf_counter() - start)
    assert np.median(times) < 0.04
