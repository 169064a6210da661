"""The script that takes foreign designs the whole way: its figures, its sheet, and what it does of each."""

from __future__ import annotations

import dataclasses
import json
import sys
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from rich.console import Console

from looking3d.dataset.sources import list_sources
from looking3d.errors import ConfigError
from looking3d.geometry.camera import Camera, orbit
from looking3d.model.detector import Detection
from looking3d.model.query import Query, mask_iou, window_around
from looking3d.photos.photo import decode_photo, load_photo
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import real_designs
from real_answers import Answer, figures, markdown
from real_sheet import CELL_PX, fitted, outlined, sheet, strip

BLANK = Answer("chair", "000", "auto", "grabcut", "normal", "", "normal", 0.1, 0.9, 0.8, 0.7)
BROKEN = {"kind": "broken", "part": "leg"}


def answer(**values: object) -> Answer:
    return dataclasses.replace(BLANK, **values)


def test_the_worst_come_first() -> None:
    in_order = [
        answer(verdict="anomalous", probability=0.99),
        answer(verdict="normal", probability=0.05, **BROKEN),
        answer(verdict="anomalous", probability=0.55),
        answer(verdict="unsure", alignment=0.1),
        answer(verdict="unsure", alignment=0.4, **BROKEN),
        answer(verdict="normal", probability=0.45),
        answer(verdict="anomalous", probability=0.9, **BROKEN),
        answer(verdict="normal", probability=0.02),
    ]
    badness = [one.badness for one in in_order]
    assert badness == sorted(badness, reverse=True)
    assert len(set(badness)) == len(badness)
    assert [one.outcome for one in in_order] == ["wrong"] * 3 + ["unsure"] * 2 + ["right"] * 3


def test_figures() -> None:
    told = figures(
        [
            answer(verdict="anomalous", probability=0.7, mask_iou=0.5),
            answer(verdict="normal", probability=0.2, mask_iou=0.7),
            answer(verdict="anomalous", probability=0.9, mask_iou=0.9, **BROKEN),
            answer(verdict="unsure", probability=0.5, mask_iou=0.1, **BROKEN),
            answer(verdict="normal", probability=0.1, mask_iou=0.8, **BROKEN),
        ]
    )
    # Of six pairs, three are in the right order: 0.9 beats both, 0.5 beats 0.2.
    assert told["auroc"] == pytest.approx(3 / 6)
    assert told["found"] == pytest.approx(1 / 3)
    assert told["false_alarms"] == pytest.approx(1 / 2)
    assert told["unsure"] == pytest.approx(1 / 5)
    assert told["mask_iou"] == pytest.approx(0.6)
    alone = figures([BLANK])
    assert (alone["auroc"], alone["found"], alone["false_alarms"]) == (None, None, 0.0)


def test_the_table_has_a_row_a_design_and_a_way() -> None:
    answers = [
        answer(design=design, way=way, verdict=verdict, **kind)
        for design, kind in (("chair", {}), ("sofa", BROKEN))
        for way, verdict in (("auto", "unsure"), ("mask", "normal"))
    ]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in markdown(answers).splitlines()]
    assert [row[:2] for row in rows[2:]] == [
        *(["chair", "auto"], ["chair", "mask"], ["sofa", "auto"], ["sofa", "mask"]),
        *(["**all**", "auto"], ["**all**", "mask"]),
    ]
    assert rows[2][2:] == ["1", "-", "-", "0 %", "100 %", "0.80", "0.70"]
    assert rows[5][2:] == ["1", "-", "0 %", "-", "0 %", "0.80", "0.70"]
    assert rows[6][2:] == ["2", "0.50", "0 %", "0 %", "100 %", "0.80", "0.70"]
    assert len({len(row) for row in rows}) == 1


def test_overlap() -> None:
    one, other = np.zeros((6, 9), bool), np.zeros((6, 9), bool)
    assert mask_iou(one, other) == 0
    one[:4], other[2:] = True, True
    assert mask_iou(one, other) == pytest.approx(18 / 54)
    assert mask_iou(one, one) == 1


