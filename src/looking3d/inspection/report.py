"""Inspections to look at: a table for the terminal, and a page that is one file."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from rich.table import Table
from rich.text import Text

from looking3d import __version__
from looking3d.errors import ConfigError
from looking3d.files import write_whole
from looking3d.inspection.item import ItemVerdict, items_by_folder
from looking3d.inspection.reference import VIEWS, Reference, view_azimuth_deg
from looking3d.inspection.result import Failure, Inspection
from looking3d.inspection.words import count_of, kind_in_words, percent, side
from looking3d.pages import page_template
from looking3d.shapes.source_file import shown

PICTURE_PX = 480
"""Longer side of a photo's pictures on the page."""

_TURNTABLE = tuple(range(0, VIEWS, VIEWS // 4))
_JPEG_QUALITY = 85
_STYLES = {"normal": "green", "anomalous": "bold red", "unsure": "yellow", "error": "magenta"}
_BADGES = {
    "normal": "as the model",
    "anomalous": "differs",
    "unsure": "could not align",
    "error": "not inspected",
}
_TERMS = {
    "normal": "normal",
    "anomalous": "anomalous",
    "unsure": "could not be aligned",
    "error": "not inspected",
}
_SOURCES = {"given": "as given", "calibration": "by calibration", "default": "default"}
_PLAIN_TERMS = {**_TERMS, "normal": "as the model says", "anomalous": "different from it"}


def table(results: Sequence[Inspection | Failure], title: str | None = None) -> Table:
    """A table for the terminal, one row a photo, in the order given."""
    caption = "\n".join([_counted(results, _TERMS), *_thresholds(results), *_foregrounds(results)])
    rows = Table(title=title, title_justify="left", caption=Text(caption), caption_justify="left")
    rows.add_column("photo", overflow="fold")
    rows.add_column("verdict", no_wrap=True)
    rows.add_column("probability", justify="right", no_wrap=True)
    rated = any(_p_value(result) for result in results)
    if rated:
        rows.add_column("p-value", justify="right", no_wrap=True)
    rows.add_column("where", no_wrap=True)
    named = any(_part(result) for result in results)
    if named:
        rows.add_column("part")
    rows.add_column("seen from")
    noted = any(_notes(result) for result in results)
    if noted:
        rows.add_column("doubts")
    for result in results:
        cells = [*_cells(result), *([(_notes(result), "yellow")] if noted else [])]
        if named:
            cells.insert(4, (_part(result), ""))
        if rated:
            cells.insert(3, (_p_value(result), ""))
        rows.add_row(*(Text(cell, style) for cell, style in cells))
    return rows


def item_table(items: Sequence[ItemVerdict], title: str | None = None) -> Table:
    """A table for the terminal, one row an item, in the order given."""
    counts = Counter(item.verdict for item in items)
    found = ", ".join(f"{counts[verdict]} {term}" for verdict, term in _TERMS.items() if counts[verdict])
    caption = Text(f"{count_of(len(items), 'item', 'items')}: {found}")
    rows = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for head in ("item", "verdict", "probability", "photos that count", "part", "shown best by"):
        rows.add_column(head, justify="right" if head in ("probability", "photos that count") else "left")
    for item in items:
        odd = item.verdict == "anomalous"
        best = item.strongest.name if odd and item.strongest is not None else ""
        rows.add_row(
            Text(_printable(item.name)),
            Text(item.verdict, _STYLES[item.verdict]),
            "" if item.probability is None else percent(item.probability),
            f"{len(item.counted)} of {len(item.results)}",
            Text(item.part.name if odd and item.part is not None else ""),
            Text(_printable(best)),
        )
    return rows


def line(result: Inspection | Failure, id: str | None = None) -> Text:
    """One photo on one line, for a terminal that goes on and on."""
    cells = [
        _verdict_cell(result.verdict),
        Text(_printable(result.name if id is None else f"{id}/{result.name}")),
    ]
    if isinstance(result, Failure):
        cells.append(Text(_printable(result.message)))
    elif result.aligned:
        p_value = f", p-value {_p_value(result)}" if result.p_value is not None else ""
        cells.insert(1, Text(f"{percent(result.probability):>6}{p_value}"))
        odd = result.verdict == "anomalous"
        cells += [
            Text(text) for text in (result.where if odd else None, _part(result), _notes(result)) if text
        ]
    return Text("  ").join(cells)


def _verdict_cell(verdict: str) -> Text:
    return Text(f"{verdict:<9}", _STYLES[verdict])


def write_html(
    results: Sequence[Inspection | Failure], reference: Reference, path: Path, title: str | None = None
) -> None:
    """Write a page that explains itself: one file that needs no other and asks no network.

    Args:
        results: A card each, in the order given.
        reference: What the photos were inspected against.
        path: The page; replaced as a whole, its folder created.
        title: By default one that names the reference.

    Raises:
        PhotoError: A photo is gone since it was inspected.
        ConfigError: The page cannot be written.
    """
    write_page([(reference, results)], path, title)


def write_page(
    sections: Sequence[tuple[Reference, Sequence[Inspection | Failure]]],
    path: Path,
    title: str | None = None,
    together: bool = False,
) -> None:
    """As `write_html`, with a section for each reference and its photos' results.

    Args:
        sections: References, and what came of the photos that were inspected against them.
        path: The page.
        title: By default one that names the references.
        together: Whether each folder of photos is an item with a verdict of its own.
    """
    results = [result for _, of_reference in sections for result in of_reference]
    if title is None:
        names = [reference.name for reference, _ in sections]
        title = (
            f"{names[0]}: photos against the 3D model"
            if len(names) == 1
            else f"{len(names)} references: photos against their 3D models"
        )
    page = page_template("looking3d.inspection", "report.html.jinja").render(
        title=_printable(title),
        counts=_counted(results, _PLAIN_TERMS),
        threshold=_threshold(results),
        sections=_sections(sections, together),
        version=__version__,
    )
    try:
        write_whole(path, page.encode())
    except OSError as error:
        raise ConfigError(f"{shown(path)}: the page cannot be written ({error.strerror})") from error


def _sections(
    sections: Sequence[tuple[Reference, Sequence[Inspection | Failure]]], together: bool
) -> list[dict[str, object]]:
    """What the template shows of each reference; cards are numbered through."""
    shown_sections, first = [], 1
    for number, (reference, results) in enumerate(sections, 1):
        shown_sections.append(
            {
                "id": f"reference-{number}",
                "reference": _printable(reference.name),
                "parts": count_of(len(reference.shape.parts), "part", "parts"),
                "turntable": [
                    (side(view_azimuth_deg(view)), _png(reference.view(view))) for view in _TURNTABLE
                ],
                "counts": _counted(results, _PLAIN_TERMS),
                "items": [_item(item) for item in items_by_folder(results)] if together else [],
                "look_first": _worth_a_look(results, first, together),
                "cards": [_card(index, result, together) for index, result in enumerate(results, first)],
            }
        )
        first += len(results)
    return shown_sections


def _cells(result: Inspection | Failure) -> list[tuple[str, str]]:
    """A row of the table: text and style of each cell."""
    verdict = (result.verdict, _STYLES[result.verdict])
    name = (_printable(result.name), "")
    if isinstance(result, Failure):
        return [name, verdict, ("", ""), ("", ""), ("", "")]
    if not result.aligned:
        return [name, verdict, ("", ""), ("", ""), ("could not align", "dim")]
    where = result.where if result.verdict == "anomalous" else None
    return [name, verdict, (percent(result.probability), ""), (where or "", ""), (result.seen_from, "")]


def _part(result: Inspection | Failure) -> str:
    """What differs, as `front left leg: missing`; empty if nothing does, or if it is not known."""
    if isinstance(result, Failure) or result.verdict != "anomalous":
        return ""
    return result.what or ""


def _p_value(result: Inspection | Failure) -> str:
    """As `0.05`; empty if there is none."""
    p_value = None if isinstance(result, Failure) else result.p_value
    return "" if p_value is None else f"{p_value:.2g}"


def _thresholds(results: Sequence[Inspection | Failure]) -> list[str]:
    """What photos were measured by and where that came from, as a line; none if it is the default."""
    found = {
        (result.threshold, result.threshold_from)
        for result in results
        if isinstance(result, Inspection) and result.threshold_from != "default"
    }
    return [f"threshold: {value:.3g} ({_SOURCES[source]})" for value, source in sorted(found)]


def _notes(result: Inspection | Failure) -> str:
    """The warnings in a word or two each."""
    return "" if isinstance(result, Failure) else ", ".join(warning.kind for warning in result.warnings)


def _foregrounds(results: Sequence[Inspection | Failure]) -> list[str]:
    """How the objects were found, as a line; none if nothing is known of it."""
    found = Counter(str(r.foreground) for r in results if isinstance(r, Inspection) and r.foreground)
    if len(found) < 2:
        return [f"foreground: {way}" for way in found]
    return ["foreground: " + ", ".join(f"{count} {way}" for way, count in found.most_common())]


def _card(number: int, result: Inspection | Failure, together: bool) -> dict[str, object]:
    """What the template shows of one photo."""
    card: dict[str, object] = {
        "id": f"photo-{number}",
        "name": _name(result, together),
        "verdict": result.verdict,
        "badge": _BADGES[result.verdict],
    }
    if isinstance(result, Failure):
        return {**card, "summary": _printable(result.message)}
    return {
        **card,
        "summary": result.summary,
        "warnings": [warning.message for warning in result.warnings],
        "trust": result.trust,
        "foreground": None if result.foreground is None else str(result.foreground),
        "aligned": result.aligned,
        "photo": _jpeg(result.picture(PICTURE_PX)),
        "drawing": _png(result.drawing(PICTURE_PX)),
        "overlay": _jpeg(result.overlay(PICTURE_PX)) if result.aligned else None,
        "part": None if result.part is None else f"{result.part.name} ({_printable(result.part.label)})",
        "kind": None if result.kind is None else kind_in_words(result.kind),
        "p_value": _p_value(result),
        "threshold": f"{result.threshold:.3g} ({_SOURCES[result.threshold_from]})",
        "percent": percent(result.probability),
        "share": f"{result.probability * 100:.1f}",
        "mark": f"{min(result.threshold, 1) * 100:.1f}",
        "seen_from": result.seen_from,
        "azimuth": f"{result.azimuth_deg:.0f}",
        "elevation": f"{result.elevation_deg:.0f}",
        "alignment": f"{int(result.alignment * 100)} %",
        "size": "{} x {} px".format(*result.size),
        "box": None
        if result.box is None or not result.aligned
        else "x {}, y {}, {} x {} px".format(*result.box),
        "view": _png(result.reference.view(result.closest_view)),
        "view_azimuth": f"{view_azimuth_deg(result.closest_view):.0f}",
    }


def _item(item: ItemVerdict) -> dict[str, object]:
    """What the template shows of several photos together."""
    return {
        "name": _printable(item.name),
        "verdict": item.verdict,
        "badge": _BADGES[item.verdict],
        "percent": "" if item.probability is None else f"{percent(item.probability)}: ",
        "summary": _printable(item.summary),
    }


def _name(result: Inspection | Failure, together: bool) -> str:
    """The photo's name; with that of its folder, which is the item's, if photos are judged together."""
    path = result.path if isinstance(result, Failure) else result.source
    if together and isinstance(path, Path):
        return _printable(f"{path.resolve().parent.name}/{result.name}")
    return _printable(result.name)


def _worth_a_look(
    results: Sequence[Inspection | Failure], first: int, together: bool
) -> list[dict[str, str]]:
    """Links to the cards that are not normal, in the order given."""
    return [
        {"id": f"photo-{number}", "name": _name(result, together), "verdict": result.verdict}
        for number, result in enumerate(results, first)
        if result.verdict != "normal"
    ]


def _counted(results: Sequence[Inspection | Failure], terms: dict[str, str]) -> str:
    """How many photos came out how, as `3 photos: 2 normal, 1 anomalous`."""
    counts = Counter(result.verdict for result in results)
    found = [f"{counts[verdict]} {term}" for verdict, term in terms.items() if counts[verdict]]
    return count_of(len(results), "photo", "photos") + (": " + ", ".join(found) if found else "")


def _threshold(results: Sequence[Inspection | Failure]) -> str | None:
    """The thresholds, one for each inspector, and where they came from."""
    found = {(r.threshold, r.threshold_from) for r in results if isinstance(r, Inspection)}
    shown_ones = [
        f"{threshold * 100:.3g} %" + (" (by calibration)" if source == "calibration" else "")
        for threshold, source in sorted(found)
    ]
    return ", ".join(shown_ones) or None


def _printable(text: str) -> str:
    """The text on one line without what a terminal or a page would obey or choke on."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _png(image: np.ndarray) -> str:
    return _data_uri(image, "png", optimize=True)


def _jpeg(image: np.ndarray) -> str:
    return _data_uri(image, "jpeg", quality=_JPEG_QUALITY)


def _data_uri(image: np.ndarray, kind: str, **options: object) -> str:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
