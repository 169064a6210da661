"""The page that the tables' reproduction writes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from looking3d.evaluation.predictions import join_rows, write_rows
from looking3d.evaluation.runs import Run
from looking3d.model.networks import PRESETS
from tests.model.tiny_networks import tiny

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "tables"))
from reproduce import ROWS, SCALES, Settings, slug, train_options
from results_page import PAPER, TABLE_3, Spent, against_query_only, order_of, results_page, spent


def run_of(rows: Callable[..., list[dict]], folder: Path, name: str, model: str, better: float) -> Run:
    """A run whose probabilities are drawn towards the truth."""
    some = rows(60)
    for row in some:
        row["probability"] = (1 - better) * row["probability"] + better * row["anomalous"]
    folder = folder / name
    folder.mkdir()
    write_rows(some, folder / "rows.parquet")
    network = {} if model == "vit" else vars(tiny(model))
    settings = {"detector": "vit" if model == "vit" else "cmt", "network": network, "notes": {}}
    join_rows([folder / "rows.parquet"], settings, folder / "predictions.parquet")
    return Run(name, folder / "predictions.parquet")


def test_the_order_is_told_apart_or_not(rows: Callable[..., list[dict]], tmp_path: Path) -> None:
    runs = {
        "CMT": run_of(rows, tmp_path, "CMT", "cmt", 0.0),
        "CMT, view-view alone": run_of(rows, tmp_path, "CMT, view-view alone", "cmt", 0.0),
        "CMT, no alignment": run_of(rows, tmp_path, "CMT, no alignment", "cmt", 0.9),
    }
    steps = order_of(runs, TABLE_3)
    assert [(step.worse, step.better) for step in steps] == [
        ("CMT, no alignment", "CMT, view-view alone"),
        ("CMT, view-view alone", "CMT"),
    ]
    assert [step.verdict for step in steps] == ["the other way round", "not told apart"]
    assert abs(steps[1].paper - 3.1) < 1e-9
    turned = order_of({"CMT, no alignment": runs["CMT"], "CMT": runs["CMT, no alignment"]}, TABLE_3)
    assert turned[0].verdict == "as in the paper"


def test_the_page_tells_what_is_there_and_what_is_not(
    rows: Callable[..., list[dict]], tmp_path: Path
) -> None:
    runs = [run_of(rows, tmp_path, "CMT", "cmt", 0.5), run_of(rows, tmp_path, "ViT", "vit", 0.0)]
    beaten = against_query_only({run.name: run for run in runs})
    assert beaten["CMT", "ViT"].is_clear
    times = {"CMT": Spent(61_000, 1.25), "ViT": None}
    images = ["images/results/figure-7.png", "images/results/cmt-plus-attention.png"]
    page = results_page(runs, [], times, ["LFD"], "Ten chairs.", images, "## Why\n\nBecause.\n")
    assert page.index("## Does the reference help?") < page.index("Because.") < page.index("## What it took")
    assert "cmt-plus: where a patch looks in the views (figure 5)\n\n![cmt-plus:" in page
    for text in ("Ten chairs.", "**Not trained yet:** LFD.", "## Table 2", "| CMT | ViT | +9.3 |"):
        assert text in page
    assert "| CMT | 61,000 | 1.25 |" in page
    assert "![Figure 7](images/results/figure-7.png)" in page


def test_hours_are_added_up_from_a_log(tmp_path: Path) -> None:
    assert spent(tmp_path, 32) is None
    log = tmp_path / "log-joint-train.csv"
    log.write_text("step,loss,photos_per_second\n50,1.0,16\n100,1.0,8\n")
    took = spent(tmp_path, 32)
    assert took is not None
    assert took.photos == 3200
    np.testing.assert_allclose(took.hours, (100 + 200) / 3600)


def test_every_row_has_a_folder_and_a_model_of_its_scale() -> None:
    assert len({slug(row) for row in ROWS}) == len(ROWS)
    for row in ROWS:
        options = train_options(row, Settings(Path("out")), SCALES["laptop"])
        assert options.count("--views") == 1
        if row.model:
            for scale in SCALES.values():
                assert row.model + scale.suffix in PRESETS
    assert set(PAPER) <= {row.name for row in ROWS}
