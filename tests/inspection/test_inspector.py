import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError, PhotoError, ShapeError
from looking3d.inspection.inspector import Failure, Inspection, Inspector, inspect_paths
from looking3d.inspection.reference import Reference
from looking3d.model.align.align import AlignDetector
from looking3d.model.detector import Detection
from looking3d.model.query import Query
from looking3d.photos.foreground_config import ForegroundConfig
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb


@pytest.fixture
def photo_path(query: Query, tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    alpha = np.where(query.mask, 255, 0).astype(np.uint8)
    Image.fromarray(np.dstack([query.image, alpha])).save(path)
    return path


def test_inspecting_from_files(
    detector: AlignDetector, shape: PartShape, photo_path: Path, query: Query, tmp_path: Path
) -> None:
    save_glb(shape, tmp_path / "ell.glb")
    inspector = Inspector(tmp_path / "ell.glb", detector)
    assert inspector.reference.name == "ell.glb"
    from_file, from_text, from_query = inspector.inspect([photo_path, str(photo_path), query])
    assert [found.name for found in (from_file, from_text, from_query)] == ["photo.png"] * 3
    assert from_file.probability == from_text.probability
    # The true mask as alpha is the true mask, and white ground is what it was composed on.
    assert from_query.probability == pytest.approx(from_file.probability, abs=0.02)
    assert from_file.size == (200, 120)
    assert from_file.drawing().shape == (120, 200)
    assert from_file.overlay().shape == (120, 200, 3)
    json.dumps(from_file.to_json(), allow_nan=False)


def test_a_reference_is_enrolled_once(fixed: Callable, reference: Reference, query: Query) -> None:
    detector = fixed()
    inspector = Inspector(reference, detector)
    inspector.inspect([query, query])
    assert inspector.inspect_one(query).verdict == "anomalous"
    assert detector.enrolments == 1


def test_the_threshold(fixed: Callable, reference: Reference, query: Query) -> None:
    assert Inspector(reference, fixed(), 0.95).inspect_one(query).verdict == "normal"
    for threshold in (-0.1, 1.1, float("nan")):
        with pytest.raises(ConfigError, match=f"threshold: expected 0 to 1, got {threshold}"):
            Inspector(reference, fixed(), threshold)


def test_what_cannot_be_aligned_is_unsure(fixed: Callable, reference: Reference, query: Query) -> None:
    found = Inspector(reference, fixed(probability=0.99, alignment=0.4)).inspect_one(query)
    assert (found.verdict, found.aligned) == ("unsure", False)


def test_the_idea_that_the_model_explains_best_is_taken(
    detection: Callable, reference: Reference, query: Query
) -> None:
    class Choosy:
        """Aligns the first idea better than the others, or worse."""

        def __init__(self, alignments: tuple[float, ...]) -> None:
            self.alignments = iter(alignments)

        def enrol(self, raycaster: object) -> None: ...

        def foreground(self, photo: Query) -> np.ndarray:
            assert query.mask is not None
            return query.mask.astype(np.float32)

        def detect(self, photos: list[Query], enrolled: None) -> list[Detection]:
            return [detection(alignment=next(self.alignments))]

    bare = Query(query.image, None, "photo.jpg")
    found = Inspector(reference, Choosy((0.7, 0.9))).inspect_one(bare)
    assert str(found.foreground) == "plain (even ground)"
    found = Inspector(reference, Choosy((0.9, 0.7))).inspect_one(bare)
    assert str(found.foreground) == "grabcut (even ground)"
    assert (found.alignment, found.warnings, found.trust) == (0.9, (), "high")
    data = found.to_json()
    assert data["foreground"] == {"method": "grabcut", "reason": "even ground"}
    assert (data["warnings"], data["trust"]) == ([], "high")


def test_a_rough_mask_is_mended_by_the_model(fixed: Callable, reference: Reference, query: Query) -> None:
    rows, columns = np.nonzero(query.mask)
    box = (columns.min() - 2, rows.min() - 2, np.ptp(columns) + 5, np.ptp(rows) + 5)
    bare = Query(query.image, None, "photo.jpg")
    inspector = Inspector(reference, fixed(), foreground=ForegroundConfig(box=box))
    found = inspector.inspect_one(bare)
    assert str(found.foreground).endswith("around the box, then against the 3D model)")
    unaligned = Inspector(reference, fixed(alignment=0.2), foreground=ForegroundConfig(box=box))
    assert str(unaligned.inspect_one(bare).foreground).endswith("around the box)")


def test_the_shadow_is_drawn_where_asked_for(fixed: Callable, reference: Reference, query: Query) -> None:
    seen = []
    detector = fixed()
    detect = detector.detect
    detector.detect = lambda photos, enrolled: seen.append(photos[0].image) or detect(photos, enrolled)
    for shadow in (False, True):
        Inspector(reference, detector, shadow=shadow).inspect_one(query)
    bare, shaded = seen
    assert query.mask is not None
    np.testing.assert_array_equal(bare, query.image)
    assert (shaded[~query.mask].astype(int) < bare[~query.mask].astype(int) - 20).any()


def test_doubts_are_told(fixed: Callable, reference: Reference, query: Query) -> None:
    dark = Query(query.image // 6, query.mask, "dark.jpg")
    found = Inspector(reference, fixed()).inspect_one(dark)
    assert [warning.kind for warning in found.warnings] == ["dark"]
    assert found.trust == "medium"


def test_bad_references_and_photos_raise(
    detector: AlignDetector, reference: Reference, tmp_path: Path
) -> None:
    with pytest.raises(ShapeError, match="no such file"):
        Inspector(tmp_path / "gone.glb", detector)
    inspector = Inspector(reference, detector)
    with pytest.raises(PhotoError, match=r"gone\.jpg: no such file"):
        inspector.inspect([tmp_path / "gone.jpg"])
    nothing = Query(np.zeros((60, 90, 3), np.uint8), np.zeros((60, 90), bool), "night.jpg")
    with pytest.raises(PhotoError, match=r"night\.jpg: no object found"):
        inspector.inspect_one(nothing)


def test_bad_photos_are_told_and_the_others_go_on(
    fixed: Callable, reference: Reference, photo_path: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    seen = []
    results = inspect_paths(
        Inspector(reference, fixed()), [photo_path, empty, photo_path], lambda *at: seen.append(at)
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [type(result) for result in results] == [Inspection, Failure, Inspection]
    failure = results[1]
    assert isinstance(failure, Failure)
    assert (failure.name, failure.path, failure.verdict) == ("empty.jpg", empty, "error")
    assert failure.message == f"{empty}: is empty (0 bytes); copy or export it again"
