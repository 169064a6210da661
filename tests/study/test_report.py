from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from looking3d.study.figures import study_figures
from looking3d.study.models import ModelAnswers
from looking3d.study.report import write_report
from looking3d.study.subset import Subset
from looking3d.study.tables import tables


def answers(count: int) -> list[tuple[int, int, bool, float]]:
    generator = np.random.default_rng(0)
    return [
        (number, int(pair), bool(generator.random() < 0.3 + 0.4 * (pair % 2)), 1000.0 * number)
        for number in range(1, count + 1)
        for pair in generator.permutation(8)[:4]
    ]


def test_the_page_shows_everything_and_needs_nothing_else(
    subset: Subset, judged: Callable, tmp_path: Path
) -> None:
    models = [ModelAnswers("<align>", "p", np.linspace(0, 1, 8)), ModelAnswers("cmt", "q", np.full(8, 0.5))]
    figures = study_figures(subset, judged(answers(20), 4, 30), models)
    page = write_report(figures, tmp_path / "out").read_text()
    assert page.startswith("<!doctype html>")
    assert not re.findall(r'(?:src|href)="', page)
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", page)
    assert page.count("<th>&lt;align&gt;</th>") == 4
    assert f"<td>{figures['people']['accuracy']['value']:.1%}</td>" in page
    low, high = figures["people"]["accuracy"]["over_participants"]
    assert f"<td>{low:.1%} to {high:.1%}</td>" in page
    assert f"<td>{figures['people']['agreement']['krippendorff_alpha']:.2f}</td>" in page
    assert "number 30 (0 of 4)" in page
    assert f"subset {subset.digest}" in page
    saved = json.loads((tmp_path / "out" / "study.json").read_text())
    assert saved["people"]["by_kind"]["missing"]["value"] == figures["people"]["by_kind"]["missing"]["value"]
    assert saved["models"][1]["auroc"]["value"] == 0.5


def test_tables_of_people_alone_have_no_models(subset: Subset, judged: Callable) -> None:
    rows = [(1, pair, True, float("nan")) for pair in range(8)]
    shown = tables(study_figures(subset, judged(rows, 8)))
    assert [table.title for table in shown] == [
        "accuracy",
        "both classes",
        "right, by kind",
        "people among themselves",
    ]
    # One participant has no interval over participants, nobody to agree with, and no time was measured.
    assert shown[0].rows[0][2] == "-"
    assert [row[1] for row in shown[-1].rows] == ["-", "-"]
    for table in shown:
        assert all(len(row) == len(table.heads) for row in table.rows)
