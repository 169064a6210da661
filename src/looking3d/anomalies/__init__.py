"""The five kinds of anomaly, each a pure function of a shape, its part, donor shapes and a generator."""

from looking3d.anomalies.base import AnomalousShape, AnomalyImpossible, AnomalyKind, Donor
from looking3d.anomalies.broken import broken
from looking3d.anomalies.choice import PartCycle
from looking3d.anomalies.missing import missing
from looking3d.anomalies.position import position
from looking3d.anomalies.rotation import rotation
from looking3d.anomalies.swapped import swapped

KINDS: dict[str, AnomalyKind] = {
    "position": position,
    "rotation": rotation,
    "broken": broken,
    "swapped": swapped,
    "missing": missing,
}

__all__ = [
    "KINDS",
    "AnomalousShape",
    "AnomalyImpossible",
    "AnomalyKind",
    "Donor",
    "PartCycle",
    "broken",
    "missing",
    "position",
    "rotation",
    "swapped",
]
