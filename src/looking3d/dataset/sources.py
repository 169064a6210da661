"""Where a recipe's shapes come from: procedural families and folders of part-based shapes."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import SPLITS
from looking3d.dataset.split_file import read_split_file
from looking3d.errors import ConfigError, ShapeError
from looking3d.shapes.find import find_shapes
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural import FAMILIES, generate
from looking3d.shapes.read import read_shape, require_parts

DONORS = 12
"""Most other shapes that a shape's swapped parts may come from."""


@dataclass(frozen=True)
class ShapeSource:
    """A shape that is not yet loaded.

    Attributes:
        id: Fit for a folder's name, unique within a dataset.
        split: The split its photos belong to.
        family: The procedural family, or empty.
        seed: The family's seed.
        path: The file or folder to read, if no family.
    """

    id: str
    split: str
    family: str = ""
    seed: int = 0
    path: str = ""

    def load(self) -> PartShape:
        """The shape, normalised, with at least two parts.

        Raises:
            ShapeError: It cannot be read, or its parts are one fused mesh.
        """
        return dataclasses.replace(_load(self.family, self.seed, self.path), id=self.id)


@lru_cache(maxsize=64)
def _load(family: str, seed: int, path: str) -> PartShape:
    if family:
        return generate(family, seed).normalized()
    shape = read_shape(Path(path))
    require_parts(shape)
    return shape.normalized()


def list_sources(recipe: Recipe) -> tuple[list[ShapeSource], list[str]]:
    """All shapes of a recipe, sorted by source, with their splits.

    Returns:
        The shapes, and the ids of those that the recipe's split file does not name, which are left out.

    Raises:
        ConfigError: A name is neither a family nor a path, or the split file is of no use.
        ShapeError: A folder holds no shapes, or the split file names none of them.
    """
    found: list[tuple[str, dict]] = []
    for name in recipe.shapes:
        if name in FAMILIES:
            seeds = range(recipe.first_shape, recipe.first_shape + recipe.count)
            found += [(f"{name}_{seed:06d}", {"family": name, "seed": seed}) for seed in seeds]
        elif Path(name).exists():
            root = Path(name)
            paths = find_shapes(root)
            if not paths:
                raise ShapeError(
                    f"{root}: holds no shapes; expected PartNet folders, GLB, glTF, OBJ, STL or PLY files, "
                    "or folders with one mesh file a part"
                )
            found += [(_id_of(path, root), {"path": str(path.resolve())}) for path in paths]
        else:
            raise ConfigError(
                f"shapes: {name!r} is neither a procedural family ({', '.join(sorted(FAMILIES))}) "
                "nor an existing path"
            )
    ids = [shape_id for shape_id, _ in found]
    twice = [shape_id for shape_id, count in Counter(ids).items() if count > 1]
    if twice:
        raise ConfigError(f"shapes: two have the id {twice[0]!r}; rename one of the sources")
    splits = _published(found, recipe.split_file) if recipe.split_file else _splits(ids, recipe)
    sources = [
        ShapeSource(shape_id, splits[shape_id], **where) for shape_id, where in found if shape_id in splits
    ]
    return sources, [shape_id for shape_id in ids if shape_id not in splits]


def donors_of(
    source: ShapeSource, sources: Sequence[ShapeSource], generator: np.random.Generator
) -> list[ShapeSource]:
    """Other shapes of the same split that a shape's swapped parts may come from, its own family first."""
    peers = [peer for peer in sources if peer.split == source.split and peer.id != source.id]
    shuffled = [peers[i] for i in generator.permutation(len(peers))]
    return sorted(shuffled, key=lambda peer: peer.family != source.family)[:DONORS]


def shape_generator(recipe: Recipe, shape_id: str) -> np.random.Generator:
    """The generator for one shape: depends on the seed and the id alone, not on order or workers."""
    return np.random.default_rng([recipe.seed, zlib.crc32(shape_id.encode())])


def _splits(ids: list[str], recipe: Recipe) -> dict[str, str]:
    order = np.random.default_rng([recipe.seed, 0]).permutation(len(ids))
    edges = np.round(np.cumsum(recipe.split) * len(ids)).astype(int)
    return {ids[i]: SPLITS[int(np.searchsorted(edges, rank, side="right"))] for rank, i in enumerate(order)}


def _published(found: list[tuple[str, dict]], split_file: str) -> dict[str, str]:
    """The splits of a file, for those shapes that it names by their file's or folder's name."""
    published = read_split_file(split_file)
    names = {
        shape_id: _name_of(Path(where["path"])) if "path" in where else shape_id for shape_id, where in found
    }
    splits = {shape_id: published[name] for shape_id, name in names.items() if name in published}
    if not splits:
        raise ShapeError(
            f"{split_file}: names none of the {len(found)} shapes; it has ids like "
            f"{next(iter(published), 'none at all')!r}, the shapes have names like {names[found[0][0]]!r}"
        )
    return splits


def _name_of(path: Path) -> str:
    return path.stem if path.is_file() else path.name


def _id_of(path: Path, root: Path) -> str:
    relative = path.relative_to(root) if path != root else Path(path.name)
    return re.sub(r"[^0-9A-Za-z_-]+", "_", str(relative.with_suffix("")) if path.is_file() else str(relative))
