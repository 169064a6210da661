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
        "box_x",
        "box_y",
        "box_width",
        "box_height",
        "azimuth_deg",
        "elevation_deg",
        "alignment",
    ),
    *("width", "height", "error"),
)
"""Of the CSV file. Boxes and sizes are in pixels of the photo; warnings are joined by `; `."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(results: Sequence[Inspection | Failure], path: Path) -> None:
    """Write one row a photo, in the order given; what is not known is empty.

    Raises:
        ConfigError: The file cannot be written.
    """
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(result) for result in results)
    temporary = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text.getvalue(), encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise ConfigError(f"{shown(path)}: the table cannot be written ({error.strerror})") from error


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
            temporary = path.with_name(path.name + ".partial")
            Image.fromarray(result.overlay()).save(temporary, "png")
            os.replace(temporary, path)
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


def _harmless(text: str) -> str:
    """The text so that a spreadsheet does not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
