"""A sheet of photos and of what was said of them, to be looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from real_answers import Answer

from looking3d.inspection.words import percent

CELL_PX = 208
_CAPTION_PX, _GAP_PX, _BAND_PX, _HEAD_PX = 36, 14, 8, 26
_FOUND, _TRUE, _GREY = (235, 50, 200), (60, 220, 90), (90, 90, 90)
_HEADS = (
    "photo (pink: what is wrong)",
    "outline found (green: true)",
    "the model drawn there",
    "what differs",
)
_COLORS = {"right": (24, 150, 70), "wrong": (214, 40, 40), "unsure": (214, 150, 20)}


def fitted(image: np.ndarray) -> np.ndarray:
    """(CELL_PX, CELL_PX, 3) uint8 RGB, a picture whole in a white square."""
    height, width = image.shape[:2]
    scale = CELL_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cell = np.full((CELL_PX, CELL_PX, 3), 255, np.uint8)
    top, left = (CELL_PX - size[1]) // 2, (CELL_PX - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=way)
    return cell


def outlined(cell: np.ndarray, truth: np.ndarray | None, found: np.ndarray | None) -> np.ndarray:
    """The cell with the edges of what is true in green and, over it, of what was found in pink.

    Args:
        cell: Of a photo, as `fitted` makes it.
        truth, found: (height, width) bool, at the photo's size.
    """
    cell = np.ascontiguousarray(cell.copy())
    for mask, color in ((truth, _TRUE), (found, _FOUND)):
        if mask is None or not mask.any():
            continue
        # In white on black; what is beside the photo is white as well, and no object.
        three = np.repeat(mask[..., None], 3, -1).astype(np.uint8)
        black, white = fitted(0 * three), fitted(255 * three)
        shown = (white[..., 0] >= 128) & (black[..., 0] == 0)
        edges, _ = cv2.findContours(shown.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(cell, edges, -1, color, 1)
    return cell


def strip(answer: Answer, cells: Sequence[np.ndarray]) -> np.ndarray:
    """(height, width, 3) uint8 RGB, a photo's cells under what was said and what is so."""
    color = _COLORS[answer.outcome]
    said = "could not align" if answer.verdict == "unsure" else answer.verdict
    share = "" if answer.verdict == "unsure" else f", {percent(answer.probability)} anomalous"
    truth = answer.kind if not answer.part else f"{answer.kind} ({answer.part})"
    overlaps = (
        f"object by {answer.method}: IoU {answer.mask_iou:.2f}",
        f"drawing: IoU {answer.drawing_iou:.2f}",
        f"overlap as seen by itself: {answer.alignment:.2f}",
    )
    caption = Image.new("RGB", (len(cells) * CELL_PX, _CAPTION_PX), "white")
    draw = ImageDraw.Draw(caption)
    draw.text((4, 1), f"{answer.outcome}: {said}{share}", color, ImageFont.load_default(14))
    draw.text((CELL_PX + 100, 1), f"truth: {truth[:60]}", "black", ImageFont.load_default(14))
    draw.text((4, 18), "     ".join(overlaps), _GREY, ImageFont.load_default(12))
    right = len(cells) * CELL_PX - 4, 18
    draw.text(right, f"{answer.design[:40]} {answer.photo}", _GREY, ImageFont.load_default(12), anchor="ra")
    told = np.concatenate([np.asarray(caption), np.concatenate(list(cells), 1)], 0)
    band = np.full((told.shape[0], _BAND_PX, 3), color, np.uint8)
    return np.concatenate([band, told], 1)


def sheet(strips: Sequence[np.ndarray], columns: int = 2) -> np.ndarray:
    """(height, width, 3) uint8 RGB, the strips in rows, the first at the top left; what each cell is stands
    above them."""
    height, width = strips[0].shape[:2]
    rows = math.ceil(len(strips) / columns)
    top = _HEAD_PX + _GAP_PX
    page = np.full((top + rows * (height + _GAP_PX), columns * (width + _GAP_PX) + _GAP_PX, 3), 255, np.uint8)
    for i, picture in enumerate(strips):
        y, x = top + i // columns * (height + _GAP_PX), _GAP_PX + i % columns * (width + _GAP_PX)
        page[y : y + height, x : x + width] = picture
    image = Image.fromarray(page)
    draw = ImageDraw.Draw(image)
    for i in range(min(columns, len(strips))):
        for j, head in enumerate(_HEADS):
            x = _GAP_PX + i * (width + _GAP_PX) + _BAND_PX + j * CELL_PX + 4
            draw.text((x, 6), head, "black", ImageFont.load_default(13))
    return np.asarray(image)
