from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from looking3d.training.match_pictures import write_matches


def batch_of(photos: int) -> dict[str, torch.Tensor]:
    shown = torch.zeros(photos, 64, dtype=torch.bool)
    shown[:, 20:44] = True
    return {
        "photo": torch.full((photos, 64, 64, 3), 255, dtype=torch.uint8),
        "views": torch.full((photos, 3, 64, 64), 255, dtype=torch.uint8),
        "shown": shown,
        "valid": shown[:, None].expand(-1, 3, -1).clone(),
    }


def test_lines_lead_to_the_most_similar_patches(tmp_path: Path) -> None:
    """The second view shows the photo itself, so all lines of the first photo are level."""
    generator = torch.Generator().manual_seed(0)
    views = F.normalize(torch.randn(2, 3, 64, 32, generator=generator), dim=-1)
    write_matches(tmp_path / "a" / "sheet.jpg", batch_of(2), views[:, 1], views, rows=1)
    sheet = cv2.imread(str(tmp_path / "a" / "sheet.jpg"))
    assert sheet.shape == (256, 512, 3)
    green = (sheet[..., 1].astype(int) - sheet[..., 2] > 60) & (sheet[..., 0] < 150)
    rows = np.flatnonzero(green.any(1))
    # Patches 20 to 43 are in rows 2 to 5 of 8, whose middles are 16 px into each 32
    assert set(rows // 32) == {2, 3, 4, 5}
    assert all(abs(row % 32 - 16) <= 5 for row in rows)
    middle = green[:, 256]
    assert middle.sum() >= 4


def test_a_photo_without_an_object_has_no_lines(tmp_path: Path) -> None:
    batch = batch_of(1)
    batch["shown"][:] = False
    features = F.normalize(torch.randn(1, 3, 64, 8), dim=-1)
    write_matches(tmp_path / "sheet.jpg", batch, features[:, 0], features)
    assert cv2.imread(str(tmp_path / "sheet.jpg")).min() > 250
