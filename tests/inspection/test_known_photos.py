import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError
from looking3d.inspection.conformal import Conditions, calibrate_scores
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.known_photos import calibrate_photos, told
from looking3d.inspection.reference import Reference
from looking3d.model.detector import Detection
from looking3d.model.query import Query


class Reader:
    """Takes the probability from the photo's darkest grey, in hundredths; does not align what is over 100."""

    def __init__(self, detection: Detection) -> None:
        self.detection = detection

    def enrol(self, raycaster: object) -> None: ...

    def detect(self, photos: list[Query], enrolled: None) -> list[Detection]:
        darkest = int(photos[0].image.min())
        return [
            dataclasses.replace(
                self.detection, probability=darkest % 101 / 100, alignment=0.9 if darkest <= 100 else 0.3
            )
        ]


@pytest.fixture
def inspector(detection: Callable, reference: Reference) -> Inspector:
    return Inspector(reference, Reader(detection()), foreground="plain")


@pytest.fixture
def photo(tmp_path: Path) -> Callable[[int], Path]:
    def make(grey: int) -> Path:
        image = np.full((60, 90, 3), 250, np.uint8)
        image[15:45, 20:60] = grey
        path = tmp_path / f"{grey}.png"
        Image.fromarray(image).save(path)
        return path

    return make


def test_what_cannot_be_used_is_named(inspector: Inspector, photo, tmp_path: Path) -> None:
    (tmp_path / "again.png").write_bytes(photo(30).read_bytes())
    (tmp_path / "empty.jpg").touch()
    normal = [photo(10), photo(30), tmp_path / "again.png", tmp_path / "empty.jpg", photo(150)]
    seen: list[tuple[int, int]] = []
    made = calibrate_photos(
        inspector, normal, [photo(80), photo(30)], 0.4, "2026-05-04", lambda *at: seen.append(at)
    )
    assert seen == [(n, 7) for n in range(1, 8)]
    assert (made.normal, made.anomalous, made.created) == ((0.1, 0.3), (0.8,), "2026-05-04")
    assert made.conditions == Conditions("Reader", "plain") == inspector.conditions
    assert made.unused == (
        (str(tmp_path / "again.png"), f"is the same file as {tmp_path / '30.png'}"),
        (str(tmp_path / "empty.jpg"), "is empty (0 bytes); copy or export it again"),
        (str(tmp_path / "150.png"), "could not be aligned (30 % overlap)"),
        (str(tmp_path / "30.png"), f"is the same file as {tmp_path / '30.png'}"),
    )
    with pytest.raises(ConfigError, match=r"no score of a normal photo; .*empty\.jpg: is empty \(0 bytes\)"):
        calibrate_photos(inspector, [tmp_path / "empty.jpg"])


def test_inspecting_with_it(inspector: Inspector, photo, detection, reference: Reference) -> None:
    made = calibrate_photos(inspector, [photo(grey) for grey in (10, 20, 30)], [], 0.3)
    calibrated = Inspector(reference, Reader(detection()), None, "plain", calibration=made)
    assert (calibrated.threshold, calibrated.threshold_from) == (made.threshold, "calibration")
    good, odd, far = calibrated.inspect([photo(30), photo(31), photo(150)])
    assert (good.verdict, good.p_value, good.threshold_from) == ("normal", 0.5, "calibration")
    assert (odd.verdict, odd.p_value) == ("anomalous", 0.25)
    assert (far.verdict, far.p_value) == ("unsure", None)
    assert {key: odd.to_json()[key] for key in ("threshold", "threshold_from", "p_value")} == {
        "threshold": made.threshold,
        "threshold_from": "calibration",
        "p_value": 0.25,
    }
    # A threshold that is given goes first; the p-value is told all the same.
    (given,) = Inspector(reference, Reader(detection()), 0.9, "plain", calibration=made).inspect([photo(31)])
    assert (given.verdict, given.threshold_from, given.p_value) == ("normal", "given", 0.25)


def test_a_calibration_of_other_conditions_is_not_applied(
    fixed, reference: Reference, detection: Callable
) -> None:
    made = calibrate_scores([0.1], conditions=Conditions("Reader", "plain"))
    other = Inspector(reference, fixed(), foreground="plain", calibration=made)
    assert (other.threshold, other.threshold_from, other.calibration) == (0.5, "default", None)
    assert other.calibration_problem == "it was made with other weights (Reader, not FixedDetector)"
    other = Inspector(reference, Reader(detection()), foreground="auto", calibration=made)
    assert other.calibration_problem == "it was made with --foreground plain, not auto"


def test_few_photos_are_told_of() -> None:
    lines = told(calibrate_scores([0.1, 0.2, 0.3], [], 0.05))
    assert lines == [
        "threshold: 0.300, by 3 good photos with probabilities from 0.100 to 0.300",
        "false alarms: 25 % promised, 5 % asked for; 95% sure that the rate is below 63 %",
        "warning: 3 good photos cannot promise 5 %: 25 % is the least that they can, and is used; it takes "
        "19 or more",
    ]


def test_anomalous_photos_and_trade_offs_are_told_of() -> None:
    normal = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    conditions = Conditions("align-01", "auto", True)
    made = calibrate_scores(
        normal, [0.75] * 5, 0.1, conditions=conditions, created="2026-05-04", unused=[("a.jpg", "is empty")]
    )
    assert told(made)[1:] == [
        "false alarms: 10 % promised, 10 % asked for; 95% sure that the rate is below 28 %",
        "anomalous photos found: 0 of 5; 95% sure that the share is 0 % to 52 %",
        "a better trade-off: --false-alarms 0.30 would find 5 of 5 (threshold 0.700); chosen by these "
        "photos, so a little too good",
        "not used: 1 photo",
        "  a.jpg: is empty",
        "holds for: align-01, foreground auto, shadow",
        "made: 2026-05-04",
    ]
    # With 11 good photos, 2 of 12 is no round number; the option that is named asks for just that.
    made = calibrate_scores([n / 100 for n in range(11)], [0.095, 0.096], 0.08)
    option = next(line for line in told(made) if "better" in line).split()[4]
    assert option == "0.17"
    assert made.better is not None
    assert dataclasses.replace(made, false_alarm_rate=float(option)).promised_rate == made.better.rate


def test_a_good_photo_that_scores_1_is_warned_of() -> None:
    assert any("nothing will be called anomalous" in line for line in told(calibrate_scores([1.0])))
