"""What photos of designs were said to show, what they do show, and what the answers are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from looking3d.dataset.schema import NORMAL


@dataclass(frozen=True)
class Answer:
    """What came of a photo.

    Attributes:
        design, photo: Which one.
        way: How the object was to be found; `method`: how it was.
        kind, part: What is wrong with it; `normal` and empty if nothing is.
        verdict, probability, alignment: Of the inspection; `unsure`, a half and 0 if there is none.
        mask_iou: Overlap of the outline that was found with the true one.
        drawing_iou: Overlap of the design, drawn from the camera that was found, with the true outline.
    """

    design: str
    photo: str
    way: str
    method: str
    kind: str
    part: str
    verdict: str
    probability: float
    alignment: float
    mask_iou: float
    drawing_iou: float

    @property
    def name(self) -> str:
        """Of the photo among those of all designs: `chair/003`."""
        return f"{self.design}/{self.photo}"

    @property
    def anomalous(self) -> bool:
        """Whether anything is wrong with what it shows."""
        return self.kind != NORMAL

    @property
    def outcome(self) -> str:
        """`right`, `wrong` or `unsure`."""
        if self.verdict == "unsure":
            return "unsure"
        return "right" if (self.verdict == "anomalous") == self.anomalous else "wrong"

    @property
    def badness(self) -> float:
        """How bad it is: wrong and sure of it 3, unsure 1 to 2, right and sure of it 0."""
        miss = 1 - self.probability if self.anomalous else self.probability
        if self.outcome == "unsure":
            return 2 - self.alignment
        return 2 + miss if self.outcome == "wrong" else miss


def figures(answers: Sequence[Answer]) -> dict[str, float | int | None]:
    """What some answers are worth; None where there is nothing to count.

    AUROC is over all photos; those without an answer count as a half. `found` and `false_alarms` are shares
    of the anomalous and of the normal photos that are called anomalous; `unsure` is one of all.
    """
    truth = np.array([answer.anomalous for answer in answers])
    called = np.array([answer.verdict == "anomalous" for answer in answers])
    unsure = np.array([answer.verdict == "unsure" for answer in answers])
    both = truth.any() and not truth.all()
    return {
        "photos": len(answers),
        "auroc": float(roc_auc_score(truth, [one.probability for one in answers])) if both else None,
        "found": float(called[truth].mean()) if truth.any() else None,
        "false_alarms": float(called[~truth].mean()) if not truth.all() else None,
        "unsure": float(unsure.mean()),
        "mask_iou": float(np.mean([answer.mask_iou for answer in answers])),
        "drawing_iou": float(np.mean([answer.drawing_iou for answer in answers])),
    }


def markdown(answers: Sequence[Answer]) -> str:
    """A table, a row a design and a way, all together last."""
    head = "| design | outline | photos | AUROC | found | false alarms | unsure | mask IoU | drawing IoU |"
    rows = [head, "| --- | --- |" + " ---: |" * 7]
    designs = list(dict.fromkeys(answer.design for answer in answers))
    for design in (*designs, None):
        for way in dict.fromkeys(answer.way for answer in answers):
            chosen = [one for one in answers if one.way == way and design in (one.design, None)]
            told = figures(chosen)
            cells = [
                f"**{'all' if design is None else design}**" if design is None else design,
                way,
                str(told["photos"]),
                *("-" if told[name] is None else f"{told[name]:.2f}" for name in ("auroc",)),
                *(
                    "-" if told[name] is None else f"{told[name]:.0%}".replace("%", " %")
                    for name in ("found", "false_alarms", "unsure")
                ),
                *(f"{told[name]:.2f}" for name in ("mask_iou", "drawing_iou")),
            ]
            rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"
