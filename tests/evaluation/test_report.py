import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from markupsafe import escape

from looking3d.evaluation.report import write_report
from looking3d.evaluation.score import score

Predictions = dict[str, np.ndarray]
SETTINGS = {
    "weights": "align",
    "weights_sha256": "0123456789abcdef" * 4,
    "dataset": "data/<test>",
    "dataset_fingerprint": "ab",
    "split": "test",
    "camera": "disturbed",
    "reframe": 0.1,
    "seed": 0,
    "framing": "object",
    "views": 12,
    "top_k": "all",
}


def test_the_page_shows_every_group_and_needs_nothing_else(predictions: Predictions, tmp_path: Path) -> None:
    figures = score(predictions)
    page = write_report(figures, predictions, SETTINGS, tmp_path).read_text()
    assert page.startswith("<!doctype html>")
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", page)
    assert "Scores on data/&lt;test&gt;" in page
    assert "camera disturbed, 12 views, k = all, framed by the object, photos framed otherwise" in page
    for groups in figures["by"].values():
        for name in groups:
            assert f"<th>{escape(name)}</th>" in page
    assert f"<td>{figures['pixels']['aupro']:.3f}</td>" in page
    assert f"<td>{figures['boxes']['ap50']:.3f}</td>" in page
    low, high = figures["auroc_interval"]
    assert f"{low:.3f} to {high:.3f}" in page
    saved = json.loads((tmp_path / "metrics.json").read_text())
    assert saved["settings"] == SETTINGS
    assert saved["by"]["kind"] == figures["by"]["kind"]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_curves_of_an_earlier_run_do_not_stay(
    rows: Callable[..., list[dict]], columns: Callable, tmp_path: Path
) -> None:
    (tmp_path / "curves.png").write_bytes(b"old")
    only = columns([row for row in rows() if row["anomalous"]])
    page = write_report(score(only), only, SETTINGS | {"reframe": 0.0}, tmp_path).read_text()
    assert not (tmp_path / "curves.png").exists()
    assert "<img" not in page
    assert "framed otherwise" not in page
