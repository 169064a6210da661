from pathlib import Path

import numpy as np
import pytest
import torch

from looking3d.inspection.features import FeatureCache
from looking3d.inspection.reference import Reference
from looking3d.model.align.align import AlignDetector, AlignEnrolled
from looking3d.model.query import Query
from looking3d.shapes.part_shape import PartShape


class Counting(AlignDetector):
    """Counts how often it has to enrol."""

    enrolments = 0

    def enrol(self, raycaster: object) -> AlignEnrolled:
        self.enrolments += 1
        return super().enrol(raycaster)


@pytest.fixture
def detector() -> Counting:
    torch.manual_seed(0)
    return Counting()


def reference(shape: PartShape, folder: Path, mesh: str = "mesh") -> Reference:
    return Reference.of(shape, features=FeatureCache(folder, mesh))


def test_the_second_time_nothing_is_computed_and_all_is_the_same(
    detector: Counting, shape: PartShape, query: Query, tmp_path: Path
) -> None:
    first = reference(shape, tmp_path / "f").enrolled(detector)
    second = reference(shape, tmp_path / "f").enrolled(detector)
    assert detector.enrolments == 1
    assert [path.suffix for path in (tmp_path / "f").iterdir()] == [".npz"]
    np.testing.assert_array_equal(first.templates.masks, second.templates.masks)
    np.testing.assert_array_equal(first.templates.poses, second.templates.poses)
    for name in ("points", "normals"):
        one, two = (getattr(enrolled.templates.outlines, name) for enrolled in (first, second))
        np.testing.assert_array_equal(one, two, strict=True)
    assert detector.detect([query], first)[0].probability == detector.detect([query], second)[0].probability


def test_another_mesh_and_other_weights_are_enrolled_anew(
    detector: Counting, shape: PartShape, tmp_path: Path
) -> None:
    reference(shape, tmp_path).enrolled(detector)
    reference(shape, tmp_path, "another").enrolled(detector)
    assert detector.enrolments == 2
    next(detector.networks.parameters()).data += 1
    reference(shape, tmp_path).enrolled(detector)
    assert detector.enrolments == 3
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text", "foreign"])
def test_a_damaged_file_is_made_again(
    detector: Counting, shape: PartShape, tmp_path: Path, damage: str
) -> None:
    reference(shape, tmp_path).enrolled(detector)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    path.write_bytes(
        {"empty": b"", "cut": whole[:middle], "flipped": flipped, "text": b"hello"}.get(damage, b"")
    )
    if damage == "foreign":
        with path.open("wb") as file:
            np.savez(file, key=np.array("other"), poses=np.zeros(3))
    reference(shape, tmp_path).enrolled(detector)
    assert detector.enrolments == 2
    reference(shape, tmp_path).enrolled(detector)
    assert detector.enrolments == 2
    assert path.read_bytes()[:2] == b"PK"
    assert len(list(tmp_path.iterdir())) == 1


def test_arrays_of_another_layout_are_refused(detector: Counting, shape: PartShape) -> None:
    raycaster = reference(shape, Path()).raycaster
    arrays = detector.pack(detector.enrol(raycaster))
    for name in arrays:
        without = {key: value for key, value in arrays.items() if key != name}
        for wrong in (
            without,
            {**without, name: arrays[name][:-1]},
            {**without, name: arrays[name].astype("f2")},
        ):
            with pytest.raises(ValueError, match="no templates: "):
                detector.unpack(wrong, raycaster)


def test_a_folder_that_cannot_be_written_costs_time_only(
    detector: Counting, shape: PartShape, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for _ in range(2):
        reference(shape, tmp_path / "file").enrolled(detector)
    assert detector.enrolments == 2


def test_detectors_that_cannot_be_cached_are_asked_each_time(shape: PartShape, tmp_path: Path, fixed) -> None:
    detector = fixed()
    for _ in range(2):
        assert reference(shape, tmp_path).enrolled(detector) == "enrolled"
    assert detector.enrolments == 2
    assert list(tmp_path.iterdir()) == []
