from collections.abc import Callable

import numpy as np
import pytest

from looking3d.dataset.quality import box_around
from looking3d.evaluation.pixels import packed_mask

WIDTH, HEIGHT = 60, 48
Predictions = dict[str, np.ndarray]


def _row(generator: np.random.Generator, number: int) -> dict:
    """A photo, not square, with a rectangle that changed if it is anomalous, found more or less well."""
    anomalous = bool(generator.random() < 0.5)
    changed = np.zeros((HEIGHT, WIDTH), bool)
    cells = generator.random((32, 32)) * 0.4
    if anomalous:
        x, y = generator.integers(4, 34), generator.integers(4, 24)
        changed[y : y + generator.integers(3, 12), x : x + generator.integers(3, 12)] = True
        cells[y * 32 // HEIGHT, x * 32 // WIDTH] = generator.uniform(0.3, 1)
    box = np.array(box_around(changed))
    found = [(box + generator.integers(-2, 3, 4)).clip(1).tolist()] if generator.random() < 0.8 else []
    if generator.random() < 0.3:
        found.append(generator.integers(1, 20, 4).tolist())
    probability = float(np.round(0.3 * anomalous + generator.random() * 0.7, 2))  # ties among them
    kind = ("missing", "broken")[generator.integers(2)] if anomalous else "normal"
    part = f"part_{generator.integers(3)}"
    named = f"part_{generator.integers(3)}"
    return {
        "shape_id": f"s{number % 7}",
        "photo": f"photos/{number:03d}.png",
        "family": ("chair", "lamp")[number % 7 % 2],
        "renderer": "preview",
        "kind": kind,
        "part_id": part if anomalous else "",
        "part_label": f"label/{part}" if anomalous else "",
        "anomalous": anomalous,
        "odd_reference": bool(generator.random() < 0.3),
        "width": WIDTH,
        "height": HEIGHT,
        "azimuth_deg": generator.uniform(0, 360),
        "elevation_deg": generator.uniform(-10, 80),
        "roll_deg": generator.uniform(-20, 20),
        "focal_length": generator.uniform(0.75, 1.5),
        "nearest_view_deg": generator.uniform(0, 10),
        "changed_share": float(changed.mean()),
        "true_boxes": [box.tolist()] if anomalous else [],
        "changed": packed_mask(changed),
        "patch_labels": np.packbits(generator.random(1024) < 0.1).tobytes(),
        "probability": probability,
        "alignment": generator.uniform(0.3, 1),
        "aligned": bool(generator.random() < 0.8),
        "named_kind": ("broken", "missing", "swapped")[generator.integers(3)],
        "named_part_id": named,
        "named_part_label": f"label/{named}",
        "boxes": found,
        "box_scores": [probability, probability / 2][: len(found)],
        "window": [generator.uniform(-8, 8), generator.uniform(-12, 4), generator.uniform(40, 70)],
        "heat_map": cells.astype(np.float16).tobytes(),
        "seconds": 0.1,
        "found_camera": None,
        "rotation_error_deg": generator.uniform(0, 8),
        "azimuth_error_deg": generator.uniform(0, 8),
        "shift_error_px": generator.uniform(0, 2),
        "scale_error_log": generator.uniform(0, 0.05),
        "reprojection_error_px": generator.uniform(0, 2),
        "silhouette_iou": generator.uniform(0.8, 1),
        "true_view_rank": float(generator.integers(1, 6)),
        "found_view_deg": generator.integers(20) * 18.0,
        "view_error_deg": generator.uniform(0, 180),
    }


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[dict]]:
    """Makes random rows of predictions."""

    def make(count: int = 60, seed: int = 0) -> list[dict]:
        generator = np.random.default_rng(seed)
        return [_row(generator, number) for number in range(count)]

    return make


@pytest.fixture(scope="session")
def columns() -> Callable[[list[dict]], Predictions]:
    """Turns rows into columns as `load_predictions` gives them."""

    def make(rows: list[dict]) -> Predictions:
        found = {}
        for name in rows[0]:
            values = [row[name] for row in rows]
            if isinstance(values[0], str | bytes | list):
                column = np.empty(len(values), object)
                column[:] = values
            else:
                column = np.array(values)
            found[name] = column
        return found

    return make


@pytest.fixture
def predictions(rows: Callable[..., list[dict]], columns: Callable) -> Predictions:
    return columns(rows())
