"""Curves of a training run, to look at: as a picture, and for TensorBoard."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

from looking3d.errors import MissingExtraError

_SHOWN = {
    "foreground": ("loss", "iou"),
    "camera": ("flow_px", "alike_error"),
    "compare": ("loss", "auroc"),
    "alignment": ("loss", "query_view_right"),
    "joint": ("loss", "auroc"),
}
BOARD = "tensorboard"
"""Folder of a run's event files."""


def write_curves(run: Path) -> Path | None:
    """curves.png: two figures a stage, training and validation; None while nothing is logged."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    stages = [stage for stage in _SHOWN if (run / f"log-{stage}-train.csv").is_file()]
    if not stages:
        return None
    figure, axes = pyplot.subplots(
        len(stages), 2, figsize=(10, 3 * len(stages)), layout="constrained", squeeze=False
    )
    for row, stage in zip(axes, stages, strict=True):
        for axis, name in zip(row, _SHOWN[stage], strict=True):
            for split in ("train", "val"):
                path = run / f"log-{stage}-{split}.csv"
                columns = np.genfromtxt(path, delimiter=",", names=True) if path.is_file() else None
                if columns is not None and name in (columns.dtype.names or ()):
                    axis.plot(np.atleast_1d(columns["step"]), np.atleast_1d(columns[name]), label=split)
            axis.set(title=f"{stage}: {name}", xlabel="step")
            axis.legend()
    path = run / "curves.png"
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    return path


class BoardWriter:
    """Figures of a stage for TensorBoard: `tensorboard --logdir RUN`.

    Args:
        run: The run's folder.
        stage: The stage.
        step: Steps done; what an earlier process wrote of later ones is taken back.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, run: Path, stage: str, step: int) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise MissingExtraError("training", "train") from error
        self._writer = SummaryWriter(str(run / BOARD / stage), purge_step=step + 1)

    def add(self, split: str, step: int, row: dict[str, float]) -> None:
        """Add figures of a step."""
        for name, value in row.items():
            self._writer.add_scalar(f"{name}/{split}", value, step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
