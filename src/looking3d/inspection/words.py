"""Inspections in words that need no glossary."""

from __future__ import annotations

_SIDES = ("front", "front right", "right", "back right", "back", "back left", "left", "front left")
_LEVEL_DEG = 3.0
_STEEP_DEG = 75.0

# The object's longer side fills the window but for an eighth at both ends; each third of it is a place.
_THIRDS = (0.375, 0.625)
_PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "middle", "right"),
    ("lower left", "bottom", "lower right"),
)


def side(azimuth_deg: float) -> str:
    """The side of the object that is seen from an azimuth, one of eight.

    The front faces +Z, as glTF says. Right is where a viewer in front of the object has the right hand:
    azimuth 90 degrees, +X.
    """
    return _SIDES[round(azimuth_deg / 45) % 8]


def seen_from(azimuth_deg: float, elevation_deg: float) -> str:
    """Where a camera stands, as `front left, 24 degrees above`."""
    if abs(elevation_deg) >= _STEEP_DEG:
        return "straight above" if elevation_deg > 0 else "straight below"
    if abs(elevation_deg) < _LEVEL_DEG:
        return f"{side(azimuth_deg)}, level with it"
    above = "above" if elevation_deg > 0 else "below"
    return f"{side(azimuth_deg)}, {abs(elevation_deg):.0f} degrees {above}"


def place(x: float, y: float) -> str:
    """Where on the object something is.

    Args:
        x, y: In the window around the object; (0, 0) its upper left corner, (1, 1) the lower right one.

    Returns:
        One of nine places, as `upper left`.
    """
    column, row = (sum(value >= bound for bound in _THIRDS) for value in (x, y))
    return _PLACES[row][column]


_KINDS = {
    "position": "out of place",
    "rotation": "turned",
    "broken": "broken",
    "swapped": "swapped for another",
    "missing": "missing",
}


def kind_in_words(kind: str) -> str:
    """A kind of anomaly as one says of a part: `missing`, `out of place`."""
    return _KINDS.get(kind, kind)


def percent(share: float) -> str:
    """A probability, as `97 %`; only 0 and 1 themselves are `0 %` and `100 %`."""
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1:
        return "> 99 %"
    return f"{share * 100:.0f} %"


def count_of(number: int, one: str, many: str) -> str:
    """A number and what is counted, as `1 photo` or `3 photos`."""
    return f"{number} {one if number == 1 else many}"
