"""Shapes as they come from people: used, or refused with a reason; none stops a run."""

import dataclasses
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from looking3d.dataset.build import build_dataset
from looking3d.dataset.engine import Limits, LocalEngine
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.validate import validate
from looking3d.errors import ShapeError
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.write import save_glb

RECIPE = Recipe(
    photos_per_shape=4,
    renderer="preview",
    image_px=64,
    views=2,
    views_px=32,
    split=(1.0, 0.0, 0.0),
)


def part(id: str, mesh: trimesh.Trimesh, at: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Part:
    return Part(id, f"part/{id}", mesh.vertices + np.array(at), mesh.faces)


def block(x: float, y: float, z: float) -> trimesh.Trimesh:
    return trimesh.creation.box([x, y, z])


def stand(*parts: Part) -> PartShape:
    """The parts on a plate, so that there is something that is whole."""
    return PartShape("bad", (*parts, part("plate", block(1.2, 0.1, 1.2), (0, -0.6, 0))))


def non_manifold() -> PartShape:
    """Three wings on one edge."""
    vertices = np.array([[0, 0, 0], [0, 1, 0], [0.5, 0, 0], [-0.4, 0, 0.4], [-0.4, 0, -0.4]]) - [0, 0.5, 0]
    return stand(Part("wings", "part/wings", vertices, np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]])))


def inside_out() -> PartShape:
    cube = block(0.8, 0.8, 0.8)
    return stand(Part("cube", "part/cube", cube.vertices, cube.faces[:, ::-1]))


def coincident() -> PartShape:
    return stand(part("one", block(0.8, 0.8, 0.8)), part("two", block(0.8, 0.8, 0.8)))


def sheets() -> PartShape:
    corners = np.array([[-0.5, 0, -0.5], [0.5, 0, -0.5], [0.5, 0, 0.5], [-0.5, 0, 0.5]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    upright = corners[:, [0, 2, 1]]
    return PartShape(
        "bad", (Part("shelf", "part/shelf", corners, faces), Part("wall", "part/wall", upright, faces))
    )


def two_parts() -> PartShape:
    return stand(part("post", block(0.2, 1.0, 0.2)))


def repeated_and_flat_faces() -> PartShape:
    cube = block(0.8, 0.8, 0.8)
    flat = np.array([[0, 0, 1], [2, 2, 2]])
    faces = np.concatenate([cube.faces, cube.faces[:5], flat])
    return stand(Part("cube", "part/cube", cube.vertices, faces))


def crossing_itself() -> PartShape:
    one, two = block(0.9, 0.4, 0.4), block(0.4, 0.9, 0.4)
    vertices = np.concatenate([one.vertices, two.vertices + [0.1, 0.1, 0.1]])
    return stand(Part("cross", "part/cross", vertices, np.concatenate([one.faces, two.faces + 8])))


def needles() -> PartShape:
    """Parts without any width to speak of."""
    return stand(part("needle", block(1e-9, 1.0, 1e-9)), part("hair", block(1.0, 1e-6, 1e-6)))


def fan() -> PartShape:
    """Eight thousand faces that meet in one vertex."""
    turn = np.linspace(0, 2 * np.pi, 8_000, endpoint=False)
    rim = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], 1) * 0.5
    index = np.arange(len(rim))
    faces = np.stack([np.zeros_like(index), np.roll(index, -1) + 1, index + 1], 1)
    vertices = np.concatenate([[[0.0, 0.6, 0.0]], rim])
    return stand(Part("fan", "part/fan", vertices, faces))


def far_away() -> PartShape:
    """Coordinates as of a map, in millimetres."""
    return stand(part("post", block(0.3, 1.0, 0.3))).with_parts(
        one.moved(1000 * np.eye(3), np.array([3.5e6, 0, 5.5e6]))
        for one in stand(part("post", block(0.3, 1.0, 0.3))).parts
    )


BAD = [
    non_manifold,
    inside_out,
    coincident,
    sheets,
    two_parts,
    repeated_and_flat_faces,
    crossing_itself,
    needles,
    fan,
    far_away,
]


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_photos_are_made_of_it(make: Callable[[], PartShape], tmp_path: Path) -> None:
    save_glb(make(), tmp_path / "bad.glb")
    recipe = dataclasses.replace(RECIPE, shapes=(str(tmp_path / "bad.glb"),), kinds=("missing", "position"))
    report = build_dataset(dataclasses.replace(recipe, photos_per_shape=6), tmp_path / "set")
    assert report.photos == 6
    assert validate(tmp_path / "set") == []
    for sample in Dataset.open(tmp_path / "set").samples:
        photo = Dataset.open(tmp_path / "set").photo(sample)
        assert 5 < photo.mean() < 254


def test_all_of_them_in_one_run_with_all_kinds(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes"
    shapes.mkdir()
    for make in BAD:
        save_glb(make(), shapes / f"{make.__name__}.glb")
    report = build_dataset(dataclasses.replace(RECIPE, shapes=(str(shapes),)), tmp_path / "set")
    assert not report.refused
    assert report.shapes == len(BAD)
    assert len(report.kinds) >= 5
    # Not all the memory there is, for a few hundred needles
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6 < 3


def test_what_is_of_no_use_is_refused_with_a_reason_and_the_rest_is_built(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes"
    shapes.mkdir()
    save_glb(two_parts(), shapes / "good.glb")
    cube = block(1, 1, 1)
    twins = PartShape("twins", (part("a", cube), part("b", cube)))
    save_glb(twins, shapes / "twins.glb")
    dots = PartShape(
        "dots", (part("a", block(1e-3, 1e-3, 1e-3)), part("b", block(1e-3, 1e-3, 1e-3), (5, 5, 5)))
    )
    save_glb(dots, shapes / "dots.glb")
    (shapes / "nan.obj").write_text("o a\nv nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (shapes / "line.ply").write_text("ply\nformat ascii 1.0\nelement vertex 0\nend_header\n")
    single = dataclasses.replace(RECIPE, shapes=tuple(str(path) for path in sorted(shapes.iterdir())))
    kinds = ("missing", "broken")
    report = build_dataset(dataclasses.replace(single, kinds=kinds), tmp_path / "set")
    assert report.shapes == 1
    assert set(report.refused) == {"twins", "dots", "nan", "line"}
    reasons = report.refused
    assert "no anomaly of it can be shown (" in reasons["twins"]
    assert "missing: not visible" in reasons["twins"]
    assert "part too small to be seen 2" in reasons["dots"]
    assert "NaN" in reasons["nan"]
    assert "line.ply" in reasons["line"]


def test_parts_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ShapeError, match="1 of 3 vertices are NaN or infinite"):
        Part("p", "part/p", np.array([[0, 0, np.nan], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]]))
    with pytest.raises(ShapeError, match=r"expected raw \(1,\), got \(3,\)"):
        Part("p", "part/p", np.eye(3), np.array([[0, 1, 2]]), np.zeros(3, bool))


@pytest.mark.slow
def test_a_million_faces(tmp_path: Path) -> None:
    ball = trimesh.creation.uv_sphere(count=[502, 502])
    assert len(ball.faces) > 1_000_000
    save_glb(PartShape("big", (part("ball", ball), *two_parts().parts)), tmp_path / "big.glb")
    recipe = dataclasses.replace(RECIPE, shapes=(str(tmp_path / "big.glb"),), kinds=("missing", "broken"))
    report = build_dataset(recipe, tmp_path / "set", LocalEngine(1, Limits(worker_gb=2.5)))
    assert report.photos == 4
    assert not report.losses
