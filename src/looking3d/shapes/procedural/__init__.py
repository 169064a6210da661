"""Families of objects made from a seed, with labelled parts; they need no download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from looking3d.errors import ConfigError, unknown_name
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural.armchair import armchair
from looking3d.shapes.procedural.bracket import bracket
from looking3d.shapes.procedural.cabinet import cabinet
from looking3d.shapes.procedural.cart import cart
from looking3d.shapes.procedural.chair import chair
from looking3d.shapes.procedural.lamp import lamp
from looking3d.shapes.procedural.shelf import shelf
from looking3d.shapes.procedural.table import table
from looking3d.shapes.procedural.valve import valve

__all__ = ["FAMILIES", "generate"]

FAMILIES: Mapping[str, Callable[[int], PartShape]] = MappingProxyType(
    {
        "armchair": armchair,
        "bracket": bracket,
        "cabinet": cabinet,
        "cart": cart,
        "chair": chair,
        "lamp": lamp,
        "shelf": shelf,
        "table": table,
        "valve": valve,
    }
)
"""What `generate` can make, by name."""


def generate(family: str, seed: int) -> PartShape:
    """The object of a family and a seed.

    Args:
        family: A name in `FAMILIES`.
        seed: At least 0; the same seed gives the same arrays.

    Raises:
        ConfigError: No such family, or a negative seed.
    """
    if family not in FAMILIES:
        raise unknown_name("family", family, FAMILIES)
    if seed < 0:
        raise ConfigError(f"seed of a {family}: expected 0 or more, got {seed}")
    return FAMILIES[family](seed)
