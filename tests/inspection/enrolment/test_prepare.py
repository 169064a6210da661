from pathlib import Path

import numpy as np
import pytest
import trimesh

from looking3d.errors import ConfigError, ShapeError
from looking3d.inspection.enrolment import prepare as module
from looking3d.inspection.enrolment.pictures import confirmation, thumbnail, turntable
from looking3d.inspection.enrolment.prepare import EnrolOptions, prepare
from looking3d.inspection.enrolment.units import guess_unit
from looking3d.inspection.reference import Reference
from looking3d.shapes.cleanup import CleanupOptions
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.read import UP_AXES
from looking3d.shapes.write import save_glb


@pytest.fixture(scope="module")
def chair() -> PartShape:
    return generate("chair", 12)


def as_stl(shape: PartShape, path: Path, R: np.ndarray, scale: float = 1.0) -> Path:
    vertices, faces, _ = shape.merged()
    trimesh.Trimesh(vertices @ R.T * scale, faces, process=False).export(path)
    return path


def test_a_chair_as_glb_stays_as_it_is(chair: PartShape, tmp_path: Path) -> None:
    save_glb(chair, tmp_path / "chair.glb")
    made = prepare(tmp_path / "chair.glb")
    assert (made.up.value, made.front.value, made.unit.value, made.scan.value) == ("y", "0", "m", "no")
    assert [part.id for part in made.shape.parts] == [part.id for part in chair.parts]
    np.testing.assert_allclose(made.shape.bounds, chair.bounds, atol=1e-5)


@pytest.mark.parametrize("axis", ["z", "-y", "x"])
def test_a_chair_that_lies_is_stood_up(chair: PartShape, tmp_path: Path, axis: str) -> None:
    path = as_stl(chair, tmp_path / "chair.stl", UP_AXES[axis].T, 1000.0)
    made = prepare(path)
    assert made.up.value == axis
    assert made.unit.value == "mm"
    sides = np.ptp(made.shape.bounds, axis=0)
    np.testing.assert_allclose(sides, np.ptp(chair.bounds, axis=0), rtol=1e-3)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_the_front_is_found(chair: PartShape, tmp_path: Path, degrees: int) -> None:
    turn = trimesh.transformations.rotation_matrix(np.radians(degrees), [0, 1, 0])[:3, :3]
    path = as_stl(chair, tmp_path / "chair.stl", turn)
    made = prepare(path, EnrolOptions(up="y", unit="m"))
    assert made.front.value == str(degrees)
    back = max(made.shape.parts, key=lambda part: part.bounds[1, 1])
    assert back.bounds.mean(0)[2] < made.shape.bounds.mean(0)[2]


def test_what_is_said_is_done(chair: PartShape, tmp_path: Path) -> None:
    save_glb(chair, tmp_path / "chair.glb")
    made = prepare(tmp_path / "chair.glb", EnrolOptions(up="z", front="-x", unit="cm"))
    assert (made.up.confidence, made.front.confidence, made.unit.says) == (1, 1, "as given")
    np.testing.assert_allclose(
        np.ptp(made.shape.bounds, axis=0), np.ptp(chair.bounds, axis=0)[[1, 2, 0]] / 100, atol=1e-6
    )
    # -x of the file now points to +Z.
    lowest = np.concatenate([part.vertices for part in chair.parts])[:, 0].min() / 100
    assert made.shape.bounds[1, 2] == pytest.approx(-lowest, abs=1e-6)
    tilted = prepare(tmp_path / "chair.glb", EnrolOptions(up="0.1,1,0", front="0")).shape
    assert not np.allclose(tilted.bounds, chair.bounds, atol=0.01)


