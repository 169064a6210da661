from collections.abc import Callable
from pathlib import Path

import pytest

from looking3d.errors import ConfigError, DatasetError
from looking3d.evaluation.predictions import join_rows, write_rows
from looking3d.evaluation.runs import VALIDATION, Run, open_run, open_runs

SETTINGS = {"weights_sha256": "ab" * 32, "camera": "estimated", "reframe": 0.0, "dataset_fingerprint": "cd"}


@pytest.fixture
def made(rows: Callable[..., list[dict]], tmp_path: Path) -> Callable[..., Path]:
    """Writes a run of random predictions."""

    def make(name: str = "run", seed: int = 0, prefix: str = "", **settings: object) -> Path:
        path = tmp_path / name / "predictions.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        some = rows(40, seed)
        for row in some:
            row["shape_id"] = prefix + row["shape_id"]
        write_rows(some, path.with_name("part.parquet"))
        join_rows([path.with_name("part.parquet")], {**SETTINGS, **settings}, path)
        return path

    return make


def test_a_run_is_called_as_its_folder_or_as_one_says(made: Callable[..., Path], tmp_path: Path) -> None:
    path = made("first")
    assert open_run(tmp_path / "first").name == "first"
    assert open_run(str(path)) == Run("first", path)
    assert open_run(f"CMT (ours)={tmp_path / 'first'}") == Run("CMT (ours)", path)
    with pytest.raises(DatasetError, match="no predictions there"):
        open_run(tmp_path / "none")


def test_names_are_told_apart(made: Callable[..., Path], tmp_path: Path) -> None:
    made("a/same")
    made("b/same")
    texts = (str(tmp_path / "a" / "same"), str(tmp_path / "b" / "same"))
    with pytest.raises(ConfigError, match="two runs are called 'same'; name them"):
        open_runs(texts)
    assert [run.name for run in open_runs((f"one={texts[0]}", texts[1]))] == ["one", "same"]
    with pytest.raises(ConfigError, match="no runs; name folders"):
        open_runs(())


def test_a_threshold_comes_from_validation_photos(made: Callable[..., Path], tmp_path: Path) -> None:
    run = Run("run", made())
    assert run.figures["at_validation_threshold"] is None
    run = Run("run", run.path)
    run.hold_validation(made("elsewhere", seed=1, prefix="v"))
    found = run.figures["at_validation_threshold"]
    assert run.validation is not None
    labels, probability = run.validation["anomalous"], run.validation["probability"]
    called = probability >= found["threshold"]
    assert found["validation_accuracy"] == pytest.approx((called == labels).mean())
    tested = run.predictions["probability"] >= found["threshold"]
    assert found["accuracy"] == pytest.approx((tested == run.predictions["anomalous"]).mean())
    low, high = found["accuracy_interval"]
    assert low <= found["accuracy"] <= high
    run.hold_validation(None)
    assert not (tmp_path / "run" / VALIDATION / "predictions.parquet").exists()


def test_validation_is_of_the_same_detector_and_of_other_shapes(made: Callable[..., Path]) -> None:
    path = made()
    for other, message in (
        (made("a", seed=1, prefix="v", weights_sha256="00"), "made with another weights sha256"),
        (made("b", seed=1, prefix="v", top_k=4), "made with another top k"),
        (made("c", seed=1), "holds shapes that are tested, too"),
    ):
        run = Run("run", path)
        run.hold_validation(other)
        with pytest.raises(DatasetError, match=message):
            _ = run.figures
