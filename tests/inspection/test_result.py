import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.geometry.camera import Camera
from looking3d.inspection.result import Failure, Inspection
from looking3d.model.concerned_part import ConcernedPart
from looking3d.model.query import Query, Window

Make = Callable[..., Inspection]


def hot_pixels(window: Window) -> tuple[float, float, float]:
    """Middle and side, in pixels of the photo, of the cell at row 20, column 8 of 32 x 32."""
    side = window.side / 32
    return window.x + 8.5 * side, window.y + 20.5 * side, side


@pytest.mark.parametrize(
    ("probability", "alignment", "verdict"),
    [
        (0.49, 0.9, "normal"),
        (0.5, 0.9, "anomalous"),
        (0.99, 0.5, "anomalous"),
        (0.99, 0.49, "unsure"),
        (0.01, 0.49, "unsure"),
    ],
)
def test_verdicts(inspection: Make, probability: float, alignment: float, verdict: str) -> None:
    assert inspection(probability=probability, alignment=alignment).verdict == verdict


def test_the_box_is_around_the_hot_cell_in_the_photo_s_pixels(inspection: Make, window: Window) -> None:
    x, y, side = hot_pixels(window)
    box = inspection().box
    assert box is not None
    assert box[0] + box[2] / 2 == pytest.approx(x, abs=1)
    assert box[1] + box[3] / 2 == pytest.approx(y, abs=1)
    assert side <= box[2] < side + 2
    assert all(type(value) is int for value in box)
    assert inspection().boxes == [box]
    assert inspection(hot=False).box is None
    assert inspection(hot=False).boxes == []


def test_a_photo_that_is_not_aligned_has_no_part(inspection: Make) -> None:
    assert inspection().part == ConcernedPart("foot", "part/foot")
    assert inspection(alignment=0.2).part is None


def test_red_and_frame_are_where_the_heat_is(inspection: Make, window: Window, query: Query) -> None:
    overlay = inspection().overlay().astype(int)
    assert overlay.shape == query.image.shape
    x, y, _ = hot_pixels(window)
    redness = overlay[..., 0] - overlay[..., 1:].max(-1)
    rows, columns = np.nonzero(redness > 60)
    assert columns.mean() == pytest.approx(x, abs=1.5)
    assert rows.mean() == pytest.approx(y, abs=1.5)
    assert np.abs(columns - x).max() < 8
    # Elsewhere the photo is pale grey.
    assert (redness[:, 150:] == 0).all()
    assert overlay[:, 150:].min() > 150
    # The reduced picture shows the same place.
    small = inspection().overlay(100).astype(int)
    assert small.shape == (60, 100, 3)
    rows, columns = np.nonzero(small[..., 0] - small[..., 1:].max(-1) > 60)
    assert columns.mean() == pytest.approx(x / 2, abs=1.5)


def test_only_an_anomalous_photo_is_framed(inspection: Make) -> None:
    framed, bare = (inspection(probability=p).overlay() for p in (0.9, 0.1))
    assert (framed != bare).any()


def test_the_drawing_lies_on_the_object(inspection: Make, query: Query) -> None:
    drawing = inspection().drawing()
    assert drawing.shape == query.image.shape[:2]
    np.testing.assert_array_equal(drawing, query.image[..., 0])
    assert inspection().drawing(100).shape == (60, 100)
    assert inspection().picture(400).shape == (240, 400, 3)


def test_where_the_camera_is(inspection: Make) -> None:
    found = inspection()
    assert found.azimuth_deg == pytest.approx(40)
    assert found.elevation_deg == pytest.approx(25)
    assert found.seen_from == "front right, 25 degrees above"
    assert found.closest_view == 2


def test_sentences(inspection: Make) -> None:
    assert inspection().summary == "Differs from the model, most strongly at the lower left: foot."
    assert inspection(hot=False).summary == "Differs from the model, but no single place stands out."
    assert inspection(probability=0.2).summary == "Looks as the model says."
    assert inspection(alignment=0.499).summary == (
        "Could not be aligned: the outlines overlap by 49 %, 50 % is needed. It may be another object, or a "
        "view that is hard to find; if the ground is busy, cut the object out (PNG with alpha)."
    )
    middle = inspection()
    heat_map = np.zeros((3, 3), np.float32)
    heat_map[1, 1] = 1
    detection = dataclasses.replace(middle.detection, heat_map=heat_map)
    assert dataclasses.replace(middle, detection=detection).summary.endswith(
        "most strongly in the middle: foot."
    )


def test_kinds_are_told_if_one_is_likelier_than_the_others(inspection: Make) -> None:
    found = inspection()
    assert (found.kind, found.what) == (None, "foot")

    def of(alignment: float = 0.9, **kinds: float) -> Inspection:
        detection = dataclasses.replace(found.detection, kinds=kinds, alignment=alignment)
        return dataclasses.replace(found, detection=detection)

    missing = of(missing=0.6, broken=0.4)
    assert (missing.kind, missing.what) == ("missing", "foot: missing")
    assert missing.summary.endswith("at the lower left: foot (missing?).")
    assert missing.to_json()["kind"] == "missing"
    assert of(missing=0.4, broken=0.3, rotation=0.3).kind is None
    assert of(alignment=0.2, missing=1.0).kind is None
    assert of(position=1.0).what == "foot: out of place"


def test_json_is_plain(inspection: Make) -> None:
    data = json.loads(json.dumps(inspection().to_json(), allow_nan=False))
    assert {key: data[key] for key in ("name", "path", "verdict", "threshold", "aligned")} == {
        "name": "photo.png",
        "path": None,
        "verdict": "anomalous",
        "threshold": 0.5,
        "aligned": True,
    }
    assert (data["width"], data["height"]) == (200, 120)
    assert data["box"] == list(inspection().box or ())
    assert data["boxes"] == [data["box"]]
    assert data["part"] == {"id": "foot", "label": "part/foot", "name": "foot"}
    assert data["closest_view"] == {"index": 2, "azimuth_deg": 36.0}
    assert Camera.from_json(data["camera"]).width == 200
    assert json.loads(json.dumps(Failure("a.jpg", Path("in/a.jpg"), "a.jpg: is empty").to_json())) == {
        "name": "a.jpg",
        "path": "in/a.jpg",
        "verdict": "error",
        "error": "a.jpg: is empty",
    }


def test_a_photo_from_a_file_is_read_again(inspection: Make, query: Query, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(query.image).save(path)
    found = dataclasses.replace(inspection(), source=path)
    np.testing.assert_array_equal(found.photo.image, query.image)
    assert found.to_json()["path"] == str(path)
