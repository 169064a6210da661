import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from looking3d.cli import main
from looking3d.errors import CheckpointError, ConfigError, MissingExtraError
from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.reference import load_reference
from looking3d.model.align.align import AlignDetector
from looking3d.model.align.drawing import draw_pose
from looking3d.model.align.templates import draw_templates
from looking3d.model.checkpoint import find_weights, load_detector, save_weights
from looking3d.model.export.ports import PORTS, SIZE_STEP
from looking3d.model.export.programs import ONNX_OPSET, export_program, save_onnx
from looking3d.model.export.write import write_export
from looking3d.model.query import Query, crop, window_around
from looking3d.render.photo import draw_scene, get_renderer
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

DOCS = Path(__file__).parents[3] / "docs" / "export.md"


@pytest.fixture(scope="module")
def detector() -> AlignDetector:
    # Weights that were trained: random ones answer almost the same to everything.
    return load_detector("align")


@pytest.fixture(scope="module")
def shape() -> PartShape:
    return generate("chair", 5).normalized()


@pytest.fixture(scope="module")
def onnx_folder(shape: PartShape, tmp_path_factory) -> Path:
    # By the command line, since each export takes seconds.
    folder = tmp_path_factory.mktemp("onnx")
    save_glb(shape, folder / "chair.glb")
    command = ["export", "align", "--format", "onnx", "--out", str(folder / "export")]
    with pytest.raises(SystemExit) as stop:
        main([*command, "--reference", str(folder / "chair.glb")])
    assert stop.value.code == 0
    return folder / "export"


@pytest.fixture(scope="module")
def raycaster(onnx_folder: Path) -> Raycaster:
    return load_reference(onnx_folder.with_name("chair.glb")).raycaster


