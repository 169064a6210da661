"""The command line as a user meets it: what it makes, and one line for each mistake."""

import json
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from looking3d.cli import main
from looking3d.model.align.align import AlignDetector
from looking3d.model.checkpoint import save_weights
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

SMALL = [
    "--count",
    "2",
    "--photos-per-shape",
    "2",
    "--renderer",
    "preview",
    "--image-px",
    "64",
    "--views",
    "1",
    "--views-px",
    "64",
]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reference, random weights and two photos."""
    path = tmp_path_factory.mktemp("a folder")
    save_glb(generate("chair", 5), path / "chair.glb")
    torch.manual_seed(0)
    save_weights(AlignDetector(), path / "random.safetensors")
    (path / "photos").mkdir()
    photo = np.full((90, 120, 4), 255, np.uint8)
    photo[..., 3] = 0
    photo[20:80, 40:90] = (90, 60, 30, 255)
    Image.fromarray(photo).save(path / "photos" / "one.png")
    Image.fromarray(photo[:, ::-1]).save(path / "photos" / "two.png")
    return path


def inspect(folder: Path, *photos: Path, reference: Path | None = None) -> list[object]:
    model = reference or folder / "chair.glb"
    return ["inspect", *photos, "--reference", model, "--weights", folder / "random.safetensors"]


def test_inspect_table_json_and_page(folder: Path, capsys, tmp_path: Path) -> None:
    code, out, _ = run(capsys, *inspect(folder, folder / "photos"), "--html", tmp_path / "page.html")
    assert code == 0
    assert "one.png" in out
    assert "two.png" in out
    assert "one.png" in (tmp_path / "page.html").read_text()
    code, out, _ = run(capsys, *inspect(folder, folder / "photos"), "--json")
    assert code == 0
    rows = json.loads(out)
    assert [row["name"] for row in rows] == ["one.png", "two.png"]
    assert all(0 <= row["probability"] <= 1 for row in rows)


def test_inspect_for_scripts(folder: Path, capsys, tmp_path: Path) -> None:
    photos = [*inspect(folder, folder / "photos"), "--csv", tmp_path / "t.csv", "--overlays", tmp_path / "o"]
    # A threshold of 0 makes every photo that is aligned anomalous, one of 1 none.
    code, out, _ = run(capsys, *photos, "--fail-on-anomaly", "--threshold", "0", "--json")
    assert code == int(any(row["verdict"] == "anomalous" for row in json.loads(out)))
    assert run(capsys, *photos, "--fail-on-anomaly", "--threshold", "1")[0] == 0
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["one.png", "two.png"]


def test_an_anomaly_ends_with_1_and_a_failure_with_2(
    folder: Path, capsys, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("looking3d.inspection.result.ALIGNED_FROM", 0.0)
    photos = [*inspect(folder, folder / "photos"), "--threshold", "0"]
    assert run(capsys, *photos)[0] == 0
    assert run(capsys, *photos, "--fail-on-anomaly")[0] == 1
    assert run(capsys, *photos, svg_as_jpg(tmp_path), "--fail-on-anomaly")[0] == 2


def test_foregrounds(folder: Path, capsys, tmp_path: Path) -> None:
    code, out, _ = run(capsys, *inspect(folder, folder / "photos"), "--foreground", "plain", "--json")
    assert code == 0
    assert [row["foreground"]["method"] for row in json.loads(out)] == ["plain"] * 2
    code, out, err = run(capsys, *inspect(folder, folder / "photos"), "--foreground", "mask")
    assert_one_line(code, out, err, ["--foreground mask: name a folder of masks with --masks"])
    (tmp_path / "masks").mkdir()
    code, _, err = run(capsys, *inspect(folder, folder / "photos"), "--masks", tmp_path / "masks")
    assert code == 2
    assert "no mask of one.png" in err


def test_enrol_and_inspect_by_id_and_by_folder(folder: Path, capsys, tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    for id in ("one", "two"):
        code, out, _ = run(capsys, "enrol", folder / "chair.glb", "--gallery", gallery, "--id", id)
        assert code == 0
        assert f"{id}: " in out
        assert "confirm.png" in out
        (tmp_path / "photos" / id).mkdir(parents=True)
        photo = (folder / "photos" / f"{id}.png").read_bytes()
        (tmp_path / "photos" / id / "photo.png").write_bytes(photo)
    weights = ["--weights", folder / "random.safetensors", "--gallery", gallery, "--json"]
    code, out, _ = run(capsys, "inspect", tmp_path / "photos", *weights)
    assert (code, [row["reference"] for row in json.loads(out)]) == (0, ["one", "two"])
    code, out, _ = run(capsys, "inspect", tmp_path / "photos" / "one", *weights, "--reference", "two")
    assert (code, [row["reference"] for row in json.loads(out)]) == (0, ["two"])
    args = ["enrol", folder / "chair.glb", "--gallery", gallery, "--id", "one", "--up=z", "--front=0"]
    assert_one_line(*run(capsys, *args), ["another reference has this id", "--replace"])
    assert run(capsys, *args, "--replace", "--scan", "no", "--unit", "cm")[0] == 0
    assert_one_line(*run(capsys, "inspect", folder / "photos"), ["no reference; pass --reference"])


def test_calibrate_show_undo_and_inspect(folder: Path, capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("looking3d.inspection.result.ALIGNED_FROM", 0.0)
    gallery = ["--gallery", tmp_path / "gallery"]
    assert run(capsys, "enrol", folder / "chair.glb", *gallery, "--id", "c")[0] == 0
    weights = ["--weights", folder / "random.safetensors"]
    photos = folder / "photos"
    code, out, _ = run(capsys, "calibrate", "c", *gallery, "--show")
    assert (code, out) == (0, "not calibrated: the threshold is 0.5\n")
    args = ["calibrate", "c", *gallery, *weights, "--normal", photos, "--anomalous", svg_as_jpg(tmp_path)]
    code, out, _ = run(capsys, *args)
    assert code == 0
    for words in ("by 2 good photos", "2 good photos cannot promise 5 %: 33 %", "drawing.jpg: ", "SVG"):
        assert words in out
    code, out, _ = run(capsys, "calibrate", "c", *gallery, "--show", "--json")
    made = json.loads(out)
    assert (code, made["counts"]) == (0, {"normal": 2, "anomalous": 0, "unused": 1})
    inspect = ["inspect", photos, *gallery, "--reference", "c", *weights]
    code, out, _ = run(capsys, *inspect, "--json")
    rows = json.loads(out)
    assert {(row["threshold"], row["threshold_from"]) for row in rows} == {(made["threshold"], "calibration")}
    assert all(row["p_value"] >= 2 / 3 for row in rows)
    code, out, err = run(capsys, *inspect, "--html", tmp_path / "page.html")
    assert "by calibration" in out
    assert "not applied" not in err
    assert "(by calibration)" in (tmp_path / "page.html").read_text()
    code, out, err = run(capsys, *inspect, "--json", "--foreground", "plain")
    assert "warning: c: its calibration is not applied: it was made with --foreground auto, not plain" in err
    assert {(row["threshold"], row["threshold_from"]) for row in json.loads(out)} == {(0.5, "default")}
    code, out, _ = run(capsys, "calibrate", "c", *gallery, "--undo")
    assert (code, out) == (0, "not calibrated: the threshold is 0.5\n")
    assert_one_line(*run(capsys, "calibrate", "c", *gallery, "--undo"), ["there is nothing to undo"])
    assert_one_line(*run(capsys, "calibrate", "c", *gallery), ["no photos; name photos of good items"])
    assert_one_line(*run(capsys, "calibrate", "c", *gallery, "--undo", "--show"), ["--undo and --show"])
    assert_one_line(*run(capsys, "calibrate", "d", *gallery, "--show"), ["no reference 'd'"])


def test_photos_of_one_item_together(folder: Path, capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("looking3d.inspection.result.ALIGNED_FROM", 0.0)
    for item, names in (("1", ("one", "two")), ("2", ("one",))):
        (tmp_path / "items" / item).mkdir(parents=True)
        for name in names:
            photo = (folder / "photos" / f"{name}.png").read_bytes()
            (tmp_path / "items" / item / f"{name}.png").write_bytes(photo)
    together = [*inspect(folder, tmp_path / "items"), "--together", "--threshold", "0"]
    code, out, _ = run(capsys, *together, "--json", "--csv", tmp_path / "t.csv")
    rows = json.loads(out)
    assert (code, [row["item"] for row in rows]) == (0, ["1", "2"])
    assert [photo["name"] for photo in rows[0]["photos"]] == ["one.png", "two.png"]
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 4
    code, out, _ = run(capsys, *together, "--fail-on-anomaly", "--html", tmp_path / "page.html")
    assert code == 1
    assert "2 items: 2 anomalous" in out
    assert "Items, by all of their photos together" in (tmp_path / "page.html").read_text()


def test_watching_a_folder(folder: Path, capsys, tmp_path: Path) -> None:
    incoming = tmp_path / "in"
    incoming.mkdir()
    for name in ("one", "two"):
        (incoming / f"{name}.png").write_bytes((folder / "photos" / f"{name}.png").read_bytes())
    watch = [*inspect(folder), "--watch", incoming, "--csv", tmp_path / "t.csv"]
    code, out, err = run(capsys, *watch, "--json", "--max-photos", "2")
    rows = [json.loads(row) for row in out.splitlines()]
    assert (code, sorted(row["name"] for row in rows)) == (0, ["one.png", "two.png"])
    svg_as_jpg(incoming)
    code, out, err = run(capsys, *watch, "--max-photos", "3")
    assert code == 2
    assert len(out.splitlines()) == 3
    assert "drawing.jpg" in next(row for row in out.splitlines() if row.startswith("error"))
    assert "1 error" in err
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 6
    assert_one_line(*run(capsys, *watch, "--together"), ["--watch: takes no photos besides"])
    wrong = ["inspect", "--watch", incoming]
    assert_one_line(*run(capsys, *wrong), ["no reference; pass --reference"])
    assert_one_line(*run(capsys, *inspect(folder), "--watch", tmp_path / "none"), ["is no folder"])
    (tmp_path / "empty").mkdir()
    assert run(capsys, *inspect(folder), "--watch", tmp_path / "empty", "--watch-seconds", "0.3")[0] == 0


def test_watching_folders_named_by_ids_until_ctrl_c(folder: Path, capsys, tmp_path: Path) -> None:
    gallery, incoming = tmp_path / "gallery", tmp_path / "in"
    assert run(capsys, "enrol", folder / "chair.glb", "--gallery", gallery, "--id", "c")[0] == 0
    incoming.mkdir()
    weights = ["--weights", folder / "random.safetensors"]
    command = [
        sys.executable,
        "-m",
        "looking3d",
        "inspect",
        "--watch",
        incoming,
        "--gallery",
        gallery,
        *weights,
    ]
    process = subprocess.Popen(
        [*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    rows = []
    for number, id in enumerate(("c", "unknown", "c")):
        (incoming / id).mkdir(exist_ok=True)
        (tmp_path / "moved").write_bytes((folder / "photos" / "one.png").read_bytes())
        (tmp_path / "moved").rename(incoming / id / f"{number}.png")
        rows.append(json.loads(process.stdout.readline()))  # at once, while it watches on
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert [row["reference"] for row in rows] == ["c", "unknown", "c"]
    assert [row["verdict"] == "error" for row in rows] == [False, True, False]
    assert "no reference 'unknown'" in rows[1]["error"]
    assert "Traceback" not in err


def test_generate_train_evaluate(capsys, tmp_path: Path) -> None:
    data = tmp_path / "data"
    code, out, _ = run(capsys, "generate", "--out", data, *SMALL, "--split", "0.5", "0.5", "0")
    assert code == 0
    assert "4 photos of 2 shapes" in out
    assert (data / "contact_sheet.jpg").is_file()
    train = [
        "train",
        "--data",
        data,
        "--out",
        tmp_path / "run",
        "--model",
        "align-tiny",
        "--max-minutes",
        "0",
    ]
    code, out, _ = run(capsys, *train)
    assert code == 0
    assert "foreground stopped at step 0; the same command goes on" in out
    few = ["--stages", "camera", "--steps", "2", "--batch", "2", "--workers", "0"]
    code, out, _ = run(capsys, *train[:4], tmp_path / "few", *train[5:7], *few)
    assert code == 0
    assert "camera 2/2" in out
    code, out, err = run(capsys, *train, "--views", "5")
    assert_one_line(code, out, err, ["align-tiny sees a drawing, no views; leave away --alignment-steps"])
    torch.manual_seed(0)
    save_weights(AlignDetector(), tmp_path / "w.safetensors")
    scores = ["evaluate", "--data", data, "--out", tmp_path / "scores", "--split", "val"]
    scores += ["--camera", "disturbed", "--reframe", "0.1"]
    code, out, _ = run(capsys, *scores, "--weights", tmp_path / "w.safetensors")
    assert code == 0
    assert "reprojection error" in out
    for words in ("AUPRO", "box AP50", "by elevation", "could not align"):
        assert words in out
    figures = json.loads((tmp_path / "scores" / "metrics.json").read_text())
    assert figures["photos"] == 2
    assert figures["settings"]["camera"] == "disturbed"
    assert (tmp_path / "scores" / "scores.html").is_file()


def glb(tmp_path: Path, document: dict) -> Path:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    path = tmp_path / "chair.glb"
    path.write_bytes(
        struct.pack("<4sII", b"glTF", 2, 20 + len(text)) + struct.pack("<I4s", len(text), b"JSON") + text
    )
    return path


def points_only(tmp_path: Path) -> Path:
    path = tmp_path / "cloud.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    return path


def draco(tmp_path: Path) -> Path:
    return glb(
        tmp_path,
        {"asset": {"version": "2.0"}, "extensionsRequired": ["KHR_draco_mesh_compression"], "nodes": []},
    )


def text_as_glb(tmp_path: Path) -> Path:
    path = tmp_path / "readme.glb"
    path.write_text("This is not a model.")
    return path


def nan_vertices(tmp_path: Path) -> Path:
    path = tmp_path / "broken.obj"
    path.write_text("v 0 0 0\nv nan 0 0\nv 0 1 0\nf 1 2 3\n")
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (points_only, ["cloud.obj", "faces"]),
        (draco, ["chair.glb", "Draco"]),
        (text_as_glb, ["readme.glb"]),
        (nan_vertices, ["broken.obj", "NaN"]),
        (lambda tmp_path: tmp_path / "none.glb", ["none.glb", "no such file"]),
    ],
)
def test_bad_references(folder: Path, capsys, tmp_path: Path, make, words: list[str]) -> None:
    code, out, err = run(capsys, *inspect(folder, folder / "photos", reference=make(tmp_path)))
    assert_one_line(code, out, err, words)


def truncated(tmp_path: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (80, 90, 3), np.uint8)).save(
        tmp_path / "cut.jpg"
    )
    path = tmp_path / "cut.jpg"
    path.write_bytes(path.read_bytes()[:3000])
    return path


def svg_as_jpg(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.jpg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return path


def empty_folder(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.mark.parametrize(
    ("make", "words"),
    [(truncated, ["cut.jpg", "truncated"]), (svg_as_jpg, ["drawing.jpg", "SVG"]), (empty_folder, ["empty"])],
)
def test_bad_photos(folder: Path, capsys, tmp_path: Path, make, words: list[str]) -> None:
    code, _, err = run(capsys, *inspect(folder, make(tmp_path)))
    assert_one_line(code, "", err, words)


def test_no_photos(folder: Path, capsys) -> None:
    assert_one_line(*run(capsys, *inspect(folder)), ["no photos; name at least one"])


def test_a_bad_photo_among_good_ones_keeps_their_answers(folder: Path, capsys, tmp_path: Path) -> None:
    code, out, err = run(capsys, *inspect(folder, svg_as_jpg(tmp_path), folder / "photos"))
    assert code == 2
    assert "one.png" in out
    assert "two.png" in out
    assert "drawing.jpg" in err


def test_unknown_model_lists_the_legal_ones(capsys, tmp_path: Path) -> None:
    code, out, err = run(capsys, "train", "--data", tmp_path, "--out", tmp_path / "run", "--model", "huge")
    assert_one_line(code, out, err, ["unknown model 'huge'", "align, align-tiny, cmic, cmic-small, cmt"])


def test_fused_mesh_where_parts_are_needed(capsys, tmp_path: Path) -> None:
    triangle = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    save_glb(
        PartShape("one", (Part("all", "part/all", triangle, np.array([[0, 1, 2]])),)), tmp_path / "one.glb"
    )
    code, out, err = run(capsys, "generate", "--out", tmp_path / "d", "--shapes", tmp_path / "one.glb")
    assert_one_line(code, out, err, ["one.glb", "one fused mesh"])


def test_output_folder_with_another_dataset(capsys, tmp_path: Path) -> None:
    assert run(capsys, "generate", "--out", tmp_path / "d", *SMALL)[0] == 0
    code, out, err = run(capsys, "generate", "--out", tmp_path / "d", *SMALL, "--seed", "9")
    assert_one_line(code, out, err, ["holds another dataset", "seed 0, not 9"])
    code, out, err = run(capsys, "train", "--data", tmp_path, "--out", tmp_path / "run")
    assert_one_line(code, out, err, ["no dataset here"])


def test_help_names_every_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "looking3d", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("generate", "train", "evaluate", "inspect", "demo"):
        assert command in done.stdout


def assert_one_line(code: int, out: str, err: str, words: list[str]) -> None:
    assert code == 2
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert "Traceback" not in out + err
    for word in words:
        assert word in lines[0]


def test_outputs_that_cannot_be_written(folder: Path, capsys, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = run(capsys, "generate", "--out", tmp_path / "file" / "x", *SMALL)
    assert_one_line(code, out, err, ["file"])
    code, out, err = run(capsys, "generate", "--out", tmp_path / "file", *SMALL)
    assert_one_line(code, out, err, ["is a file; choose another --out"])
    code, out, err = run(capsys, "export", tmp_path / "none", "--out", tmp_path / "w.safetensors")
    assert_one_line(code, out, err, ["no such file"])
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "weights.safetensors").write_bytes((folder / "random.safetensors").read_bytes())
    code, out, err = run(capsys, "export", tmp_path / "run", "--out", tmp_path / "w.txt")
    assert_one_line(code, out, err, ["expected the name of a .safetensors file"])
    onnx = ("--format", "onnx", "--out", tmp_path)
    code, out, err = run(capsys, "export", "align", *onnx)
    assert_one_line(code, out, err, ["is there and is no export; choose another --out"])
    code, out, err = run(capsys, "export", "align", *onnx, "--gallery", tmp_path)
    assert_one_line(code, out, err, ["which reference of the gallery? pass --reference with its id"])
    code, out, err = run(capsys, "export", "align", *onnx, "--reference", tmp_path / "no.glb")
    assert_one_line(code, out, err, ["no.glb"])
    code, out, err = run(capsys, "export", "align", "--out", tmp_path / "w", "--reference", "chair.glb")
    assert_one_line(code, out, err, ["weights have no reference; pass --format onnx or torch"])
    code, out, err = run(capsys, "export", tmp_path / "run", "--out", tmp_path / "a" / "w.safetensors")
    assert code == 0
    assert (tmp_path / "a" / "w.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_generate_stops_when_the_parent_alone_is_told_to(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "looking3d", "generate", "--out", tmp_path / "set", *SMALL]
    process = subprocess.Popen([*command, "--count", "400", "--workers", "2"], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("set/shapes/*/shape.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"stopped; what is finished is kept" in err


def test_a_dry_run_tells_the_cost_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "generate", "--out", tmp_path / "set", *SMALL, "--dry-run")
    assert code == 0
    assert "2 shapes, 4 photos and 2 reference views: about 0.0 minutes with 1 workers" in out
    assert not (tmp_path / "set").exists()


def test_no_resume_refuses_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "something").touch()
    code, _, err = run(capsys, "generate", "--out", tmp_path, *SMALL, "--no-resume")
    assert code == 2
    assert "is not empty; choose another --out, or leave --no-resume away" in err


def test_convert_validate_statistics(capsys, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(capsys, "generate", "--out", data, *SMALL)[0] == 0
    code, out, _ = run(capsys, "validate", data)
    assert code == 0
    assert "every file is right" in " ".join(out.split())
    code, out, _ = run(capsys, "statistics", data, "--html", tmp_path / "page.html")
    assert code == 0
    for words in ("[1, 1, 1]", "no shape is in two splits", "anomalous"):
        assert words in out
    assert (tmp_path / "page.html").is_file()
    for layout in ("brokenchairs", "coco", "webdataset"):
        code, out, _ = run(capsys, "convert", data, "--to", layout, "--out", tmp_path / layout)
        assert code == 0
        assert "4 photos in" in out
    next(data.glob("shapes/*/mesh.glb")).unlink()
    code, _, err = run(capsys, "validate", data)
    assert code == 2
    assert "mesh.glb" in err
    assert_one_line(*run(capsys, "statistics"), ["no datasets; name at least one"])
