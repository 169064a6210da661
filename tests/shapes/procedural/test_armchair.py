"""Laws of the family of armchairs, sofas and bent-wood chairs."""

import functools
import hashlib
import subprocess
import sys

import laws
import numpy as np
import pytest

from looking3d.anomalies import KINDS
from looking3d.geometry.camera import orbit
from looking3d.render.raycast import Raycaster
from looking3d.shapes.procedural import generate
from looking3d.shapes.procedural.armchair import BUILDERS
from looking3d.shapes.procedural.primitives import box

SEEDS = range(64)


@functools.cache
def shapes():
    return [generate("armchair", seed) for seed in SEEDS]


def test_identity():
    shape = shapes()[7]
    assert (shape.id, shape.category) == ("armchair_000007", "chair")
    assert shape.source == "procedural:armchair seed=7"


def test_every_part_is_a_closed_solid():
    laws.check_every_part_is_a_closed_solid(shapes())


def test_nothing_floats():
    laws.check_nothing_floats(shapes())


def test_stands_stably_on_the_ground():
    laws.check_stands_stably_on_the_ground(shapes())


def test_sizes_and_counts():
    for shape in shapes():
        width, height, depth = np.ptp(shape.bounds, axis=0)
        assert 0.35 < width < 3.2, shape.id
        assert 0.6 < height < 1.5, shape.id
        assert 0.4 < depth < 2.4, shape.id
    laws.check_sizes_and_counts(shapes())


def test_labels_are_partnets():
    used = {part.label for shape in shapes() for part in shape.parts}
    assert used <= laws.CHAIR_LABELS
    assert len(used) > 0.7 * len(laws.CHAIR_LABELS)


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
    laws.check_same_seed_same_arrays("armchair", shapes()[:8])


def test_seeds_are_visibly_different():
    camera = orbit(0.6, 0.35, 64)
    depths = np.stack([Raycaster(shape.normalized()).draw(camera).depth for shape in shapes()])
    for i in range(1, len(depths)):
        differing = (np.abs(depths[:i] - depths[i]) > 0.01).mean((1, 2))
        assert differing.min() > 0.01, (i, int(differing.argmin()))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_anomaly_can_be_made(kind):
    laws.check_anomalies_can_be_made(kind, shapes()[:16])


def test_is_fast():
    laws.check_is_fast("armchair", range(30))
