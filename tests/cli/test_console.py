import io

from rich.console import Console

from looking3d.cli.console import print_table
from looking3d.evaluation.tables import Table

CONTENT = Table(
    "Methods", ("method", "area under the curve", "interval [95 %]"), [("a long name", "0.71", "0.6 to 0.8")]
)


def printed(width: int) -> str:
    file = io.StringIO()
    print_table(CONTENT, Console(file=file, width=width))
    return file.getvalue()


def test_a_table_that_fits_has_its_title_and_whole_cells() -> None:
    lines = printed(60).splitlines()
    assert lines[0].strip() == "Methods"
    assert "interval [95 %]" in printed(60)
    assert [line for line in lines if "a long name" in line and "0.6 to 0.8" in line]


def test_a_table_that_does_not_fit_is_listed_row_by_row() -> None:
    listed = "Methods a long name area under the curve: 0.71 interval [95 %]: 0.6 to 0.8"
    assert " ".join(printed(30).split()) == listed
    for width in range(10, 80):
        assert "…" not in printed(width)
        assert "0.6 to 0.8" in printed(width)
