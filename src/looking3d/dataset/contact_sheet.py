"""A page of photos with their masks outlined, to look a dataset over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from looking3d.dataset.load import Dataset
from looking3d.dataset.schema import Sample

_ROWS, _COLUMNS = 8, 8
_CELL_PX = 200
_CAPTION_PX = 18
_RED, _GREEN, _BLUE = (220, 40, 40), (20, 150, 60), (40, 90, 220)


def write_contact_sheet(dataset: Dataset, path: Path) -> Path:
    """Write a sheet: a row a shape, its photos captioned with the kind of anomaly.

    A red line bounds the anomalous part as photographed, a green one where the reference has it.
    """
    by_shape = dataset.by_shape("all")
    shapes = list(by_shape.values())[:: max(1, len(by_shape) // _ROWS)][:_ROWS]
    rows = [_row(dataset, samples) for samples in shapes]
    Image.fromarray(np.concatenate(rows, 0)).save(path, quality=88)
    return path


def kind_sheet(datasets: Sequence[Dataset], kind: str, rows: int = 3) -> np.ndarray:
    """A sheet of photos of one kind, spread evenly over all there are, with the box of what changed.

    Args:
        datasets: Whose photos; at least one is of the kind.
        kind: `normal` or a kind of anomaly.
        rows: Rows of eight photos at most.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    found = [(dataset, sample) for dataset in datasets for sample in dataset.samples if sample.kind == kind]
    chosen = np.linspace(0, len(found) - 1, min(rows * _COLUMNS, len(found))).astype(int)
    cells = [_cell(*found[i], box=True) for i in chosen]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % _COLUMNS)
    return np.concatenate(
        [np.concatenate(cells[i : i + _COLUMNS], 1) for i in range(0, len(cells), _COLUMNS)], 0
    )


def _row(dataset: Dataset, samples: list[Sample]) -> np.ndarray:
    # Anomalous photos come last in a shape: take normal ones and anomalous ones alike.
    chosen = [samples[i] for i in np.linspace(0, len(samples) - 1, min(_COLUMNS, len(samples))).astype(int)]
    cells = [_cell(dataset, sample) for sample in chosen]
    cells += [np.full_like(cells[0], 255)] * (_COLUMNS - len(cells))
    return np.concatenate(cells, 1)


def _cell(dataset: Dataset, sample: Sample, box: bool = False) -> np.ndarray:
    photo = cv2.resize(dataset.photo(sample), (_CELL_PX, _CELL_PX), interpolation=cv2.INTER_AREA)
    masks = dataset.masks(sample)
    for mask, color in ((masks.before, _GREEN), (masks.after, _RED)):
        large = cv2.resize(mask.astype(np.uint8), (_CELL_PX, _CELL_PX), interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(photo, outlines, -1, color, 1)
    if box and sample.anomalous:
        scale = _CELL_PX / sample.camera.width
        x, y, width, height = (round(value * scale) for value in sample.box)
        cv2.rectangle(photo, (x, y), (x + width - 1, y + height - 1), _BLUE, 1)
    caption = Image.new("RGB", (_CELL_PX, _CAPTION_PX), "white")
    label = sample.kind if not sample.anomalous else f"{sample.kind}: {sample.part_label.rsplit('/', 1)[-1]}"
    ImageDraw.Draw(caption).text(
        (4, 2), label, "black" if not sample.anomalous else _RED, ImageFont.load_default(12)
    )
    return np.concatenate([photo, np.asarray(caption)], 0)
