import io

from rich.console import Console

from looking3d.cli.console import print_table
from looking3d.evaluation.tables import Table

CONTENT = Table(
    "Methods", ("method", "area under the curve", "interval [95 %]"), [("a long name", "0.71", "0.6 to 0.8")]
)


def printed(width: int, content: Table = CONTENT) -> str:
    file = io.StringIO()
    print_table(content, Console(file=file, width=width))
    return file.getvalue()


def test_a_table_that_fits_has_its_title_and_whole_cells() -> None:
    lines = printed(60).splitlines()
    assert lines[0].strip() == "Methods"
    assert "interval [95 %]" in printed(60)
    assert [line for line in lines if "a long name" in line and "0.6 to 0.8" in line]


def test_a_table_that_does_not_fit_is_listed_row_by_row() -> None:
    listed = "Methods a long name area under the curve: 0.71 interval [95 %]: 0.6 to 0.8"
    assert " ".join(printed(30).split()) == listed
    for width in range(10, 80):  # heads wrap at some of them, and the names of rows never do
        assert "…" not in printed(width)
        assert "0.6 to 0.8" in printed(width)


def test_heads_give_way_before_cells_do() -> None:
    heads = ("method", "box AP50", "AP75", "AP 0.50 to 0.95", "pixel AUROC", "AUPRO", "AUC", "accuracy")
    content = Table("Localisation", heads, [("ResNet18-FPN", *["50.0"] * 7)])
    for width in range(60, 100):
        assert "ResNet18-FPN" in printed(width, content)
        assert "…" not in printed(width, content)
