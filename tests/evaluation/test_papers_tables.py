import csv
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from looking3d.errors import ConfigError
from looking3d.evaluation.papers_tables import papers_tables
from looking3d.evaluation.predictions import join_rows, write_rows
from looking3d.evaluation.runs import Run
from looking3d.evaluation.tables import Table
from looking3d.evaluation.tables_files import latex, markdown, write_tables
from looking3d.model.cmt.config import preset

SETTINGS = {
    "weights_sha256": "ab" * 32,
    "dataset": "data/<test>",
    "dataset_fingerprint": "cd",
    "split": "test",
    "camera": "estimated",
    "detector": "align",
}


def cmt(name: str = "cmt", **notes: object) -> dict:
    return {"detector": "cmt", "network": asdict(preset(name)), "notes": {"model": name, **notes}}


@pytest.fixture
def made(rows: Callable[..., list[dict]], tmp_path: Path) -> Callable[..., Run]:
    """Makes a run whose anomalous photos are the surer the larger `gain` is."""

    def make(name: str, gain: float = 0.0, **settings: object) -> Run:
        path = tmp_path / name / "predictions.parquet"
        path.parent.mkdir(parents=True)
        some = rows(60)
        for row in some:
            row["probability"] = min(row["probability"] + gain * row["anomalous"], 1.0)
        write_rows(some, path.with_name("part.parquet"))
        join_rows([path.with_name("part.parquet")], {**SETTINGS, **settings}, path)
        return Run(name, path)

    return make


def by_title(tables: list[Table]) -> dict[str, Table]:
    return {table.title: table for table in tables}


def test_methods_that_see_no_reference_come_first(made: Callable[..., Run]) -> None:
    runs = [
        made("ours", 0.2),
        made("ablation", **cmt("cmt-b")),
        made("photo alone", detector="vit"),
        made("whole", 0.1, **cmt()),
    ]
    table = by_title(papers_tables(runs, "whole"))["Table 2: methods"]
    assert [row[:3] for row in table.rows] == [
        ("photo alone", "✗", ""),
        ("ours", "✓", ""),
        ("ablation", "✓", "without VLFA, 3DPE"),
        ("whole", "✓", "all"),
    ]
    ours, whole = table.rows[1], table.rows[3]
    assert ours[3] == f"{100 * runs[0].figures['auroc']:.1f}"
    assert ours[5] == f"{100 * runs[0].figures['accuracy']:.1f}"
    assert table.heads[8:10] == ("AUC - whole", "accuracy - whole")
    assert whole[8:10] == ("-", "-")
    difference = 100 * (runs[0].figures["auroc"] - runs[3].figures["auroc"])
    assert re.fullmatch(rf"\{difference:+.1f} \[\+\d.*, \+\d.*\] \*", ours[8])
    assert table.intervals[1] is not None
    assert "AUC - whole" not in by_title(papers_tables(runs))["Table 2: methods"].heads
    with pytest.raises(ConfigError, match="unknown run 'other'; choose one of: ablation, ours"):
        papers_tables(runs, "other")


def test_a_network_for_viewpoints_is_in_its_own_table_alone(made: Callable[..., Run]) -> None:
    runs = [made("whole", **cmt()), made("told", detector="viewpoint")]
    tables = by_title(papers_tables(runs, "whole"))
    assert [row[0] for row in tables["Table 2: methods"].rows] == ["whole"]
    assert [row[0] for row in tables["Viewpoint, normal photos (5.1)"].rows] == ["whole", "told"]
    assert by_title(papers_tables(runs[1:])).keys() == {"Viewpoint, normal photos (5.1)"}


def test_losses_of_alignment_are_those_noted_with_the_weights(made: Callable[..., Run]) -> None:
    runs = [
        made("both", **cmt()),
        made("none", **cmt(view_view=False, query_view=False)),
        made("views", **cmt(query_view=False)),
        made("photos", **cmt(view_view=False)),
        made("other", **cmt("cmt-a")),
    ]
    table = by_title(papers_tables(runs))["Table 3: losses of alignment"]
    assert [row[:3] for row in table.rows] == [
        ("none", "✗", "✗"),
        ("photos", "✗", "✓"),
        ("views", "✓", "✗"),
        ("both", "✓", "✓"),
    ]
    assert "Table 3: losses of alignment" not in by_title(papers_tables(runs[:1]))


def test_candidates_and_views_are_those_of_the_test(made: Callable[..., Run], tmp_path: Path) -> None:
    runs = [
        made("as trained", **cmt()),
        made("fewer", **cmt(), top_k=16, views=None),
        made("all", 0.1, **cmt(), top_k="all", views=None),
        made("five", **cmt(views=6), top_k=None, views=5),
    ]
    table = by_title(papers_tables(runs))["Figure 7: candidates and views"]
    assert [row[:4] for row in table.rows] == [
        ("as trained", "100", "10", "20"),
        ("fewer", "16", "10", "20"),
        ("all", "all", "10", "20"),
        ("five", "100", "6", "5"),
    ]
    write_tables([table], runs, tmp_path / "out")
    assert (tmp_path / "out" / "sensitivity.png").read_bytes().startswith(b"\x89PNG")
    # One run leaves nothing to plot, and what was there goes.
    write_tables([table], runs[:1], tmp_path / "out")
    assert not (tmp_path / "out" / "sensitivity.png").exists()


def test_every_file_holds_every_cell(made: Callable[..., Run], tmp_path: Path) -> None:
    runs = [made("a_b & <c> 100%", **cmt()), made("align")]
    tables = papers_tables(runs)
    page = write_tables(tables, runs, tmp_path / "out").read_text()
    assert page.startswith("<!doctype html>")
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "<th>a_b &amp; &lt;c&gt; 100%</th>" in page
    assert "data/&lt;test&gt; (cd)" in page
    rows = list(csv.reader((tmp_path / "out" / "tables.csv").read_text().splitlines()))
    for table in tables:
        assert [table.title] in rows
        assert all(list(row) in rows for row in table.rows)
        for cell in table.rows[-1][1:]:
            assert f"<td>{cell}</td>" in page
    assert "| a_b & <c> 100% | ✓ | all |" in (tmp_path / "out" / "tables.md").read_text()
    assert r"a\_b \& <c> 100\%" in (tmp_path / "out" / "tables.tex").read_text()


def test_markdown_and_latex_of_a_small_table() -> None:
    table = Table("T", ("method", "AUC"), [("a|b", "✓"), ("c_d", "84.7")])
    assert markdown(table) == "## T\n\n| method | AUC |\n| --- | ---: |\n| a\\|b | ✓ |\n| c_d | 84.7 |\n"
    assert latex(table).splitlines()[3:] == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"method & AUC \\",
        r"\midrule",
        r"a|b & \checkmark{} \\",
        r"c\_d & 84.7 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
