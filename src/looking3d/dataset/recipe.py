"""`Recipe`: everything that decides a dataset's bytes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from looking3d.anomalies import KINDS
from looking3d.errors import ConfigError, unknown_name
from looking3d.render.assets import PhotoAssets, find_assets
from looking3d.render.ground import BACKGROUNDS
from looking3d.render.photo import RENDERERS

SHORTEST_FOCAL = 0.5
"""In focal lengths of the paper's camera; nearer, the camera would stand in large objects."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a dataset's bytes; two runs of one recipe give the same files."""

    shapes: tuple[str, ...] = ("chair",)
    """Where shapes come from: names of procedural families, or folders of part-based shapes."""

    count: int = 100
    """Shapes to draw from each procedural family."""

    first_shape: int = 0
    """Seed of the first procedural shape; choose disjoint ranges for disjoint datasets."""

    photos_per_shape: int = 16
    """Photos of each shape."""

    anomalous_share: float = 0.5
    """Share of the photos that show an anomaly."""

    kinds: tuple[str, ...] = tuple(KINDS)
    """Kinds of anomalies to make."""

    odd_reference_share: float = 0.0
    """Share of the references that carry an anomaly-like edit themselves, so that an odd photo alone
    proves nothing. The paper's is 0; about a third is good for training."""

    placebo: bool = False
    """Photos labelled anomalous show the reference itself. Whatever a detector learns to tell apart in
    such a dataset is a leak."""

    renderer: str = "mitsuba"
    """What makes the photos: mitsuba (physically based), blender (the paper's; see docs/blender.md) or
    preview (fast)."""

    image_px: int = 256
    """Width and height of the photos."""

    samples: int = 16
    """Paths a pixel; used by mitsuba and blender."""

    background: str = "white"
    """Ground of the photos: white, plain (any colour), environment (a room or a studio, on whose floor the
    object stands), or mixed, which has rooms only where environments are named."""

    materials: tuple[str, ...] = ()
    """Folders of maps (base colour, roughness, metallic, normal), in the naming of ambientCG, Poly Haven or
    MatSynth; a folder of pictures is a material. Without any, all materials are procedural."""

    environments: tuple[str, ...] = ()
    """Environment maps, .hdr or .exr, or folders of them. Without any, all light is procedural."""

    map_share: float = 0.5
    """How often a photo's materials and light come from these files where one fits; else they are
    procedural."""

    relief: bool = False
    """Procedural cloth has threads, leather a grain, metal brush marks, which catch the light; without, they
    are smooth."""

    views: int = 20
    """Grey reference views, on a ring at 20 degrees elevation."""

    views_px: int = 256
    """Width and height of the reference views."""

    azimuth_steps: int = 20
    """Cameras stand at multiples of 360 / this many degrees; 0 for any azimuth."""

    elevation_deg: tuple[float, float] = (20.0, 40.0)
    """Lowest and highest elevation of the cameras."""

    roll_deg: float = 0.0
    """Cameras are turned about their optical axes by up to this much, either way."""

    focal_length: tuple[float, float] = (1.0, 1.0)
    """Shortest and longest focal length of the cameras, in the paper's; the distance goes with it, so that
    objects keep their size and only the perspective changes."""

    min_changed: float = 0.0025
    """An anomaly is kept if at least this share of the image's pixels changes."""

    min_visible: float = 0.25
    """An anomaly is kept if other parts leave at least this share of the edited part visible."""

    split: tuple[float, float, float] = (0.8, 0.1, 0.1)
    """Shares of the shapes for training, validation and test."""

    split_file: str = ""
    """Published splits to follow instead: PartNet's folder train_val_test_split, or a JSON file with lists of
    ids under train, val and test. Shapes that they do not name are left out."""

    seed: int = 0
    """Seed of everything random."""

    def __post_init__(self) -> None:
        def check(ok: bool, what: str) -> None:
            if not ok:
                raise ConfigError(what)

        check(len(self.shapes) > 0, "shapes: name at least one family or folder")
        check(len(self.kinds) > 0, "kinds: name at least one")
        for kind in self.kinds:
            if kind not in KINDS:
                raise unknown_name("anomaly kind", kind, KINDS)
        check(self.count >= 1, f"count: expected at least 1, got {self.count}")
        check(self.first_shape >= 0, f"first-shape: expected at least 0, got {self.first_shape}")
        check(
            self.photos_per_shape >= 1, f"photos-per-shape: expected at least 1, got {self.photos_per_shape}"
        )
        shares = ("anomalous_share", "odd_reference_share", "min_changed", "min_visible", "map_share")
        for name in shares:
            value = getattr(self, name)
            check(0 <= value <= 1, f"{name.replace('_', '-')}: expected 0 to 1, got {value}")
        for name in ("image_px", "views_px"):
            value = getattr(self, name)
            check(
                value >= 32 and value % 8 == 0,
                f"{name.replace('_', '-')}: expected a multiple of 8 from 32 up, got {value}",
            )
        check(self.samples >= 1, f"samples: expected at least 1, got {self.samples}")
        if self.renderer not in RENDERERS:
            raise unknown_name("renderer", self.renderer, RENDERERS)
        check(
            self.background in (*BACKGROUNDS, "mixed"),
            f"background: expected {', '.join(BACKGROUNDS)} or mixed, got {self.background!r}",
        )
        check(self.views >= 1, f"views: expected at least 1, got {self.views}")
        check(self.azimuth_steps >= 0, f"azimuth-steps: expected 0 or more, got {self.azimuth_steps}")
        low, high = self.elevation_deg
        check(-85 <= low <= high <= 85, f"elevation-deg: expected -85 <= low <= high <= 85, got {low} {high}")
        check(0 <= self.roll_deg <= 180, f"roll-deg: expected 0 to 180, got {self.roll_deg}")
        low, high = self.focal_length
        check(
            SHORTEST_FOCAL <= low <= high,
            f"focal-length: expected {SHORTEST_FOCAL} <= low <= high, got {low} {high}",
        )
        check(
            all(share >= 0 for share in self.split) and abs(sum(self.split) - 1) < 1e-6,
            f"split: expected three shares that sum to 1, got {self.split}",
        )
        check(self.seed >= 0, f"seed: expected 0 or more, got {self.seed}")

    def find_assets(self) -> PhotoAssets:
        """The files that its photos may show.

        Raises:
            ConfigError: A folder is missing.
            MapError: A folder holds nothing of use.
        """
        return find_assets(self.materials, self.environments, self.map_share)

    def to_json(self) -> dict:
        """A dict of plain values; `from_json` is its inverse."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @staticmethod
    def from_json(data: dict) -> Recipe:
        """The recipe that `to_json` wrote."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return Recipe(**values)
