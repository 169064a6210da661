"""Pictures of a reference: a thumbnail, a turntable, and one to confirm up and front by."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from looking3d.geometry.camera import Camera, orbit
from looking3d.inspection.enrolment.prepare import Prepared
from looking3d.inspection.reference import Reference
from looking3d.inspection.words import percent
from looking3d.render.reference import VIEW_ELEVATION_RAD, grey_image

THUMBNAIL_PX = 256
TURNTABLE_VIEWS, _TURNTABLE_PX = 8, 192
_CELL_PX, _CAPTION_PX, _HEAD_PX = 288, 26, 58
_ELEVATION_RAD = math.radians(15)
_AXES = (
    ("right", (1.0, 0.0, 0.0), (196, 40, 40)),
    ("up", (0.0, 1.0, 0.0), (20, 130, 50)),
    ("front", (0.0, 0.0, 1.0), (30, 80, 210)),
)
_ARROW = 0.72
_END_ON = math.cos(math.radians(30))  # an arrow that points so nearly at the viewer tells nothing
_SIDES = (("front", 0), ("right side", 90), ("back", 180), ("left side", 270))


def thumbnail(reference: Reference) -> np.ndarray:
    """(256, 256) uint8, from the front right and a little above."""
    camera = orbit(math.radians(35), math.radians(20), THUMBNAIL_PX)
    return grey_image(reference.raycaster, camera)


def turntable(reference: Reference) -> np.ndarray:
    """(384, 768) uint8, eight views around it, the first from the front, turning to the right."""
    views = [
        grey_image(
            reference.raycaster, orbit(2 * math.pi * i / TURNTABLE_VIEWS, VIEW_ELEVATION_RAD, _TURNTABLE_PX)
        )
        for i in range(TURNTABLE_VIEWS)
    ]
    half = TURNTABLE_VIEWS // 2
    return np.concatenate([np.concatenate(views[:half], 1), np.concatenate(views[half:], 1)], 0)


def confirmation(reference: Reference, prepared: Prepared) -> np.ndarray:
    """(height, width, 3) uint8 RGB: all sides with the axes, captioned with what makes each the front."""
    cells = [
        _cell(reference, orbit(math.radians(35), math.radians(25), _CELL_PX), "front right, from above"),
        *(
            _cell(
                reference,
                orbit(math.radians(degrees), _ELEVATION_RAD, _CELL_PX),
                side if not degrees else f"{side}: --front {(prepared.azimuth_deg + degrees) % 360:.4g}",
            )
            for side, degrees in _SIDES
        ),
        _cell(reference, orbit(0.0, math.radians(89), _CELL_PX), "from above"),
    ]
    rows = np.concatenate([np.concatenate(cells[:3], 1), np.concatenate(cells[3:], 1)], 0)
    head = Image.new("RGB", (rows.shape[1], _HEAD_PX), "white")
    pen = ImageDraw.Draw(head)
    size = " x ".join(f"{value:.2f}" for value in np.ptp(prepared.shape.bounds, axis=0))
    lines = (
        f"--up={prepared.up.value} ({percent(prepared.up.confidence)} sure)   "
        f"--front={prepared.front.value} ({percent(prepared.front.confidence)} sure)   "
        f"--unit {prepared.unit.value}: {size} m (width, height, depth)",
        "Does it stand upright, and does its front face the arrow? Else enrol it again with other options.",
    )
    for row, line in enumerate(lines):
        pen.text((10, 8 + 22 * row), line, "black", ImageFont.load_default(14))
    return np.concatenate([np.asarray(head), rows], 0)


def _cell(reference: Reference, camera: Camera, caption: str) -> np.ndarray:
    """A view with arrows along the axes, and what it is called."""
    image = Image.fromarray(grey_image(reference.raycaster, camera)).convert("RGB")
    pen = ImageDraw.Draw(image)
    for name, axis, color in _AXES:
        _arrow(pen, camera, np.array(axis), name, color)
    strip = Image.new("RGB", (_CELL_PX, _CAPTION_PX), (235, 237, 240))
    ImageDraw.Draw(strip).text((8, 5), caption, "black", ImageFont.load_default(13))
    return np.concatenate([np.asarray(image), np.asarray(strip)], 0)


def _arrow(
    pen: ImageDraw.ImageDraw, camera: Camera, axis: np.ndarray, name: str, color: tuple[int, int, int]
) -> None:
    """An arrow from the middle, unless it points nearly at the camera or away from it."""
    (start, end), _ = camera.project(np.stack([np.zeros(3), axis * _ARROW]))
    along = end - start
    if abs(camera.T_camera_world[2, :3] @ axis) > _END_ON:
        return
    along = along / np.linalg.norm(along)
    across = np.array([-along[1], along[0]])
    pen.line([tuple(start), tuple(end)], color, 2)
    pen.polygon([tuple(end), tuple(end - 9 * along + 4 * across), tuple(end - 9 * along - 4 * across)], color)
    at = np.clip(end + 9 * along, 16, _CELL_PX - 16)
    pen.text(
        tuple(at), name, color, ImageFont.load_default(13), anchor="mm", stroke_width=2, stroke_fill="white"
    )