def test_outlines_lie_on_the_photo() -> None:
    photo = np.zeros((CELL_PX // 2, CELL_PX, 3), np.uint8)
    mask = np.zeros(photo.shape[:2], bool)
    mask[20:60, 0:50] = True  # reaches the photo's edge
    cell = fitted(photo)
    assert cell.shape == (CELL_PX, CELL_PX, 3)
    assert (cell[: CELL_PX // 4] == 255).all()
    painted = outlined(cell, None, mask)
    rows, columns = np.nonzero((painted != cell).any(-1))
    assert (rows.min(), rows.max()) == (CELL_PX // 4 + 20, CELL_PX // 4 + 59)
    assert (columns.min(), columns.max()) == (0, 49)
    assert len(rows) == 2 * (40 + 50) - 4
    assert (outlined(cell, np.ones_like(mask), None) == cell)[: CELL_PX // 4].all()
    both = outlined(cell, mask, mask)
    assert np.array_equal(both, painted)


def test_the_sheet_holds_all_strips_in_order() -> None:
    cells = [np.full((CELL_PX, CELL_PX, 3), shade, np.uint8) for shade in (10, 20, 30, 40)]
    strips = [
        strip(answer(verdict="anomalous", probability=0.9), cells),
        strip(answer(verdict="unsure"), cells),
        strip(answer(), cells),
    ]
    height, width = strips[0].shape[:2]
    assert len({tuple(one[0, 0]) for one in strips}) == 3, "the bands tell outcomes apart"
    page = sheet(strips)
    places = []
    for one in strips:
        found = np.argwhere((page == one[0, 0]).all(-1))
        y, x = found.min(0)
        assert np.array_equal(page[y : y + height, x : x + width], one)
        places.append((y, x))
    column = sheet(strips, columns=1)
    assert column.shape[0] > page.shape[0]
    assert column.shape[1] < page.shape[1]
    assert places[0][0] == places[1][0] < places[2][0]
    assert places[0][1] == places[2][1] < places[1][1]


def test_photos_tell_their_focal_length() -> None:
    camera = orbit(0.3, 0.2, 384)
    size, file = (camera.width, camera.height), BytesIO()
    Image.new("RGB", size).save(file, "jpeg", exif=real_designs.exif_of(camera.focal_px, size))
    assert decode_photo(file.getvalue()).focal_px == pytest.approx(camera.focal_px, rel=0.02)


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chair of parts, and a solid and a sheet of one fused mesh each."""
    folder = tmp_path_factory.mktemp("designs")
    save_glb(generate("chair", 900_000), folder / "chair.glb")
    trimesh.creation.box((1, 2, 0.7)).export(folder / "solid.stl")
    sheet = trimesh.Trimesh(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0.3], [0, 1, 0.3]], [[0, 1, 2], [0, 2, 3]], process=False
    )
    sheet.export(folder / "sheet.stl")
    return folder


def settings(designs: Path, out: Path) -> real_designs.Settings:
    files = tuple(designs / name for name in ("chair.glb", "solid.stl", "sheet.stl"))
    return real_designs.Settings(files, out=out, photos=2, image_px=96, renderer="preview")


def test_fused_meshes_break_or_stay_whole(designs: Path, tmp_path: Path) -> None:
    recipe = settings(designs, tmp_path).recipe
    sources, _ = list_sources(recipe)
    told, shown = {}, {}
    for source in sources:
        folder = tmp_path / source.id
        told[source.id] = real_designs.render(source, sources, recipe, folder)
        shown[source.id] = {sample.kind for sample in real_designs.samples_of(folder)}
    assert told["chair"] == "all kinds"
    assert len(shown["chair"]) == 2
    for id in ("solid", "sheet"):
        assert told[id].startswith(f"breaks alone ({id}.stl: its parts are one fused mesh")
        assert shown[id] == {"normal", "broken"}
    solid = next(source for source in sources if source.id == "solid")
    unseen = dataclasses.replace(recipe, min_changed=0.9)  # no break is that large
    assert real_designs.render(solid, sources, unseen, tmp_path / "whole").startswith("normal alone (")
    assert {sample.kind for sample in real_designs.samples_of(tmp_path / "whole")} == {"normal"}


def test_a_folder_of_other_settings_is_refused(designs: Path, tmp_path: Path) -> None:
    mine = settings(designs, tmp_path)
    real_designs.claim(mine)
    real_designs.claim(dataclasses.replace(mine, weights="other"))
    with pytest.raises(ConfigError, match="holds photos of other designs or settings; choose another --out"):
        real_designs.claim(dataclasses.replace(mine, seed=1))


class FrontDetector:
    """Sees every object from the front."""

    def enrol(self, raycaster: object) -> str:
        return ""

    def detect(self, photos: list[Query], enrolled: str) -> list[Detection]:
        return [self._judge(photo) for photo in photos]

    def _judge(self, photo: Query) -> Detection:
        assert photo.mask is not None
        camera: Camera = orbit(0.0, 0.3, photo.image.shape[0])
        return Detection(0.8, np.full((8, 8), 0.8, np.float32), window_around(photo.mask), camera, 0.9)


def test_the_whole_way(designs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_designs, "load_detector", lambda weights: FrontDetector())
    monkeypatch.setattr(real_designs, "Console", lambda **_: Console(file=StringIO()))
    mine = dataclasses.replace(settings(designs, tmp_path), designs=(designs / "chair.glb",))
    real_designs.main(mine)
    answers = json.loads((tmp_path / "answers.json").read_text())
    assert sorted((one["photo"], one["way"]) for one in answers) == [
        *(("000", "auto"), ("000", "mask"), ("001", "auto"), ("001", "mask"))
    ]
    assert len({one["kind"] for one in answers}) == 2
    for one in answers:
        assert one["verdict"] == "anomalous"
        assert 0 < one["drawing_iou"] < 1
        if one["way"] == "mask":
            assert one["mask_iou"] == pytest.approx(1)
    photo = tmp_path / "photos" / "chair" / "000.jpg"
    assert load_photo(photo).focal_px is not None
    for way in ("auto", "mask"):
        with Image.open(tmp_path / f"sheet-{way}.jpg") as image:
            assert image.width > 4 * CELL_PX
    # Once more, with other weights: the photos are the same files.
    before = photo.stat().st_mtime_ns
    real_designs.main(dataclasses.replace(mine, weights="other", shown=("chair/001",)))
    assert photo.stat().st_mtime_ns == before
    with Image.open(tmp_path / "shown-auto.jpg") as image, Image.open(tmp_path / "sheet-auto.jpg") as all_:
        assert image.width < all_.width
    with pytest.raises(ConfigError, match=r"no photos \['chair/007'\]; expected some of \['chair/000'"):
        real_designs.main(dataclasses.replace(mine, shown=("chair/007",)))
