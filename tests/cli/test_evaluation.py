import json
from pathlib import Path

import pytest

from looking3d.cli import main
from tests.model.tiny_networks import tiny_weights
from tests.samples import small_dataset


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    captured = capsys.readouterr()
    return int(ended.value.code or 0), captured.out, captured.err


def test_cmt_is_evaluated_compared_put_into_tables_and_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = small_dataset(tmp_path, count=4, photos_per_shape=2, views=3, split=(0.0, 0.5, 0.5))
    evaluate = ["evaluate", "--data", data, "--weights", tiny_weights(tmp_path)]
    code, out, _ = run(capsys, *evaluate, "--out", tmp_path / "one", "--validation", "split")
    assert code == 0
    for words in ("chosen on validation photos", "nearest view", "Brier score"):
        assert words in out
    held = tmp_path / "one" / "validation" / "predictions.parquet"
    code, out, _ = run(capsys, *evaluate, "--out", tmp_path / "again", "--validation", held)
    assert code == 0
    metrics = [json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("one", "again")]
    assert metrics[0]["at_validation_threshold"] == metrics[1]["at_validation_threshold"] is not None
    code, _, _ = run(capsys, *evaluate, "--out", tmp_path / "all", "--top-k", "all", "--views", "2")
    assert code == 0

    code, out, _ = run(capsys, "compare", tmp_path / "one", tmp_path / "all", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["AUROC"]["first"] == metrics[0]["auroc"]
    code, out, _ = run(capsys, "compare", tmp_path / "one", tmp_path / "again")
    assert code == 0
    assert "+0.000" in out

    runs = (f"as trained={tmp_path / 'one'}", tmp_path / "all")
    code, out, _ = run(capsys, "tables", *runs, "--against", "all", "--out", tmp_path / "tables")
    assert code == 0
    assert "as trained" in out
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert {"tables.md", "tables.tex", "tables.csv", "tables.html"} <= names

    code, out, _ = run(capsys, "figures", tmp_path / "one", "--data", data, "--out", tmp_path / "figures")
    assert code == 0
    for name in ("qualitative.png", "extremes.png", "confusion.png", "matches.png", "attention.png"):
        assert (tmp_path / "figures" / name).read_bytes().startswith(b"\x89PNG")


def test_runs_that_are_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, "compare", tmp_path / "no", tmp_path / "none")
    assert (code, err.count("\n")) == (2, 1)
    assert "no predictions there" in err


def test_figures_of_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cases = {
        ("--count", "0"): "count: expected at least 1, got 0",
        ("--extreme", "-3"): "extreme: expected at least 1, got -3",
        ("--at", "nan", "0.5"): "at: expected x and y from 0 to 1, got nan 0.5",
        ("--at", "0.5", "2"): "at: expected x and y from 0 to 1, got 0.5 2",
    }
    for options, message in cases.items():
        code, _, err = run(capsys, "figures", tmp_path, "--data", tmp_path, "--out", tmp_path / "f", *options)
        assert (code, err.strip()) == (2, f"error: {message}")
    assert not (tmp_path / "f").exists()
