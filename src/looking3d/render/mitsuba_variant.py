"""Mitsuba as this package uses it."""

from __future__ import annotations

import importlib
from typing import Any

VARIANT = "scalar_rgb"
"""Mitsuba's variant: plain C++, which starts at once and gives the same bytes anywhere."""


def mitsuba() -> Any:
    """The module, imported when it is used: that costs a second."""
    module = importlib.import_module("mitsuba")
    if module.variant() != VARIANT:
        module.set_variant(VARIANT)
        # Its warnings (a sample count rounded up) are no concern of a dataset's user.
        module.set_log_level(module.LogLevel.Error)
    return module
