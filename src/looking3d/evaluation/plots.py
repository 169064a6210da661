"""Plots as files."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


def png_of(figure: Figure) -> bytes:
    """A PNG of a figure, which is closed."""
    from matplotlib import pyplot

    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    pyplot.close(figure)
    return buffer.getvalue()
