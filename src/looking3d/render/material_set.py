"""Sets of maps on disk: which files belong together, what they show, and how large it is in the world."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from looking3d.errors import ConfigError, MapError
from looking3d.render.lookup import PICTURES

UNFIT = "unfit"
"""Kind of a set that no furniture is made of: stone, bark, facades, and what nothing is known of."""

SIZES_M = {
    "wood": 0.8,
    "fabric": 0.3,
    "leather": 0.5,
    "plastic": 0.5,
    "metal": 0.6,
    "painted": 0.8,
    UNFIT: 1.0,
}
"""Width of what a set shows, by kind, where neither its metadata nor its name tells."""

# In a file's name, the last of these words tells what the map is
_ROLES = {
    "normal_dx": r"normal_?dx|nor_dx|norm_dx|nrm_dx",
    "normal_gl": r"normal_?gl|nor_gl|norm_gl|nrm_gl|normal|normals|nor|norm|nrm",
    "arm": r"arm|orm",
    "ao": r"ambient_?occlusion|occlusion|ao",
    "roughness": r"roughness|rough",
    "metallic": r"metalness|metallic|metal",
    "displacement": r"displacement|disp|height|bump",
    "base": r"base_?color|albedo|color|col",
    "diffuse": r"diffuse|diff",
}
_ROLE = re.compile(
    r"(?<![a-z0-9])(?:"
    + "|".join(f"(?P<{role}>{words})" for role, words in _ROLES.items())
    + r")(?![a-z0-9])"
)

# In the order in which they are looked for
_KIND_WORDS = {
    UNFIT: "bark facade ground roof siding moss grass gravel road asphalt soil sand snow lava leaves",
    "painted": "painted paint lacquer lacquered enamel",
    "leather": "leather suede",
    "fabric": "fabric cloth textile denim cotton linen wool velvet felt canvas tweed knit carpet satin silk "
    "jacquard upholstery corduroy boucle",
    "plastic": "plastic rubber acrylic polymer",
    "metal": "metal steel iron aluminum aluminium brass copper chrome bronze zinc",
    "wood": "wood oak walnut veneer plywood timber plank pine beech birch maple cherry mahogany teak bamboo "
    "parquet",
}
_STONE = (
    "stone rock marble onyx granite slate concrete terrazzo travertine brick tile ceramic terracotta plaster"
)


@dataclass(frozen=True)
class MaterialSet:
    """The maps of a material.

    Attributes:
        name: Unique among the sets in use; the folder's path below the one that was named.
        kind: A kind of material, or `UNFIT`.
        size_m: Width of what the maps show.
        files: (role, path) of each map, by role: base, normal_gl, normal_dx, roughness, metallic, arm
            (ambient occlusion, roughness, metallic), ao, displacement.
    """

    name: str
    kind: str
    size_m: float
    files: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", tuple((str(role), str(path)) for role, path in self.files))

    def to_json(self) -> dict[str, object]:
        """A dict of plain values; `from_json` is its inverse."""
        return {"name": self.name, "kind": self.kind, "size_m": self.size_m, "files": dict(self.files)}

    @staticmethod
    def from_json(data: dict) -> MaterialSet:
        """The set that `to_json` wrote."""
        return MaterialSet(data["name"], data["kind"], data["size_m"], tuple(data["files"].items()))


def find_material_sets(folders: Iterable[str]) -> tuple[MaterialSet, ...]:
    """The sets of maps in and below folders, by name.

    Raises:
        ConfigError: A folder is none, or two sets have one name.
        MapError: A folder holds no sets, or a set's metadata cannot be read.
    """
    sets: dict[str, MaterialSet] = {}
    for root in map(Path, folders):
        if not root.is_dir():
            raise ConfigError(f"materials: {root} is no folder; name one that holds folders of maps")
        found = [s for folder in sorted({root, *root.rglob("*/")}) for s in _sets_in(folder, root)]
        if not found:
            raise MapError(
                f"{root}: holds no sets of maps; expected folders with pictures named by what they "
                "are, such as Wood049_1K-JPG_Color.jpg, oak_diff_1k.jpg, basecolor.png or albedo.jpg"
            )
        for one in found:
            if one.name in sets:
                raise ConfigError(f"materials: two sets have the name {one.name!r}; rename a folder")
            sets[one.name] = one
    return tuple(sets[name] for name in sorted(sets))


def _sets_in(folder: Path, root: Path) -> list[MaterialSet]:
    """The sets whose maps lie in the folder itself: one, or one for each beginning of the files' names."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    # 8-bit pictures before EXR, small ones before large: 1k, 2k, 4k
    for path in sorted(folder.iterdir(), key=lambda path: (path.suffix.lower() == ".exr", path.name)):
        if path.suffix.lower() in PICTURES and not path.name.startswith("."):
            stem = re.sub(r"[-. ]+", "_", path.stem.lower())
            if matches := list(_ROLE.finditer(stem)):
                prefix = re.sub(r"_?\d+k(_(jpg|png))?(?=_|$)", "", stem[: matches[-1].start()]).strip("_")
                groups[prefix].setdefault(str(matches[-1].lastgroup), str(path.resolve()))
    sets = []
    for prefix, files in sorted(groups.items()):
        # MatSynth has both, and its `diffuse` is black for metals
        if "diffuse" in files:
            files.setdefault("base", files["diffuse"])
        files.pop("diffuse", None)
        if {"base", "normal_gl", "normal_dx"} & set(files):
            name = folder.relative_to(root).as_posix() if folder != root else root.resolve().name
            name = f"{name}/{prefix}" if len(groups) > 1 else name
            kind, size_m = _described(folder, f"{name} {prefix}")
            sets.append(MaterialSet(name, kind, size_m, tuple(sorted(files.items()))))
    return sets


