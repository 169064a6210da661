import numpy as np

from looking3d.evaluation.confusion import confusion
from looking3d.evaluation.figures.confusion import confusion_picture


def rows_of(*cases: tuple[str, float, str | None]) -> dict[str, np.ndarray]:
    kinds, probability, named = zip(*cases, strict=True)
    return {
        "kind": np.array(kinds, object),
        "probability": np.array(probability),
        "named_kind": np.array(named, object),
    }


def test_what_kinds_are_taken_for() -> None:
    rows = rows_of(
        ("normal", 0.2, "missing"),
        ("normal", 0.5, "broken"),
        ("missing", 0.9, "missing"),
        ("missing", 0.8, "broken"),
        ("missing", 0.4, "missing"),
        ("swapped", 0.7, None),
    )
    found = confusion(rows)
    assert list(found) == ["normal", "missing", "swapped"]
    assert found["normal"] == {"normal": 1, "anomalous": 0, "broken": 1, "missing": 0, "swapped": 0}
    assert found["missing"] == {"normal": 1, "anomalous": 0, "broken": 1, "missing": 1, "swapped": 0}
    assert found["swapped"]["anomalous"] == 1
    assert confusion(rows, threshold=0.3)["missing"]["missing"] == 2


def test_a_detector_that_names_no_kinds() -> None:
    found = confusion(rows_of(("normal", 0.2, None), ("broken", 0.6, None), ("broken", 0.1, None)))
    assert found == {"normal": {"normal": 1, "anomalous": 0}, "broken": {"normal": 1, "anomalous": 1}}
    assert confusion_picture(found, "run").startswith(b"\x89PNG")
