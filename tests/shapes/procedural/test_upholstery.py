import numpy as np
import pytest
import trimesh

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural.sheets import panel_rows
from looking3d.shapes.procedural.upholstery import Quilting, cushion, nail_trim, padded, pillow

QUILTINGS = [
    Quilting(),
    Quilting("channels", 6, 1, 0.02),
    Quilting("ribs", 1, 5, 0.02),
    Quilting("diamond", 6, 4, 0.02),
    Quilting("biscuit", 4, 3, 0.02),
]


def solid(mesh):
    made = trimesh.Trimesh(mesh.vertices, mesh.faces, process=True)
    assert made.is_watertight
    assert made.is_winding_consistent
    assert made.volume > 0
    return made


@pytest.mark.parametrize("seam", ["piped", "knife", "soft"])
def test_a_cushion_fills_its_outline_and_bulges(seam):
    outline = outlines.densified(outlines.rectangle(0.6, 0.5, 0.07, 5), 0.1)
    flat, crowned = (solid(cushion(outline, 0.12, crown, seam)) for crown in (0.0, 0.03))
    np.testing.assert_allclose(flat.extents[:2], [0.6, 0.5], atol=0.003)
    # The cords of a piped seam reach 0.7 of their radius, at most 5.5 mm, beyond the faces
    assert crowned.bounds[1, 2] == pytest.approx(0.15, abs=0.006)
    assert crowned.volume > flat.volume


def test_piping_stands_out_of_border_and_face():
    outline = outlines.densified(outlines.rectangle(0.6, 0.5, 0.07, 5), 0.1)
    x, y, z = cushion(outline, 0.12, 0.0, "piped").vertices.T
    cord = np.abs(z - 0.06) > 0.05
    middle = np.abs(z - 0.06) < 0.02
    assert x[cord].max() > x[middle].max() + 0.002
    assert z.max() == pytest.approx(0.12, abs=5e-4)
    assert z[np.hypot(x, y) < 0.2].max() < z.max() - 0.003


def test_a_pillow_is_thickest_in_the_middle_and_sharp_at_its_seam():
    mesh = pillow(0.45, 0.3, 0.12)
    made = solid(mesh)
    np.testing.assert_allclose(made.extents, [0.45, 0.3, 0.12], rtol=0.02)
    rim = np.abs(mesh.vertices[:, 0]) > 0.49 * 0.45
    assert np.abs(mesh.vertices[rim, 2]).max() < 0.02


@pytest.mark.parametrize("quilting", QUILTINGS, ids=lambda quilting: quilting.kind)
def test_a_quilted_panel_is_a_solid_with_seams(quilting):
    rows = panel_rows(0.0, 0.6, (0.3, 0.28), (0.03, 0.1), quilting.grid[1])
    plain = solid(padded(rows, 0.1, Quilting()))
    made = solid(padded(rows, 0.1, quilting))
    assert made.volume <= plain.volume + 1e-5
    assert len(made.faces) < 1.2 * quilting.faces
    np.testing.assert_allclose(made.bounds[0], plain.bounds[0], atol=1e-6)


def test_buttons_are_where_the_relief_is_lowest():
    for quilting in QUILTINGS[3:]:
        spots = np.array(quilting.buttons())
        np.testing.assert_allclose(np.sort(spots[:, 0]), np.sort(-spots[:, 0]), atol=1e-12)
        u, v = np.meshgrid(np.linspace(-1, 1, 81), np.linspace(0, 1, 61))
        lowest = quilting.relief(u, v).min()
        assert lowest >= -quilting.depth
        at = quilting.relief(*spots.T)
        assert at.min() == pytest.approx(lowest, rel=0.02)
        assert np.median(at) < 0.7 * lowest


def test_drawn_quiltings_keep_within_the_limit_of_faces():
    rng = np.random.default_rng(5)
    drawn = [Quilting.drawn(rng, width, height) for width in (0.5, 1.2, 2.4) for height in [0.4, 0.9] * 12]
    assert max(quilting.faces for quilting in drawn) <= 9000
    assert {quilting.kind for quilting in drawn} == {"plain", "channels", "ribs", "diamond", "biscuit"}


def test_nails_follow_their_path():
    path = np.array([(0.0, 0.0, 0.0), (0.3, 0.0, 0.0)])
    made = solid(nail_trim(path, (0.0, 1.0, 0.0), 0.006))
    np.testing.assert_allclose(made.extents, [0.3, 0.012, 0.012], atol=0.002)