@pytest.fixture(scope="module")
def torch_folder(detector: AlignDetector, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("torch") / "export"
    out.mkdir()
    for name in ("export.json", "query.onnx"):  # of an earlier export
        (out / name).write_text("{}")
    write_export(detector, out, "torch")
    return out


@pytest.fixture(params=["onnx", "torch"])
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(f"{request.param}_folder")


def random_inputs(name: str, batch: int, size: int) -> list[torch.Tensor]:
    rng, axes = np.random.default_rng([batch, size]), {"batch": batch, "size": size}
    shapes = [[axes.get(axis, axis) for axis in port.shape] for port in PORTS[name].inputs]
    return [
        torch.from_numpy(
            rng.integers(0, 256, shape, np.uint8)
            if port.dtype == "uint8"
            else rng.uniform(-1, 1, shape).astype(np.float32)
        )
        for port, shape in zip(PORTS[name].inputs, shapes, strict=True)
    ]


@pytest.mark.parametrize("name", list(PORTS))
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_graphs_agree_with_the_networks(folder: Path, detector: AlignDetector, name: str, batch: int) -> None:
    graphs = load_detector(folder, trusted=True).graphs
    for size in (64, 128, 3 * SIZE_STEP) if name == "camera" else (128,):
        inputs = random_inputs(name, batch, size)
        with torch.inference_mode():
            wanted, got = getattr(detector.graphs, name)(*inputs), getattr(graphs, name)(*inputs)
        assert len(wanted) == len(got) == len(PORTS[name].outputs)
        axes = {"batch": batch, "size": size, "cells": size // 4}
        for port, w, g in zip(PORTS[name].outputs, wanted, got, strict=True):
            assert list(g.shape) == [axes.get(axis, axis) for axis in port.shape]
            assert batch == 1 or w.std() > 0
            torch.testing.assert_close(g, w, atol=1e-4, rtol=0)


def photo_camera(i: int) -> Camera:
    return orbit(0.9 * i, 0.5, 160).cropped(0, 20, 160, 130, (160, 130))


def photos_of(shape: PartShape) -> list[Query]:
    renderer = get_renderer("preview")
    photos = []
    for i in range(3):
        camera = photo_camera(i)
        image = renderer.render(shape, draw_scene(shape, np.random.default_rng(i)), camera)
        photos.append(Query(image, Raycaster(shape).draw(camera).mask if i == 2 else None))
    return photos


def test_detections_agree(folder: Path, detector: AlignDetector, shape: PartShape) -> None:
    exported, raycaster = load_detector(folder, trusted=True), Raycaster(shape)
    photos = photos_of(shape)
    enrolled, there = detector.enrol(raycaster), exported.enrol(raycaster)
    wanted = detector.detect(photos, enrolled)
    for photo, one, two in zip(photos, wanted, exported.detect(photos, there), strict=True):
        np.testing.assert_allclose(two.camera.T_camera_world, one.camera.T_camera_world, atol=1e-3)
        assert two.window == one.window
        # Cameras that differ in the fifth digit may settle a pixel on an outline otherwise.
        assert two.probability == pytest.approx(one.probability, abs=5e-3)
        np.testing.assert_allclose(two.heat_map, one.heat_map, atol=0.05)
        same, known = (
            exported.detect_at(photo, there, one.camera),
            detector.detect_at(photo, enrolled, one.camera),
        )
        assert same.probability == pytest.approx(known.probability, abs=1e-4)
        for name in ("heat_map", "lacking", "surplus"):
            np.testing.assert_allclose(getattr(same, name), getattr(known, name), atol=1e-3)
        assert same.kinds == pytest.approx(known.kinds, abs=1e-4)
    assert max(d.probability for d in wanted) - min(d.probability for d in wanted) > 1e-3


def test_the_description_is_that_of_the_graphs(onnx_folder: Path) -> None:
    manifest = json.loads((onnx_folder / "export.json").read_text())
    assert manifest["constants"]["survivors"] == [10, 4]
    for steps in ("pre_processing", "pose_search", "drawing", "post_processing"):
        assert len(manifest[steps]) > 2
    for name, described in manifest["graphs"].items():
        model = onnx.load(onnx_folder / described["file"])
        onnx.checker.check_model(model, full_check=True)
        assert [opset.version for opset in model.opset_import if not opset.domain] == [ONNX_OPSET]
        for kind, values in (("inputs", model.graph.input), ("outputs", model.graph.output)):
            stored = [
                (value.name, [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim])
                for value in values
            ]
            assert stored == [(port["name"], port["shape"]) for port in described[kind]], name


def test_the_reference_is_written_beside_them(onnx_folder: Path, raycaster: Raycaster) -> None:
    templates = draw_templates(raycaster, 64)
    described = json.loads((onnx_folder / "export.json").read_text())["reference"]["arrays"]
    with np.load(onnx_folder / "reference.npz") as arrays:
        assert set(arrays) == set(described)
        np.testing.assert_array_equal(arrays["poses"], templates.poses)
        np.testing.assert_array_equal(arrays["outline_points"], templates.outlines.points)
        np.testing.assert_array_equal(arrays["faces"], raycaster.faces)


def test_the_example_of_the_docs_runs(
    onnx_folder: Path, detector: AlignDetector, shape: PartShape, raycaster: Raycaster, tmp_path, monkeypatch
) -> None:
    (example,) = re.findall(r"```python\n(.+?)```", DOCS.read_text(), re.DOTALL)
    photo = photos_of(shape)[1]
    window = window_around(Raycaster(shape).draw(photo_camera(1)).mask)
    Image.fromarray(crop(photo.image, window, 256)).save(tmp_path / "window.png")
    (tmp_path / "exported").symlink_to(onnx_folder)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(compile(example, str(DOCS), "exec"), found)

    wanted = draw_pose(raycaster, found["pose"], 256)
    # Embree and the example's z-buffer may settle the pixels on an edge otherwise.
    differs = np.abs(found["drawing"][0] - wanted.channels).max(0) > 1e-3
    assert differs.mean() < 0.002
    with torch.inference_mode():
        window = torch.from_numpy(found["photo"].copy())
        drawing = torch.from_numpy(found["drawing"])
        probability, heat_map, *_ = detector.graphs.compare(window, drawing)
        same, *_ = detector.graphs.compare(window, torch.from_numpy(wanted.channels)[None])
    assert found["probability"][0] == pytest.approx(float(probability), abs=1e-4)
    np.testing.assert_allclose(found["heat_map"], heat_map.numpy(), atol=1e-4)
    assert found["probability"][0] == pytest.approx(float(same), abs=0.02)


def test_the_same_weights_give_the_same_bytes(
    onnx_folder: Path, detector: AlignDetector, tmp_path: Path
) -> None:
    save_onnx(export_program(detector.networks, "query"), "query", tmp_path / "query.onnx")
    data = (tmp_path / "query.onnx").read_bytes()
    assert data == (onnx_folder / "query.onnx").read_bytes()
    assert b"site-packages" not in data
    assert str(Path(__file__).parent).encode() not in data


def test_exporting_changes_no_detector(detector: AlignDetector, onnx_folder: Path) -> None:
    fresh = load_detector("align")
    assert detector.enrolment_key() == fresh.enrolment_key()
    assert load_detector(onnx_folder).enrolment_key() != fresh.enrolment_key()
    (photo,) = random_inputs("query", 1, 128)
    with torch.inference_mode():
        torch.testing.assert_close(detector.graphs.query(photo), fresh.graphs.query(photo), atol=0, rtol=0)


def test_programs_of_pytorch_need_trust(torch_folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"can run code while they are loaded; .*trusted=True"):
        load_detector(torch_folder)


@pytest.fixture
def copy(onnx_folder: Path, tmp_path: Path) -> Path:
    for path in onnx_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_changed_file_is_refused(copy: Path) -> None:
    (copy / "camera.onnx").write_bytes((copy / "camera.onnx").read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"camera\.onnx: is not the file that export\.json describes"):
        load_detector(copy)
    (copy / "camera.onnx").unlink()
    with pytest.raises(CheckpointError, match=r"camera\.onnx: cannot be read \(No such file"):
        load_detector(copy)


def rehashed(folder: Path, name: str, data: bytes) -> None:
    from looking3d.model.export.write import sha256_of

    (folder / f"{name}.onnx").write_bytes(data)
    manifest = json.loads((folder / "export.json").read_text())
    manifest["graphs"][name]["sha256"] = sha256_of(data)
    (folder / "export.json").write_text(json.dumps(manifest))


def test_what_a_runtime_cannot_use_is_refused(copy: Path) -> None:
    whole = (copy / "query.onnx").read_bytes()
    rehashed(copy, "query", b"hello")
    with pytest.raises(CheckpointError, match=r"query\.onnx: onnx cannot run it \(.+\); export it again"):
        load_detector(copy)
    rehashed(copy, "query", whole)
    rehashed(copy, "compare", (copy / "camera.onnx").read_bytes())
    with pytest.raises(CheckpointError, match="compare: expected inputs and outputs photo, drawing, prob"):
        load_detector(copy)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "looking3d-export-4", "detector": "align"}'])
def test_a_description_of_something_else_is_refused(copy: Path, text: str) -> None:
    (copy / "export.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"export\.json: not the description of an export"):
        load_detector(copy)


def test_an_export_of_another_version_is_refused(copy: Path) -> None:
    text = (copy / "export.json").read_text()
    (copy / "export.json").write_text(text.replace("looking3d-export-4", "looking3d-export-9"))
    with pytest.raises(CheckpointError, match=r"expected looking3d-export-4 .* got looking3d-export-9"):
        load_detector(copy)


def test_weights_that_are_nowhere_are_not_saved(onnx_folder: Path, tmp_path: Path) -> None:
    exported = load_detector(onnx_folder)
    with pytest.raises(CheckpointError, match="are an export already"):
        write_export(exported, tmp_path / "again")
    with pytest.raises(CheckpointError, match="are an export already"):
        save_weights(exported, tmp_path / "w.safetensors")
    with pytest.raises(ConfigError, match="exported networks run on the CPU, not on cuda"):
        load_detector(onnx_folder, "cuda")
    assert find_weights(onnx_folder) == onnx_folder / "export.json"


def test_a_folder_of_something_else_is_kept(detector: AlignDetector, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is there and is no export; choose another --out"):
        write_export(detector, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_earlier_export_is_replaced(torch_folder: Path) -> None:
    assert {path.name for path in torch_folder.iterdir()} == {
        "query.pt2",
        "camera.pt2",
        "compare.pt2",
        "export.json",
    }
    assert not torch_folder.with_name("export.partial").exists()


def test_the_extra_is_named_where_it_is_missing(
    detector: AlignDetector, onnx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("onnxruntime", "onnxscript"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"running ONNX needs .*looking3d\[export\]"):
        load_detector(onnx_folder)
    with pytest.raises(MissingExtraError, match=r"exporting to ONNX needs .*looking3d\[export\]"):
        write_export(detector, tmp_path / "out")
    assert not list(tmp_path.iterdir())
