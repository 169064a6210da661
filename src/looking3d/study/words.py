"""What an anomaly of each kind is, for people who never heard of kinds."""

from __future__ import annotations

from looking3d.dataset.schema import NORMAL

DIFFERS = {
    NORMAL: "As it should be: every part is there and in its place. Colours and materials do not count.",
    "position": "A part is in the wrong place.",
    "rotation": "A part is turned.",
    "broken": "A part is broken, or a piece of it is gone.",
    "swapped": "A part was replaced by one of another shape.",
    "missing": "A part is missing.",
    "anomaly": "A part differs.",
}
"""By kind; that of datasets which do not tell kinds, too."""