def test_the_same_file_gives_the_same_bytes(chair: PartShape, tmp_path: Path) -> None:
    path = as_stl(chair, tmp_path / "chair.stl", np.eye(3))
    one, two = prepare(path).shape.merged()[0], prepare(path).shape.merged()[0]
    assert one.tobytes() == two.tobytes()


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rough chair of boxes on a floor, at any angle, in one mesh."""
    generator = np.random.default_rng(0)
    meshes = [trimesh.creation.box([0.4, 0.05, 0.3]).apply_translation([0, 0.4, 0])]
    meshes += [
        trimesh.creation.box([0.05, 0.4, 0.05]).apply_translation([x, 0.2, z])
        for x in (-0.15, 0.15)
        for z in (-0.1, 0.1)
    ]
    meshes += [trimesh.creation.box([0.4, 0.4, 0.04]).apply_translation([0, 0.6, -0.13])]
    fine = [mesh.subdivide_to_size(0.03) for mesh in meshes]
    ground = trimesh.creation.box([1.4, 0.1, 1.3]).subdivide_to_size(0.05)
    ground.update_faces((ground.triangles[..., 1] > 0.049).all(1))
    mesh = trimesh.util.concatenate([*fine, ground.apply_translation([0, -0.05, 0])])
    R = trimesh.transformations.random_rotation_matrix(np.array([0.2, 0.6, 0.4]))[:3, :3]
    mesh.vertices = (mesh.vertices + generator.normal(0, 0.0015, mesh.vertices.shape)) @ R.T
    path = tmp_path_factory.mktemp("scan") / "stool.ply"
    mesh.export(path)
    return path


def test_a_scan_is_cleaned_up_stood_up_and_turned(scan: Path) -> None:
    made = prepare(scan)
    assert made.scan.value == "yes"
    assert "pass --scan no if it is CAD" in made.scan.says
    assert made.cleanup is not None
    assert [part.id for part in made.shape.parts] == ["whole"]
    assert "the floor that it stood on" in made.up.says
    np.testing.assert_allclose(np.ptp(made.shape.bounds, axis=0), [0.4, 0.8, 0.3], atol=0.03)
    high = made.shape.parts[0].vertices
    high = high[high[:, 1] > made.shape.bounds[1, 1] - 0.2]
    assert high[:, 2].mean() < made.shape.bounds.mean(0)[2] - 0.05
    assert prepare(scan, EnrolOptions(scan=False)).cleanup is None


def test_pictures(chair: PartShape, tmp_path: Path) -> None:
    save_glb(chair, tmp_path / "chair.glb")
    made = prepare(tmp_path / "chair.glb")
    reference = Reference.of(made.shape)
    assert thumbnail(reference).shape == (256, 256)
    assert turntable(reference).shape == (384, 768)
    picture = confirmation(reference, made)
    # Of each arrow something is to be seen.
    for color in ((196, 40, 40), (20, 130, 50), (30, 80, 210)):
        assert (picture == color).all(-1).sum() > 300


@pytest.mark.parametrize(
    ("size", "suffix", "unit"),
    [
        (0.9, ".obj", "m"),
        (900, ".stl", "mm"),
        (90, ".obj", "cm"),
        (900, ".glb", "m"),
        (1e7, ".obj", "m"),
        (200, ".stl", "mm"),
    ],
)
def test_units(size: float, suffix: str, unit: str) -> None:
    assert guess_unit(size, suffix)[0] == unit


def test_too_many_faces_are_refused_before_they_are_read(
    chair: PartShape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_stl(chair, tmp_path / "chair.stl", np.eye(3))
    count = sum(len(part.faces) for part in chair.parts)
    monkeypatch.setattr(module, "MOST_FACES", count - 1)
    with pytest.raises(ShapeError, match=rf"chair\.stl: has {count:,} faces; at most .* pass --faces"):
        prepare(path)
    less = prepare(path, EnrolOptions(cleanup=CleanupOptions(faces=count // 2))).shape
    assert sum(len(part.faces) for part in less.parts) < count
    monkeypatch.setattr(module, "MOST_FACES_READ", count - 1)
    with pytest.raises(ShapeError, match=r"at most .* can be read; reduce it first"):
        prepare(path, EnrolOptions(cleanup=CleanupOptions(faces=100)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"up": "w"}, "unknown up axis 'w'; choose one of: auto, -x"),
        ({"up": "0,0,0"}, "unknown up axis '0,0,0'"),
        ({"up": "1,nan,0"}, "unknown up axis"),
        ({"front": "left"}, "unknown front 'left'; choose one of: auto, -x"),
        ({"front": "inf"}, "unknown front"),
        ({"unit": "mile"}, "unknown unit 'mile'; choose one of: auto, cm, in, m, mm"),
    ],
)
def test_unknown_options(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        EnrolOptions(**values)


def test_a_front_that_points_up(chair: PartShape, tmp_path: Path) -> None:
    save_glb(chair, tmp_path / "chair.glb")
    with pytest.raises(ConfigError, match="front: y points up or down"):
        prepare(tmp_path / "chair.glb", EnrolOptions(up="y", front="y"))
