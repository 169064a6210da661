"""Imports point only upward in this list: a module may use its own layer and those above it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LAYERS = [
    "errors",
    "files",
    "pages",
    "geometry",
    "shapes",
    "anomalies",
    "render",
    "dataset",
    "model",
    "photos",
    "training",
    "evaluation",
    "inspection",
    "web",
    "study",
    "demo",
    "cli",
    "__main__",
]
FORBIDDEN = {("model", "dataset")}
"""What the order would allow and must not be: (importer, imported). A detector knows nothing of datasets."""

ROOT = Path(__file__).parent.parent / "src" / "looking3d"
MODULES = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py"))]


def imported(source: str) -> Iterator[str]:
    """Layers that a module imports from, wherever in it the import stands; "" is the package itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "looking3d":
                yield "" if rest == "__version__" else rest.split(".")[0]


def layer(module: str) -> str:
    return Path(module).parts[0].removesuffix(".py")


def test_imports_are_seen_wherever_they_stand() -> None:
    source = """
import looking3d
import looking3d.model.query as q, numpy
from looking3d import __version__, cli
def f():
    from looking3d.render.photo import draw_scene
"""
    assert sorted(imported(source)) == ["", "", "cli", "model", "render"]


def test_every_module_is_in_a_layer() -> None:
    assert MODULES
    assert {layer(module) for module in MODULES} - {"__init__"} <= set(LAYERS)


@pytest.mark.parametrize("module", [module for module in MODULES if module != "__init__.py"])
def test_imports_point_upward(module: str) -> None:
    here = layer(module)
    for there in imported((ROOT / module).read_text()):
        assert there == "" or LAYERS.index(there) <= LAYERS.index(here), f"{here} imports {there}"
        assert (here, there) not in FORBIDDEN, f"{here} imports {there}"


def test_the_package_itself_imports_no_layer() -> None:
    assert not list(imported((ROOT / "__init__.py").read_text()))
