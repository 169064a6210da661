"""The page about anomalies states the bounds that the code has."""

from importlib import import_module
from pathlib import Path

import pytest

from looking3d.anomalies import KINDS
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.sources import DONORS

PAGE = (Path(__file__).parents[2] / "docs" / "anomalies.md").read_text()


def of(module: str, name: str):
    # By name: the package's functions hide the modules of the same names
    return getattr(import_module(f"looking3d.anomalies.{module}"), name)


def row(kind: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| {kind} |"))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("position", "OFFSET"), ("rotation", "ANGLE_DEG"), ("broken", "REMOVED"), ("swapped", "DIFFERENCE")],
)
def test_severities(kind: str, name: str) -> None:
    low, high = of(kind, name)
    assert f"| {low:g} to {high:g}" in row(kind)


def test_every_kind_has_a_row() -> None:
    assert all(row(kind) for kind in KINDS)


def test_other_bounds() -> None:
    for stated in (
        "{:g} to {:g} of the part's diagonal".format(*of("broken", "TOOL_SIZE")),
        "by {:g} to {:g} at most".format(*of("swapped", "STRETCH")),
        f"within a factor of {of('swapped', 'SIMILAR'):g}",
        f"with probability {of('rotation', 'HINGE'):g}",
        f"farther than {of('contact', 'LOOSE'):g} from all others",
        f"(`--min-changed` of the pixels ({Recipe().min_changed:g})"[1:],
        f"`--min-visible` ({Recipe().min_visible:g})",
        f"up to {DONORS} other shapes",
    ):
        assert stated in PAGE