def _described(folder: Path, name: str) -> tuple[str, float]:
    """Kind and width of a set, from metadata.json if there is one, then from its name."""
    path, data = folder / "metadata.json", {}
    if path.is_file():
        try:
            data = json.loads(path.read_bytes())
            data = data.get("metadata", data)
            tags = data.get("tags") or []
            texts = [str(data.get("category", "")), " ".join(map(str, tags)), name]
        except (ValueError, AttributeError, TypeError) as error:
            raise MapError(f"{path}: not metadata of a material ({error}); mend or remove it") from error
    else:
        texts = [name]
    kind = next((kind for text in texts if (kind := kind_of(text))), UNFIT)
    size = _size_m(data.get("physical_size"), name)
    return kind, size or SIZES_M[kind]


def kind_of(text: str) -> str:
    """The kind of material that words tell of, `UNFIT` for stone and the like, empty if they tell nothing."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    tokens = [token.lower() for token in re.findall(r"[A-Za-z]+", words)]
    for kind, known in (*_KIND_WORDS.items(), (UNFIT, _STONE)):
        if any(_tells(token, word) for token in tokens for word in known.split()):
            return kind
    return ""


def _tells(token: str, word: str) -> bool:
    """Whether a token is a word, its plural, or a compound with it, as `rosewood` and `rustymetal` are."""
    return token in (word, word + "s", word + "en") or (len(word) > 3 and token.endswith(word))


def _size_m(stated: object, name: str) -> float:
    """Width in metres from metadata (in centimetres from 10 up) or from a name such as `oak_60cm`; or 0."""
    if isinstance(stated, (int, float)) and stated > 0:
        size = float(stated) / (100 if stated >= 10 else 1)
    elif match := re.search(
        r"(?<![a-zA-Z0-9.])(\d+(?:\.\d+)?)(mm|cm|m)(?![a-zA-Z0-9])", name.replace("_", " ")
    ):
        size = float(match[1]) * {"mm": 1e-3, "cm": 1e-2, "m": 1.0}[match[2]]
    else:
        return 0.0
    return size if 0.02 <= size <= 10 else 0.0
