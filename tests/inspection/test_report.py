import base64
import dataclasses
import html.parser
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from looking3d.errors import ConfigError
from looking3d.inspection.conformal import calibrate_scores
from looking3d.inspection.item import join
from looking3d.inspection.photo_quality import QualityWarning
from looking3d.inspection.reference import Reference
from looking3d.inspection.report import item_table, line, table, write_html, write_page
from looking3d.inspection.result import Failure, Inspection
from looking3d.photos.foreground import Foreground

Make = Callable[..., Inspection]
NASTY = "<script>alert('x')</script>&\x1b[31m.jpg"


@pytest.fixture
def results(inspection: Make) -> list[Inspection | Failure]:
    return [
        inspection("one.jpg"),
        inspection("two.jpg", probability=0.1),
        inspection("three.jpg", alignment=0.3),
        Failure(NASTY, Path(NASTY), f"{NASTY}: is empty"),
        inspection(NASTY, hot=False),
    ]


class Page(html.parser.HTMLParser):
    """The tags and the text of a page; void and closing tags are checked on the way."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def text(results: list[Inspection | Failure], reference: Reference, tmp_path: Path) -> str:
    path = tmp_path / "made" / "page.html"
    write_html(results, reference, path)
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]
    return path.read_text("utf-8")


def test_a_page_says_what_was_found(text: str) -> None:
    page = Page(text)
    words = re.sub(r"\s+", " ", page.text)
    assert "ell.glb: photos against the 3D model" in words
    assert (
        "5 photos: 1 as the model says, 2 different from it, 1 could not be aligned, 1 not inspected."
        in words
    )
    assert "the probability that it differs is 50 % or more" in words
    assert "Differs from the model, most strongly at the lower left: foot." in words
    assert "Looks as the model says." in words
    assert "Could not be aligned: the outlines overlap by 30 %" in words
    assert "Part that differs mostfoot (part/foot)" in page.text.replace("\n", "")
    assert "Threshold0.5 (default)" in page.text.replace("\n", "")
    assert "Seen from: front right, 25 degrees above." in words
    articles = page.all("article")
    assert [article["id"] for article in articles] == [f"photo-{n}" for n in range(1, 6)]
    links = [link["href"] for link in page.all("a")]
    assert links == ["#photo-1", "#photo-3", "#photo-4", "#photo-5"]


def test_a_page_is_one_file_with_pictures_that_fit(text: str) -> None:
    pictures = Page(text).all("img")
    # Four of the reference; photo, drawing, overlay, view of each that was aligned; three if not.
    assert len(pictures) == 4 + 3 * 4 + 3
    for picture in pictures:
        assert picture["alt"]
        kind, data = str(picture["src"]).split(",", 1)
        assert kind in ("data:image/png;base64", "data:image/jpeg;base64")
        assert max(Image.open(io.BytesIO(base64.b64decode(data))).size) <= 480
    assert not re.search(r"https?://|<link|<script|@import|url\(", text)
    assert "prefers-color-scheme: dark" in text


def test_names_are_escaped(text: str) -> None:
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\ufffd[31m.jpg" in text


def test_the_title_and_an_empty_list(reference: Reference, tmp_path: Path) -> None:
    write_html([], reference, tmp_path / "page.html", title="Line 3 <night>")
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert "Line 3 <night>" in page.text
    assert "0 photos." in page.text


def test_the_same_results_give_the_same_bytes(
    text: str, results: list[Inspection | Failure], reference: Reference, tmp_path: Path
) -> None:
    write_html(results, reference, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text("utf-8") == text


def test_a_page_that_cannot_be_written(reference: Reference, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"page\.html: the page cannot be written \(.+\)"):
        write_html([], reference, tmp_path / "file" / "page.html")


def test_the_table(results: list[Inspection | Failure]) -> None:
    console = Console(width=120, file=io.StringIO(), color_system=None)
    console.print(table(results))
    written = console.file.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in written.splitlines() if "│" in line]
    assert rows == [
        ["one.jpg", "anomalous", "90 %", "lower left", "foot", "front right, 25 degrees above"],
        ["two.jpg", "normal", "10 %", "", "", "front right, 25 degrees above"],
        ["three.jpg", "unsure", "", "", "", "could not align"],
        [NASTY.replace("\x1b", "\ufffd"), "error", "", "", "", ""],
        [NASTY.replace("\x1b", "\ufffd"), "anomalous", "90 %", "", "", "front right, 25 degrees above"],
    ]
    assert "5 photos: 1 normal, 2 anomalous, 1 could not be aligned, 1 not inspected" in written


def test_square_brackets_in_names_are_no_markup(inspection: Make) -> None:
    console = Console(width=100, file=io.StringIO())
    console.print(table([inspection("[red]a[/red].jpg")]))
    assert "[red]a[/red].jpg" in console.file.getvalue()


def test_doubts_and_foregrounds_are_shown(inspection: Make, reference: Reference, tmp_path: Path) -> None:
    dark = QualityWarning("dark", "The photo is too dark <here>.")
    plain, network = Foreground("plain", "even ground"), Foreground("network", "busy ground")
    results = [
        dataclasses.replace(inspection("one.jpg"), warnings=(dark,), foreground=plain),
        dataclasses.replace(inspection("two.jpg"), foreground=plain),
        dataclasses.replace(inspection("three.jpg"), foreground=network),
    ]
    console = Console(width=120, file=io.StringIO(), color_system=None)
    console.print(table(results))
    written = console.file.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in written.splitlines() if "│" in line]
    assert [row[-1] for row in rows] == ["dark", "", ""]
    assert "foreground: 2 plain (even ground), 1 network (busy ground)" in written
    write_html(results, reference, tmp_path / "page.html")
    page = Page((tmp_path / "page.html").read_text("utf-8"))
    assert page.text.count("The photo is too dark <here>.") == 1
    assert "Object found byplain (even ground)" in page.text.replace("\n", "")


def test_thresholds_and_p_values_are_shown(inspection: Make, reference: Reference, tmp_path: Path) -> None:
    made = calibrate_scores([0.2, 0.3, 0.4], false_alarm_rate=0.25)
    found = dataclasses.replace(
        inspection("one.jpg"), threshold=made.threshold, threshold_from="calibration", calibration=made
    )
    far = dataclasses.replace(found, detection=dataclasses.replace(found.detection, alignment=0.1))
    console = Console(width=120, file=io.StringIO(), color_system=None)
    console.print(table([found, far, Failure("a.jpg", Path("a.jpg"), "a.jpg: is empty")]))
    written = console.file.getvalue()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in written.splitlines() if "│" in line]
    assert [row[3] for row in rows] == ["0.25", "", ""]
    assert "threshold: 0.4 (by calibration)" in written
    write_html([found], reference, tmp_path / "page.html")
    text = Page((tmp_path / "page.html").read_text("utf-8")).text
    assert "40 % (by calibration)" in text
    assert "p-value0.25: at most that share of good photos" in text.replace("\n", "")
    write_html([dataclasses.replace(found, threshold=1.0000000000000002)], reference, tmp_path / "page.html")
    assert "left: 100.0%" in (tmp_path / "page.html").read_text("utf-8")


def test_the_table_of_items(inspection: Make) -> None:
    failure = Failure("b.jpg", Path("b.jpg"), "b.jpg: is empty")
    items = [
        join([inspection("a.jpg"), failure], "[red]1[/red]"),
        join([inspection(probability=0.1)], "2"),
        join([inspection(alignment=0.1)], "3"),
        join([failure], "4"),
    ]
    console = Console(width=120, file=io.StringIO(), color_system=None)
    console.print(item_table(items, "chairs"))
    written = console.file.getvalue()
    rows = [[cell.strip() for cell in row.split("│")[1:-1]] for row in written.splitlines() if "│" in row]
    assert rows == [
        ["[red]1[/red]", "anomalous", "90 %", "1 of 2", "foot", "a.jpg"],
        ["2", "normal", "10 %", "1 of 1", "", ""],
        ["3", "unsure", "", "0 of 1", "", ""],
        ["4", "error", "", "0 of 1", "", ""],
    ]
    assert "4 items: 1 normal, 1 anomalous, 1 could not be aligned, 1 not inspected" in written


def test_items_on_the_page(inspection: Make, reference: Reference, tmp_path: Path) -> None:
    results = [
        dataclasses.replace(inspection(f"{name}.jpg"), source=tmp_path / folder / f"{name}.png")
        for folder, name in (("<i>7", "a"), ("<i>7", "b"), ("8", "c"))
    ]
    for result in results:
        assert isinstance(result.source, Path)
        result.source.parent.mkdir(exist_ok=True)
        Image.fromarray(inspection().photo.image).save(result.source)
    write_page([(reference, results)], tmp_path / "page.html", together=True)
    text = (tmp_path / "page.html").read_text("utf-8")
    words = re.sub(r"\s+", " ", Page(text).text)
    assert "differs <i>7 90 %: Differs from the model at the foot, by 2 of 2 photos; a.jpg shows" in words
    assert "differs 8 90 %: Differs from the model at the foot, by 1 of 1 photo" in words
    assert words.count("8/c.jpg") == 2  # the link and the card
    write_page([(reference, results)], tmp_path / "page.html")
    assert "by all of their photos" not in (tmp_path / "page.html").read_text("utf-8")


def test_a_photo_on_a_line(inspection: Make) -> None:
    made = calibrate_scores([0.2, 0.3, 0.4])
    dark = dataclasses.replace(inspection("a\x1b.jpg"), warnings=(QualityWarning("dark", "Too dark."),))
    assert line(dark).plain == "anomalous    90 %  a\ufffd.jpg  lower left  foot  dark"
    rated = dataclasses.replace(inspection(probability=0.1), calibration=made)
    assert line(rated, "chair").plain == "normal       10 %, p-value 1  chair/photo.png"
    assert line(inspection(alignment=0.1)).plain == "unsure     photo.png"
    assert (
        line(Failure("b.jpg", Path("b.jpg"), "b.jpg: is empty")).plain == "error      b.jpg  b.jpg: is empty"
    )
