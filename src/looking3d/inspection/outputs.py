"""Inspections as files for other programs: a table of values, and whole pictures."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from PIL import Image

from looking3d.errors import ConfigError
from looking3d.files import whole, write_whole
from looking3d.inspection.item import ItemVerdict
from looking3d.inspection.result import Failure, Inspection
from looking3d.shapes.source_file import shown

COLUMNS = (
    *(
        "name",
        "path",
        "reference",
        "verdict",
        "probability",
        "threshold",
        "threshold_from",
        "p_value",
        "trust",
        "warnings",
        "foreground",
    ),
    *(
        "part",
        "part_label",
        "kind",
        "box_x",
        "box_y",
        "box_width",
        "box_height",
        "azimuth_deg",
        "elevation_deg",
        "alignment",
    ),
    *("width", "height", "item", "item_verdict", "item_probability", "error"),
)
"""Of the CSV file. Boxes and sizes are in pixels of the photo; warnings are joined by `; `."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(results: Sequence[Inspection | Failure], path: Path, items: Sequence[ItemVerdict] = ()) -> None:
    """Write one row a photo, in the order given; what is not known is empty.

    Args:
        results: What came of the photos.
        path: The file; replaced as a whole.
        items: What photos of one item say together, for the photo's row.

    Raises:
        ConfigError: The file cannot be written.
    """
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    of_item = {id(result): _item_cells(item) for item in items for result in item.results}
    writer.writerows({**_row(result), **of_item.get(id(result), {})} for result in results)
    try:
        write_whole(path, text.getvalue().encode())
    except OSError as error:
        raise ConfigError(f"{shown(path)}: the table cannot be written ({error.strerror})") from error


def append_csv(result: Inspection | Failure, path: Path) -> None:
    """Add a photo's row to a table that `write_csv` or this function began, or begin one.

    Raises:
        ConfigError: The file holds something else, or cannot be written.
    """
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8", newline="") as file:
            file.seek(0)
            head = file.readline()
            if not head:
                writer.writeheader()
            elif head.rstrip("\r\n") != ",".join(COLUMNS):
                raise ConfigError(f"{shown(path)}: is another table; name a new file with --csv")
            elif not _ends_a_line(path):
                text.write("\n")  # a row that a power cut left half written stays as it is
            writer.writerow(_row(result))
            file.write(text.getvalue())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown(path)}: the table cannot be written ({error})") from error


def write_overlays(results: Sequence[Inspection | Failure], folder: Path) -> list[Path]:
    """Write each photo's overlay whole, as NAME.png.

    Photos of one name in several folders get a number: `chair.png`, `chair-2.png`.

    Returns:
        The files, in the order of the results that are no failures.

    Raises:
        PhotoError: A photo is gone since it was inspected.
        ConfigError: A file cannot be written.
    """
    used: Counter[str] = Counter()
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for result in results:
            if isinstance(result, Failure):
                continue
            stem = Path(result.name).stem
            used[stem.lower()] += 1
            count = used[stem.lower()]
            path = folder / (f"{stem}.png" if count == 1 else f"{stem}-{count}.png")
            with whole(path) as temporary:
                Image.fromarray(result.overlay()).save(temporary, "png")
            written.append(path)
    except OSError as error:
        raise ConfigError(f"{shown(folder)}: overlays cannot be written ({error.strerror})") from error
    return written


def _row(result: Inspection | Failure) -> dict[str, object]:
    if isinstance(result, Failure):
        return {
            "name": _harmless(result.name),
            "path": _harmless(shown(result.path)),
            "verdict": result.verdict,
            "error": _harmless(result.message),
        }
    x, y, box_width, box_height = result.box or ("", "", "", "")
    return {
        "name": _harmless(result.name),
        "path": _harmless(shown(result.source)) if isinstance(result.source, Path) else "",
        "reference": _harmless(result.reference.name),
        "verdict": result.verdict,
        "probability": f"{result.probability:.4f}",
        "threshold": f"{result.threshold:.6g}",
        "threshold_from": result.threshold_from,
        "p_value": "" if result.p_value is None else f"{result.p_value:.4f}",
        "trust": result.trust,
        "warnings": "; ".join(warning.kind for warning in result.warnings),
        "foreground": result.foreground.method if result.foreground else "",
        "part": _harmless(result.part.id) if result.part else "",
        "part_label": _harmless(result.part.label) if result.part else "",
        "kind": result.kind or "",
        "box_x": x,
        "box_y": y,
        "box_width": box_width,
        "box_height": box_height,
        "azimuth_deg": f"{result.azimuth_deg:.1f}",
        "elevation_deg": f"{result.elevation_deg:.1f}",
        "alignment": f"{result.alignment:.3f}",
        "width": result.size[0],
        "height": result.size[1],
    }


def _item_cells(item: ItemVerdict) -> dict[str, object]:
    return {
        "item": _harmless(item.name),
        "item_verdict": item.verdict,
        "item_probability": "" if item.probability is None else f"{item.probability:.4f}",
    }


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


def _harmless(text: str) -> str:
    """The text so that a spreadsheet does not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
