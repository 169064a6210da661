import math

import laws
import numpy as np
import pytest

from looking3d.shapes.procedural import fasteners, machining, outlines, turning
from looking3d.shapes.procedural.assembly import Assembly
from looking3d.shapes.procedural.fasteners import HEADS, Fastener
from looking3d.shapes.procedural.primitives import box, signed_volume

DIRECTIONS = [(0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1), (0.3, 0.8, -0.2)]

L_OUTLINE = np.array([(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (0, 2)], float)

BLOCK = box((-1, -1, -1), (1, 1, 1), 1e-3)

MESHES = {
    **{f"prism across {a}": lambda a=a: machining.extruded(L_OUTLINE, 0.5, 2.0, a) for a in "xyz"},
    "prism downwards": lambda: machining.extruded(L_OUTLINE, 2.0, 0.5),
    "plate with holes": lambda: machining.extruded(
        outlines.circle(2, count=40), 0, 1, "y", [outlines.circle(0.5, count=20) + [x, 0] for x in (-1, 1)]
    ),
    "rod": lambda: machining.rod((0, 0, 0), (1, 2, 3), 0.2, 0.05),
    "tube": lambda: machining.tube((0, 0, 0), (1, 2, 3), 0.2, 0.15),
    "slotted": lambda: turning.cut(BLOCK, [machining.slot((0, 1, 0), (0, 1, 0), (0, 0, 1), 0.2, 0.5, 3)]),
    "trimmed": lambda: machining.trimmed(BLOCK, plan=outlines.circle(0.9), front=outlines.circle(0.8)),
    "carved": lambda: turning.carved(
        [BLOCK, BLOCK.moved([0.5, 0.3, 0.2])], [machining.hole((0, 0, 0), (1, 1, 0), 0.3, 4)]
    ),
    **{f"{head} bolt": lambda head=head: Fastener(0.02, head).mesh(0.05) for head in [*HEADS, "stud"]},
    "nut": lambda: fasteners.nut_mesh(0.02),
    "acorn nut": lambda: fasteners.nut_mesh(0.02, acorn=True),
    "washer": lambda: fasteners.washer_mesh(0.02),
    "pin": lambda: fasteners.pin_mesh(0.02, 0.1, head=False),
    "pin with a head": lambda: fasteners.pin_mesh(0.02, 0.1, head=True),
}


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("process", [False, True])
def test_closed_and_wound_outwards(name, process):
    laws.check_closed_and_wound_outwards(MESHES[name](), process)


@pytest.mark.parametrize("axis", DIRECTIONS)
def test_placing_turns_the_y_axis_and_keeps_the_shape(axis):
    mesh = Fastener(0.02).mesh(0.05)
    at, unit = np.array([1.0, 2.0, 3.0]), np.array(axis) / np.linalg.norm(axis)
    moved = machining.placed(mesh, at, axis, 0.4)
    np.testing.assert_allclose((moved.vertices - at) @ unit, mesh.vertices[:, 1], atol=1e-12)
    assert signed_volume(*moved) == pytest.approx(signed_volume(*mesh))
    unspun = machining.placed(mesh, at, axis)
    np.testing.assert_allclose(unspun.vertices, machining.placed_points(mesh.vertices, at, axis))


@pytest.mark.parametrize("across", "xyz")
def test_volume_of_a_prism(across):
    assert signed_volume(*machining.extruded(L_OUTLINE, 0.5, 2.0, across)) == pytest.approx(4 * 1.5)


def test_volume_of_a_plate_with_holes():
    holes = [outlines.rectangle(0.5, 0.5) + [x, 0.0] for x in (-0.6, 0.6)]
    plate = machining.extruded(outlines.rectangle(3, 2), 0.0, 0.1, "y", holes)
    assert signed_volume(*plate) == pytest.approx(0.1 * (3 * 2 - 2 * 0.25), rel=1e-4)


def test_volume_of_a_tube():
    tube = machining.tube((0, 0, 0), (0, 0, 2), 0.5, 0.3, count=256)
    assert signed_volume(*tube) == pytest.approx(2 * math.pi * (0.25 - 0.09), rel=1e-3)


def test_slot_is_a_stadium():
    taken = machining.slot((0, 0, 0), (0, 1, 0), (0, 0, 1), 0.2, 0.5, 1.0)
    np.testing.assert_allclose(np.ptp(taken.vertices, axis=0), [0.4, 2.0, 0.9], atol=0.01)
    assert signed_volume(*taken) == pytest.approx(2 * (math.pi * 0.04 + 0.5 * 0.4), rel=0.03)


def test_around_two_points_straddle_the_top():
    points = machining.around(4, 1.0, (0, 5, 0), (1, 0, 0))
    np.testing.assert_allclose(points[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(np.sort(points[:, 1]), 5 + np.sqrt(0.5) * np.array([-1, -1, 1, 1]))


@pytest.mark.parametrize("head", HEADS)
def test_head_is_above_its_seat_and_shank_below(head):
    mesh = Fastener(0.02, head).mesh(0.05)
    above = mesh.vertices[mesh.vertices[:, 1] > 1e-9]
    assert mesh.vertices[:, 1].min() == pytest.approx(-0.05)
    assert np.hypot(above[:, 0], above[:, 2]).max() > 0.015
    shank = mesh.vertices[mesh.vertices[:, 1] < -1e-9]
    assert np.hypot(shank[:, 0], shank[:, 2]).max() == pytest.approx(0.01)


@pytest.mark.parametrize("washer", [False, True])
@pytest.mark.parametrize("axis", DIRECTIONS)
def test_bolt_with_a_nut_clamps_what_is_between(washer, axis):
    seat, grip, unit = np.array([0.1, 0.2, 0.3]), 0.03, np.array(axis) / np.linalg.norm(axis)
    assembly = Assembly("bracket")
    Fastener(0.01, washer=washer).add(assembly, "fastener", "base", [seat], unit, grip, nut=True)
    along = {part.id: (part.vertices - seat) @ unit for part in assembly.parts}
    assert sorted(along) == sorted(["base_bolt_1", "base_nut_1", *(["base_washer_1"] if washer else [])])
    assert along["base_nut_1"].max() == pytest.approx(-grip, abs=3e-4)
    assert along["base_bolt_1"].min() < along["base_nut_1"].min()
    if washer:
        assert along["base_washer_1"].min() == pytest.approx(0, abs=3e-4)


def test_stud_has_nuts_at_both_ends():
    assembly = Assembly("valve")
    Fastener(0.01, "stud").add(assembly, "flange", "end", [(0, 0, 0), (1, 0, 0)], (0, 1, 0), 0.05, nut=True)
    labels = [part.label for part in assembly.parts]
    assert labels == ["valve/flange/stud", "valve/flange/nut", "valve/flange/nut"] * 2
