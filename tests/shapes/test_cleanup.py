import dataclasses

import numpy as np
import pytest
import trimesh

from looking3d.errors import ConfigError, ShapeError
from looking3d.shapes.cleanup import CleanScan, CleanupOptions, clean_scan, decimated, scan_reason
from looking3d.shapes.ground_plane import find_ground
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.topology import edges

PLAIN = CleanupOptions(smooth="none")


def whole(vertices: np.ndarray, faces: np.ndarray) -> PartShape:
    return PartShape("scan", (Part("whole", "part/whole", vertices, faces),), source="scan.ply")


def joined(*meshes: trimesh.Trimesh) -> PartShape:
    mesh = trimesh.util.concatenate(meshes)
    return whole(np.asarray(mesh.vertices), np.asarray(mesh.faces))


def ball(radius: float = 1.0, at: tuple[float, float, float] = (0, 0, 0), fine: int = 4) -> trimesh.Trimesh:
    return trimesh.creation.icosphere(fine, radius).apply_translation(at)


def floor(y: float = -1.0, size: float = 2.5, cells: int = 24) -> trimesh.Trimesh:
    generator = np.random.default_rng(0)
    x, z = np.meshgrid(*[np.linspace(-size, size, cells)] * 2, indexing="ij")
    vertices = np.stack([x, np.full_like(x, y), z], -1).reshape(-1, 3)
    vertices[:, 1] += generator.normal(0, 0.004, len(vertices))
    i = np.arange(cells * cells).reshape(cells, cells)
    a, b, c, d = (corner.ravel() for corner in (i[:-1, :-1], i[1:, :-1], i[1:, 1:], i[:-1, 1:]))
    return trimesh.Trimesh(vertices, np.concatenate([np.stack([a, c, b], 1), np.stack([a, d, c], 1)]))


def numbers(scan: CleanScan, name: str) -> dict[str, float]:
    return next(step.numbers for step in scan.report.steps if step.name == name)


@pytest.fixture(scope="module")
def scan() -> PartShape:
    """A rough ball with a hole on a floor, crumbs around it, some of its faces turned."""
    generator = np.random.default_rng(1)
    body = ball()
    body.vertices += generator.normal(0, 0.005, body.vertices.shape)
    body.update_faces(np.linalg.norm(body.triangles_center - [0, 1, 0], axis=1) > 0.3)
    faces = np.asarray(body.faces).copy()
    faces[::50] = faces[::50, ::-1]
    body = trimesh.Trimesh(body.vertices, faces, process=False)
    return joined(body, floor(), ball(0.03, (1.4, 0.5, 0), 1), ball(0.05, (0, 0.9, 1.3), 1))


def test_a_scan_becomes_one_closed_piece(scan: PartShape) -> None:
    clean = clean_scan(scan, CleanupOptions(faces=2000))
    (part,) = clean.shape.parts
    assert len(part.faces) <= 2000
    assert not edges(part.faces).open.any()
    mesh = trimesh.Trimesh(part.vertices, part.faces)
    assert mesh.volume == pytest.approx(4 / 3 * np.pi, rel=0.06)
    np.testing.assert_allclose(np.abs(part.vertices).max(0), 1, atol=0.03)


def test_every_step_says_what_it_did(scan: PartShape) -> None:
    clean = clean_scan(scan, CleanupOptions(faces=2000))
    names = [step.name for step in clean.report.steps]
    assert names == ["duplicates", "ground", "components", "normals", "holes", "smoothing", "decimation"]
    assert numbers(clean, "ground")["faces"] == pytest.approx(2 * 23**2, rel=0.1)
    assert numbers(clean, "components")["kept"] == 1
    assert numbers(clean, "components")["dropped"] >= 2
    assert numbers(clean, "normals")["turned"] > 50
    assert numbers(clean, "holes")["mended"] >= 1
    assert numbers(clean, "decimation")["after"] == len(clean.shape.parts[0].faces)
    assert "a floor under it removed" in next(s.says for s in clean.report.steps if s.name == "ground")
    assert clean.report.to_json()["faces_before"] == len(scan.parts[0].faces)


