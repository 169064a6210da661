from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError
from looking3d.inspection import line as module
from looking3d.inspection.calibration import calibrate_scores, save_calibration
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.gallery import Gallery
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.line import Line
from looking3d.inspection.reference import Reference
from looking3d.inspection.result import Failure, Inspection
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb


@pytest.fixture
def gallery(tmp_path: Path, shape: PartShape) -> Gallery:
    save_glb(shape, tmp_path / "ell.glb")
    gallery = Gallery(tmp_path / "gallery")
    for id in ("a", "b", "c"):
        gallery.add(tmp_path / "ell.glb", EnrolOptions(up="y", front="z", unit="m"), id=id)
    return gallery


@pytest.fixture
def photo(tmp_path: Path, query) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.dstack([query.image, np.where(query.mask, 255, 0).astype(np.uint8)])).save(path)
        return path

    return make


def test_one_reference_for_all(fixed, reference: Reference, photo, tmp_path: Path) -> None:
    line = Line(lambda loaded, made: Inspector(loaded, fixed(), calibration=made), reference)
    id, found = line.inspect(photo("1.png"))
    assert (id, found.name, found.verdict) == (None, "1.png", "anomalous")
    (tmp_path / "bad.jpg").touch()
    _, failed = line.inspect(tmp_path / "bad.jpg")
    assert isinstance(failed, Failure)
    assert line.inspect(tmp_path / "gone.jpg")[1].verdict == "error"
    assert line.inspect(photo("2.png"))[1].verdict == "anomalous"


def test_each_folder_its_own_reference(gallery: Gallery, fixed, photo, monkeypatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    made = []

    def make(loaded: Reference, calibration) -> Inspector:
        made.append(loaded.name)
        return Inspector(loaded, fixed(), calibration=calibration)

    save_calibration(gallery.get("b").path, calibrate_scores([0.1]))
    problems: list[str] = []
    line = Line(make, None, gallery, problems.append)
    for id in ("a", "b", "a", "c", "a", "b"):
        told, found = line.inspect(photo(f"{id}/1.png"))
        assert told == id
        assert isinstance(found, Inspection)
    # Two are kept: b went when c came, and is made again.
    assert len(made) == 4
    assert (
        problems == ["b: its calibration is not applied: it does not say with which weights it was made"] * 2
    )
    told, failed = line.inspect(photo("d/1.png"))
    assert isinstance(failed, Failure)
    assert "no reference 'd'" in failed.message
    assert line.inspect(photo("a/2.png"))[1].verdict == "anomalous"


def test_an_id_for_all(gallery: Gallery, fixed, photo) -> None:
    line = Line(lambda loaded, made: Inspector(loaded, fixed()), "b", gallery)
    assert line.inspect(photo("x/1.png"))[0] == "b"
    with pytest.raises(ConfigError, match="no reference 'd'"):
        Line(lambda loaded, made: Inspector(loaded, fixed()), "d", gallery)
