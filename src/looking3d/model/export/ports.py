"""What goes into each exported graph and comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from looking3d.model.align.network import (
    ANOMALY_KINDS,
    CELL_PX,
    DRAWING_CHANNELS,
    HEAT_CELLS,
    CameraNet,
    CompareNet,
)

_FULL, _LARGE, _SMALL = CompareNet.size_px, CameraNet.large_px, CameraNet.size_px

SIZE_STEP = 16
"""What an open size has to be a multiple of: the camera network halves it four times."""


@dataclass(frozen=True)
class Port:
    """An input or an output.

    Attributes:
        name: In the graph.
        dtype: uint8 or float32.
        shape: Numbers, and names of axes that are open.
        meaning: In words, with range, order and unit.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    meaning: str

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), "meaning": self.meaning}


@dataclass(frozen=True)
class GraphPorts:
    """The ports of a graph, in order, and what it is for."""

    purpose: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "purpose": self.purpose,
            "inputs": [port.to_json() for port in self.inputs],
            "outputs": [port.to_json() for port in self.outputs],
        }


_PHOTO = "what `query` answers under that name, repeated for each drawing"
_DRAWING = "the reference as drawn at a pose; its channels are described under `drawing`"

PORTS = {
    "query": GraphPorts(
        "All that depends on the photo alone: where the object is, and the photo as the others see it.",
        (
            Port(
                "photo", "uint8", ("batch", _LARGE, _LARGE, 3), "a square window of a photo, sRGB, rows down"
            ),
        ),
        (
            Port(
                "foreground",
                "float32",
                ("batch", _LARGE, _LARGE),
                "probability of each pixel to show the object",
            ),
            Port("photo_128", "float32", ("batch", 3, _LARGE, _LARGE), "RGB in [-1, 1]: value / 127.5 - 1"),
            Port(
                "photo_64", "float32", ("batch", 3, _SMALL, _SMALL), "the mean of each 2 x 2 px of photo_128"
            ),
        ),
    ),
    "camera": GraphPorts(
        f"How a drawing has to move to meet a photo; size is {_SMALL} or {_LARGE}, cells size / {CELL_PX}.",
        (
            Port("photo", "float32", ("batch", 3, "size", "size"), f"photo_64 or photo_128: {_PHOTO}"),
            Port("drawing", "float32", ("batch", DRAWING_CHANNELS, "size", "size"), _DRAWING),
        ),
        (
            Port(
                "flow",
                "float32",
                ("batch", 2, "cells", "cells"),
                f"where to each {CELL_PX} x {CELL_PX} px cell of the drawing has to move, (x, y) in widths "
                "of the image; it means something where the cell shows the object",
            ),
            Port("log_spread", "float32", ("batch", "cells", "cells"), "log of the expected error of flow"),
            Port(
                "score",
                "float32",
                ("batch",),
                f"logit of how alike photo and drawing look, at {_SMALL} and at {_LARGE} px",
            ),
        ),
    ),
    "compare": GraphPorts(
        "Whether a photo differs from a drawing that is aligned with it, and where.",
        (
            Port(
                "photo",
                "uint8",
                ("batch", _FULL, _FULL, 3),
                "the window that `query` saw last, or that around the mask, of more pixels",
            ),
            Port("drawing", "float32", ("batch", DRAWING_CHANNELS, _FULL, _FULL), _DRAWING),
        ),
        (
            Port("probability", "float32", ("batch",), "that the photo shows an anomaly"),
            Port(
                "heat_map",
                "float32",
                ("batch", HEAT_CELLS, HEAT_CELLS),
                f"probability of each of {HEAT_CELLS} x {HEAT_CELLS} patches of the window to be anomalous",
            ),
            Port(
                "lacking",
                "float32",
                ("batch", HEAT_CELLS, HEAT_CELLS),
                "probability of each patch that a part of the reference should be seen there and is not",
            ),
            Port(
                "surplus",
                "float32",
                ("batch", HEAT_CELLS, HEAT_CELLS),
                "probability of each patch to show something that the reference has not",
            ),
            Port(
                "kinds",
                "float32",
                ("batch", len(ANOMALY_KINDS)),
                f"probability of {', '.join(ANOMALY_KINDS)}, if the photo shows an anomaly",
            ),
            Port(
                "boxes",
                "float32",
                ("batch", 4, HEAT_CELLS, HEAT_CELLS),
                "left, top, right and bottom edge, in widths of the window, of the box around the anomaly "
                "that each patch would belong to; it means something where heat_map is high",
            ),
        ),
    ),
}
"""By the name of the graph, which is that of its file."""
