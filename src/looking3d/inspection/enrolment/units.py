"""What unit a file is in, guessed from how large the thing would be."""

from __future__ import annotations

import math

from looking3d.shapes.read import UNITS

SMALLEST_M, LARGEST_M = 0.05, 5.0
"""Sizes of things that are photographed as a whole."""

_TYPICAL_M = 0.8
_HABIT = {"m": 0.2, "mm": 0.2, "cm": 0.0, "in": -0.4}  # decades by which a unit may be off and still win
_HABIT_OF_STL = {"mm": 0.5}


def guess_unit(size: float, suffix: str) -> tuple[str, str]:
    """The unit of a file.

    Args:
        size: The longest side of the thing, in the file's unit.
        suffix: Of the file, as `.stl`.

    Returns:
        One of UNITS, and why, in a few words.
    """
    if suffix in (".glb", ".gltf"):
        return "m", "glTF is in metres"
    habit = _HABIT | (_HABIT_OF_STL if suffix == ".stl" else {})
    plausible = [unit for unit in UNITS if SMALLEST_M <= size * UNITS[unit] <= LARGEST_M]
    if not plausible:
        return (
            "m",
            f"no unit makes it {SMALLEST_M:g} to {LARGEST_M:g} m large; pass --unit if the size matters",
        )
    best = max(plausible, key=lambda unit: habit[unit] - abs(math.log10(size * UNITS[unit] / _TYPICAL_M)))
    others = [unit for unit in plausible if unit != best]
    also = f"; {' and '.join(others)} would do too" if others else ""
    return best, f"it makes the longest side {size * UNITS[best]:.2f} m{also}"