def test_the_floor_tells_what_is_up(scan: PartShape) -> None:
    clean = clean_scan(scan, CleanupOptions())
    assert clean.up is not None
    assert clean.up[1] > np.cos(np.radians(1))
    up_side_down = clean_scan(scan, CleanupOptions(), up=np.array([0.0, -1.0, 0.0]))
    assert up_side_down.up is None
    assert clean_scan(scan, CleanupOptions(ground=False)).up is None


def test_the_same_scan_gives_the_same_mesh(scan: PartShape) -> None:
    one, two = (clean_scan(scan, CleanupOptions(faces=2000)).shape.parts[0] for _ in range(2))
    np.testing.assert_array_equal(one.vertices, two.vertices)
    np.testing.assert_array_equal(one.faces, two.faces)


@pytest.mark.parametrize("family", ["table", "cabinet", "shelf", "chair"])
def test_table_tops_and_boards_are_no_floors(family: str) -> None:
    for seed in range(3):
        vertices, faces, _ = generate(family, seed).merged()
        assert find_ground(vertices, faces) is None


def test_what_is_a_scan(scan: PartShape) -> None:
    reason = scan_reason(scan)
    assert reason is not None
    assert "open edges" in reason
    assert scan_reason(joined(ball(fine=5))) is None  # smooth and closed: as CAD makes it
    assert scan_reason(joined(floor())) is None  # few faces
    boxes = [trimesh.creation.box([1, 1, 1]).subdivide().subdivide().subdivide() for _ in range(8)]
    flat = joined(*[box.apply_translation([2 * i, 0, 0]) for i, box in enumerate(boxes)])
    assert len(flat.parts[0].faces) > 5000
    assert scan_reason(flat) is None
    parts = tuple(dataclasses.replace(scan.parts[0], id=name) for name in "ab")
    assert scan_reason(scan.with_parts(parts)) is None


def test_pathological_meshes_end_well() -> None:
    generator = np.random.default_rng(0)
    vertices = generator.normal(size=(300, 3))
    tangle = whole(vertices, generator.integers(0, 300, (3000, 3)))  # ten faces an edge
    left = clean_scan(tangle, CleanupOptions(faces=500)).shape.parts[0]
    assert np.isfinite(left.vertices).all()
    two = whole(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([[0, 1, 2], [0, 1, 3]]))
    assert len(clean_scan(two, PLAIN).shape.parts[0].faces) >= 2
    inside_out = joined(ball())
    turned = whole(inside_out.parts[0].vertices, inside_out.parts[0].faces[:, ::-1])
    clean = clean_scan(turned, PLAIN)
    assert numbers(clean, "normals")["inside_out"] == 1
    part = clean.shape.parts[0]
    assert trimesh.Trimesh(part.vertices, part.faces).volume > 4


def test_nothing_left_is_an_error() -> None:
    line = whole(np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]), np.array([[0, 1, 2]]))
    with pytest.raises(ShapeError, match=r"scan\.ply: nothing is left after cleaning it up"):
        clean_scan(line, PLAIN)


def test_decimation_keeps_parts_and_ids() -> None:
    shape = generate("chair", 5)
    shape = shape.with_parts(
        Part(p.id, p.label, *trimesh.remesh.subdivide(*trimesh.remesh.subdivide(p.vertices, p.faces)))
        for p in shape.parts
    )
    total = sum(len(part.faces) for part in shape.parts)
    less = decimated(shape, total // 8)
    assert [part.id for part in less.parts] == [part.id for part in shape.parts]
    assert sum(len(part.faces) for part in less.parts) < total / 4
    np.testing.assert_allclose(less.bounds, shape.bounds, atol=0.02)
    assert decimated(shape, total) is shape


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"smooth": "magic"}, "unknown smoothing 'magic'; choose one of: laplacian, none, taubin"),
        ({"faces": 2}, "faces: expected 4 to 100000000, got 2"),
        ({"keep": 1.5}, "keep: expected 0 to 1, got 1.5"),
        ({"iterations": -1}, "iterations: expected 0 to 1000, got -1"),
        ({"mend": float("nan")}, "mend: expected 0 to 100, got nan"),
    ],
)
def test_options_out_of_range(values: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        CleanupOptions(**values)
