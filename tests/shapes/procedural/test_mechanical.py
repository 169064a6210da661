"""Laws of the mechanical families: brackets and valves."""

import functools

import laws
import numpy as np
import pytest

from looking3d.anomalies import KINDS
from looking3d.shapes.procedural import generate

SEEDS = range(16)

FAMILIES = ["bracket", "valve"]

TOUCHING = 5e-4
"""Parts nearer than this, in metres, touch; machines are fitted more closely than furniture."""

LABELS = {
    "bracket": {
        "": "base_plate bush collar deck_plate gear plinth pulley shaft wall_plate",
        "angle": "body gusset",
        "bearing": "cap grease_nipple housing inner_ring outer_ring",
        "clamp": "lower_half saddle strap upper_half",
        "clevis": "body",
        "column": "cap_plate flange post rib",
        "coupling": "hub spider",
        "fastener": "bolt nut screw stud u_bolt washer",
        "hinge": "finial leaf pin",
        "load": "cap housing",
        "motor": "body cable_gland end_cap pilot terminal_box",
        "motor_mount": "face foot gusset",
        "pin": "clip cotter pin spacer",
        "pipe": "pipe plug socket",
        "rod": "eye rod",
        "tee": "foot rib web",
        "zed": "body gusset",
    },
    "valve": {
        "": "body",
        "actuator": "bolt bridge cap coupling cover cylinder dial diaphragm_gasket dish end_cap gearbox "
        "housing motor notch_plate nut pillar port_gland screw shaft stem",
        "actuator/hand_wheel": "nut rim spoke wheel_hub",
        "actuator/indicator": "pointer",
        "actuator/lever": "grip lever nut weight",
        "body": "bolt disc end_piece pin",
        "bonnet": "bolt cap cap_nut cover gasket gland nut packing_nut screw yoke",
        "cock": "body bolt",
        "flange": "blind_flange bolt gasket nut pipe_flange screw stud",
        "gauge": "bezel case dial needle stem",
        "pipe": "elbow end_cap nozzle pipe spool tee",
        "support": "base_plate bolt cradle foot nut post rail saddle screw stud tie washer",
    },
}
"""Last steps of the labels, by what comes before them."""

PATHS = {
    "/".join(filter(None, (root, middle, leaf)))
    for root, leaves in LABELS.items()
    for middle, names in leaves.items()
    for leaf in names.split()
}


@functools.cache
def shapes(family):
    return [generate(family, seed) for seed in SEEDS]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_part_is_a_closed_solid(family):
    laws.check_every_part_is_a_closed_solid(shapes(family), least_volume=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_floats(family):
    laws.check_nothing_floats(shapes(family), TOUCHING)


@pytest.mark.parametrize("family", FAMILIES)
def test_stands_stably_on_the_ground(family):
    laws.check_stands_stably_on_the_ground(shapes(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_sizes_and_counts(family):
    laws.check_sizes_and_counts(shapes(family), least=0.03, longest=(0.08, 1.5))


@pytest.mark.parametrize("family", FAMILIES)
def test_labels_are_of_the_vocabulary(family):
    assert {part.label for shape in shapes(family) for part in shape.parts} <= PATHS


@pytest.mark.parametrize("family", FAMILIES)
def test_same_seed_same_arrays(family):
    laws.check_same_seed_same_arrays(family, shapes(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_differ(family):
    laws.check_seeds_differ(shapes(family))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_anomaly_can_be_made(family, kind):
    laws.check_anomalies_can_be_made(kind, shapes(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_is_fast(family):
    laws.check_is_fast(family, SEEDS)


@pytest.mark.parametrize("family", FAMILIES)
def test_fasteners_are_large_enough_to_be_missed(family):
    widths = []
    for shape in shapes(family):
        diagonal = np.linalg.norm(np.ptp(shape.bounds, axis=0))
        for part in shape.parts:
            if part.label.rsplit("/", 1)[-1] in ("bolt", "screw", "nut"):
                # Of a bolt the longest side is its length, and the next one the width of its head
                widths.append(np.sort(np.ptp(part.bounds, axis=0))[-2] / diagonal)
    # At 256 px, where an object is 205 px wide, 3 % are 6 px and 4 % are 8 px
    assert np.quantile(widths, 0.05) > 0.03
    assert np.median(widths) > 0.04
