import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError, ShapeError, TakenError
from looking3d.inspection import gallery as module
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.enrolment.words import told
from looking3d.inspection.gallery import Gallery, default_id
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb

PLAIN = EnrolOptions(up="y", front="z", unit="m")
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def mesh(tmp_path: Path, shape: PartShape) -> Path:
    path = tmp_path / "two boxes.glb"
    save_glb(shape, path)
    return path


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "some" / "gallery")


def names(gallery: Gallery) -> set[str]:
    return {path.name for path in gallery.folder.iterdir()} - {".lock"}


def test_an_entry_holds_what_is_needed(gallery: Gallery, mesh: Path) -> None:
    entry = gallery.add(mesh, PLAIN, created=NOON)
    assert entry.id == "two-boxes"
    assert {path.name for path in entry.path.iterdir()} == {
        "reference.json",
        "mesh.glb",
        "thumbnail.png",
        "turntable.png",
        "confirm.png",
    }
    record = json.loads((entry.path / "reference.json").read_text())
    assert record == entry.record
    assert record["schema"] == 1
    assert record["created"] == "2026-05-04T12:00:00+00:00"
    assert [part["id"] for part in record["parts"]] == ["foot", "post"]
    with Image.open(entry.path / "thumbnail.png") as picture:
        assert picture.size == (256, 256)
    assert entry.path.stat().st_mode & 0o700 == 0o700
    reference = gallery.get("two-boxes").reference()
    assert reference.name == "two boxes.glb"
    assert [part.id for part in reference.shape.parts] == ["foot", "post"]
    text = "\n".join(told(entry))
    assert "two-boxes: 2 parts, 24 faces" in text
    assert "up: y (as given)" in text


def test_the_same_again_is_no_change_and_other_content_is_refused(gallery: Gallery, mesh: Path) -> None:
    first = gallery.add(mesh, PLAIN, created=NOON)
    again = gallery.add(mesh, PLAIN)
    assert again.record == first.record
    with pytest.raises(
        TakenError, match="another reference has this id; choose another --id, or pass --replace"
    ):
        gallery.add(mesh, EnrolOptions(up="z", front="-y", unit="m"), id="two-boxes")
    assert gallery.get("two-boxes").record == first.record
    new = gallery.add(mesh, EnrolOptions(up="z", front="-y", unit="m"), replace=True)
    assert new.content != first.content
    assert gallery.get("two-boxes").content == new.content
    assert names(gallery) == {"two-boxes"}


def test_an_origin_may_be_noted(gallery: Gallery, mesh: Path) -> None:
    assert gallery.add(mesh, PLAIN, id="a").record["source"] == str(mesh)
    assert gallery.add(mesh, PLAIN, id="b", origin="upload.glb").record["source"] == "upload.glb"


def test_entries_are_sorted_and_can_be_removed(gallery: Gallery, mesh: Path) -> None:
    assert gallery.entries() == []
    for id in ("b", "a_1", "C-2"):
        gallery.add(mesh, PLAIN, id=id)
    (gallery.folder / "notes").mkdir()
    assert [entry.id for entry in gallery.entries()] == ["C-2", "a_1", "b"]
    gallery.remove("a_1")
    assert gallery.ids() == ["C-2", "b"]
    with pytest.raises(ConfigError, match=r"no reference 'a_1' in .*; it holds: C-2, b"):
        gallery.remove("a_1")
    assert names(gallery) == {"C-2", "b", "notes"}


@pytest.mark.parametrize(
    "id", ["", "..", "../x", "a/b", "/etc", "-a", "_a", ".a", "a.b", "a\n", "ä", "x" * 65]
)
def test_ids_that_could_leave_the_folder(gallery: Gallery, mesh: Path, id: str) -> None:
    with pytest.raises(ConfigError, match="expected 1 to 64 letters, digits"):
        gallery.add(mesh, PLAIN, id=id)
    with pytest.raises(ConfigError, match="it is empty; enrol one: looking3d enrol MESH"):
        gallery.get(id)
    assert not gallery.folder.exists()


def test_ids_made_of_names() -> None:
    assert default_id(Path("Stuhl Größe 2 (neu).v3.glb")) == "Stuhl-Gr-e-2-neu-v3"
    assert default_id(Path("...")) == "reference"
    assert len(default_id(Path("x" * 300 + ".obj"))) == 64


def test_nothing_is_left_of_what_failed(
    gallery: Gallery, mesh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(module, "turntable", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        gallery.add(mesh, PLAIN)
    assert names(gallery) == set()


def test_old_leftovers_are_cleared(gallery: Gallery, mesh: Path) -> None:
    gallery.add(mesh, PLAIN, id="a")
    for name, age_s in (("old", 2 * 24 * 3600), ("new", 60)):
        folder = gallery.folder / f".partial-{name}"
        folder.mkdir()
        os.utime(folder, (time.time() - age_s,) * 2)
    gallery.add(mesh, PLAIN, id="b")
    assert names(gallery) == {"a", "b", ".partial-new"}


def test_damage_is_named(gallery: Gallery, mesh: Path) -> None:
    entry = gallery.add(mesh, PLAIN, id="a")
    data = (entry.path / "mesh.glb").read_bytes()
    (entry.path / "mesh.glb").write_bytes(data[:-1] + b"\x01")
    with pytest.raises(ShapeError, match=r"mesh\.glb: is not what was enrolled; enrol it again"):
        gallery.get("a").reference()
    (entry.path / "mesh.glb").unlink()
    with pytest.raises(ShapeError, match=r"mesh\.glb: cannot be read .*; enrol it again"):
        gallery.get("a").reference()
    (entry.path / "reference.json").write_text('{"schema": 1}')
    with pytest.raises(ConfigError, match=r"reference\.json: damaged \(fields are missing\)"):
        gallery.get("a")
    (entry.path / "reference.json").write_text(json.dumps({**entry.record, "schema": 9}))
    with pytest.raises(ConfigError, match="has schema 9, expected 1"):
        gallery.entries()


def test_a_file_is_no_gallery(tmp_path: Path, mesh: Path) -> None:
    with pytest.raises(ConfigError, match="is a file; a gallery is a folder"):
        Gallery(mesh)
    with pytest.raises(ConfigError, match="cannot be written"):
        Gallery(mesh / "below").add(mesh, PLAIN)


_ADD = """
import sys
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.gallery import Gallery
folder, mesh, front = sys.argv[1:]
for _ in range(4):
    Gallery(folder).add(mesh, EnrolOptions(up="y", front=front, unit="m"), id="a", replace=True)
    Gallery(folder).get("a").reference()
"""


def test_processes_that_replace_each_other_leave_one_whole_entry(gallery: Gallery, mesh: Path) -> None:
    command = [sys.executable, "-c", _ADD, str(gallery.folder), str(mesh)]
    running = [subprocess.Popen([*command, front], stderr=subprocess.PIPE) for front in ("z", "x")]
    for process in running:
        _, error = process.communicate(timeout=120)
        # A mesh may be replaced between record and mesh; that is told, and nothing else may go wrong.
        assert process.returncode == 0 or b"is not what was enrolled" in error, error.decode()
    assert names(gallery) == {"a"}
    assert np.isfinite(gallery.get("a").reference().shape.bounds).all()
