import math

import laws
import numpy as np
import pytest

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim

ARC = np.stack([np.zeros(9), np.cos(np.linspace(0, 2, 9)), np.sin(np.linspace(0, 2, 9))], 1)

MESHES = {
    "slab": lambda: prim.slab(outlines.trapezoid(0.4, 0.5, -0.2, 0.3, 0.05), 0.03, 0.01, bevel_steps=3),
    "cushion": lambda: prim.slab(outlines.circle(0.2, 0.3, 24), 0.1, 0.049, 4, 0.03, 0.01, inner_rings=3),
    "plate": lambda: prim.plate(np.array([0.1, 0.2, 0.2]), np.array([0.0, 0.1, 0.4]), 0.02, 0.005, 2, 0.01),
    "box": lambda: prim.box((-1, -2, -3), (1, 2, 3)),
    "post": lambda: prim.post(
        np.array([[0, 0, 0], [0.1, 1, 0.1]]), outlines.circle(0.02), np.array([0.5, 1])
    ),
    "sweep": lambda: prim.sweep(ARC, outlines.rectangle(0.1, 0.2, 0.02), (1, 0, 0), bevel=0.01),
    "bar": lambda: prim.bar((0, 0, 0), (1, 0.2, 0.3), outlines.circle(0.02)),
    "ring": lambda: prim.ring((0, 1, 0), 0.2, outlines.circle(0.01)),
    "wheel": lambda: prim.wheel((0.1, 0.03, 0), 0.03, 0.02, 0.7),
}


@pytest.mark.parametrize("name", MESHES)
@pytest.mark.parametrize("process", [False, True])
def test_closed_and_wound_outwards(name, process):
    laws.check_closed_and_wound_outwards(MESHES[name](), process)


@pytest.mark.parametrize("name", MESHES)
def test_stays_wound_outwards_when_mirrored(name):
    mesh = MESHES[name]()
    mirror = np.array([1.0, 1.0, -1.0])
    for other in (mesh.mirrored(), mesh.mapped(lambda p: p * mirror)):
        assert prim.signed_volume(*other) == pytest.approx(prim.signed_volume(*mesh))


def test_box_bounds_and_volume():
    mesh = prim.box((-1, -2, -3), (1, 2, 3), bevel=1e-3)
    np.testing.assert_allclose(mesh.vertices.min(0), [-1, -2, -3], atol=1e-12)
    np.testing.assert_allclose(mesh.vertices.max(0), [1, 2, 3], atol=1e-12)
    assert prim.signed_volume(*mesh) == pytest.approx(48, rel=1e-5)


def test_ring_volume_is_a_torus():
    mesh = prim.ring((0, 0, 0), 0.2, outlines.circle(0.01, count=64), count=128)
    assert prim.signed_volume(*mesh) == pytest.approx(2 * math.pi**2 * 0.2 * 0.01**2, rel=0.01)


def test_post_stands_flat_on_its_foot():
    mesh = prim.post(np.array([[0, 0, 0], [0.3, 1, 0]]), outlines.rectangle(0.04, 0.04, 0.01))
    assert (np.abs(mesh.vertices[:, 1]) < 1e-12).sum() == len(outlines.rectangle(0.04, 0.04, 0.01)) + 1


def test_filleted_corner_is_an_arc():
    path = prim.filleted(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0]]), 0.25)
    arc = path[1:-1]
    np.testing.assert_allclose(np.linalg.norm(arc - [0.75, 0.25, 0], axis=1), 0.25, atol=1e-12)


def test_filleted_keeps_a_straight_corner():
    points = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0]], float)
    np.testing.assert_allclose(prim.filleted(points, 0.25), points)


def test_rounded_stays_inside_its_corners():
    outline = outlines.trapezoid(0.4, 0.6, 0.0, 0.5, 0.05, steps=8)
    assert outline[:, 1].min() == pytest.approx(0.0)
    assert outline[:, 1].max() == pytest.approx(0.5)
    assert np.abs(outline[:, 0]).max() < 0.3
    x, y = outline.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    assert 0.24 < area < 0.25


def area_of(outline):
    x, y = outline.T
    return 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)


def test_rounded_fills_a_corner_that_points_inwards():
    corners = np.array([(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)], float)
    radius = 0.5
    filled = outlines.rounded(corners, [1e-3, 1e-3, 1e-3, radius, 1e-3, 1e-3], steps=64)
    assert area_of(filled) == pytest.approx(5 + (1 - math.pi / 4) * radius**2, abs=1e-4)


def test_rounded_drops_straight_corners():
    corners = np.array([(0, 0), (1, 0), (2, 0), (2, 1), (0, 1)], float)
    np.testing.assert_allclose(
        outlines.rounded(corners, [0.1, 0.4, 0.2, 0.1, 0.1]),
        outlines.rounded(corners[[0, 2, 3, 4]], [0.1, 0.2, 0.1, 0.1]),
    )


def test_inset_of_a_rectangle_is_a_smaller_one():
    corners = np.array([[-2, -1], [2, -1], [2, 1], [-2, 1]], float)
    np.testing.assert_allclose(
        outlines.inset(corners, np.array([0.25]))[0], corners - 0.25 * np.sign(corners)
    )


def test_crown_bulges_the_middle():
    flat, crowned = (
        prim.slab(outlines.circle(0.2), 0.05, 0.01, 2, crown, inner_rings=2) for crown in (0.0, 0.03)
    )
    assert flat.vertices[:, 2].max() == pytest.approx(0.05)
    assert crowned.vertices[:, 2].max() == pytest.approx(0.08)
