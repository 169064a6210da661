"""Training pairs: a photo with the views of its reference, and what is to be learnt from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from looking3d.anomalies import KINDS
from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import changed_patches
from looking3d.dataset.schema import NORMAL, Sample
from looking3d.errors import ConfigError, DatasetError
from looking3d.geometry.camera import by_angle
from looking3d.model.query import Window, crop, crop_mask
from looking3d.render.reference import PATCH_PX
from looking3d.training.augment import Augmentation, box_in_window, crop_window, vary_photo
from looking3d.training.clutter import Cutout, clutter
from looking3d.training.mirror import Pair, mirrored
from looking3d.training.order import GroupedOrder, Order, PhotoOrder
from looking3d.training.pair_cameras import off_camera, reference_depth
from looking3d.training.pair_matches import draw_matches, draw_query, match_photo
from looking3d.training.references import ReferenceArrays, open_references

KIND_NAMES = (NORMAL, *KINDS)
"""What the numbers of a pair's `kind` stand for; any other kind is the number after the last."""

_COUNTS = ("views", "query_views", "query_patches", "view_pairs", "matches")
_STREAM, _GROUPS = 0, 2  # keep these draws apart from each other and those of other users of the same seed


@dataclass(frozen=True)
class PairConfig:
    """What a training pair holds."""

    size_px: int = 256
    """Width and height of photo and views."""

    views: int = 10
    """Views of the reference: N of the paper, drawn anew for each pair."""

    query_views: int = 2
    """Views that the photo is aligned with, of those drawn."""

    query_patches: int = 256
    """Patches of the photo that are aligned with each of them, drawn from those that show the object."""

    view_pairs: int = 4
    """Pairs of views that are aligned with each other, drawn from those that have matches."""

    matches: int = 128
    """Matches of each pair of views, drawn from those there are."""

    spread_matches: bool = False
    """Draw matches that lie far from each other on the surface, as the published training does."""

    true_matches: bool = False
    """Also tell which patches of photo and views show the same of the reference, by the photo's camera."""

    estimated_camera: bool = False
    """Also tell a camera of the photo that is off as an estimator leaves it, and the reference's depth."""

    balanced: bool = True
    """Equal shares of both classes, and of the kinds among anomalies."""

    photos_per_reference: int = 1
    """Photos that come one after the other and share a shape, the views drawn of it, and which side is left.
    The network then sees these views once for all of them. More than 1 balances classes, but not kinds."""

    augmentation: Augmentation = field(default_factory=Augmentation)
    """How photos are varied."""

    def __post_init__(self) -> None:
        if self.size_px < 32 or self.size_px % PATCH_PX:
            raise ConfigError(f"size-px: expected a multiple of {PATCH_PX} from 32 up, got {self.size_px}")
        for name in (*_COUNTS, "photos_per_reference"):
            value = getattr(self, name)
            if value < 1:
                raise ConfigError(f"{name.replace('_', '-')}: expected at least 1, got {value}")

    @property
    def cells(self) -> int:
        """Patches along each side."""
        return self.size_px // PATCH_PX


@dataclass(frozen=True)
class _Photo:
    """Where a photo is.

    Attributes:
        dataset: Number of its dataset.
        shape: Number of its shape in the split.
        number: Its own in the split.
        sample: Its labels.
    """

    dataset: int
    shape: int
    number: int
    sample: Sample


class PhotoPairs:
    """Pairs of a split, any of which can be asked for by its place in an endless order.

    A pair depends on seed and place alone, whatever was asked for before, and by which process. What it
    holds, with n views of size x size px, and p patches, row by row:

    - `photo` (size, size, 3) uint8 RGB; `views` (n, size, size) uint8, by azimuth;
    - `points` (n, p, 3) float32 and `valid` (n, p) bool, of the views' patches;
    - `label` () float32, 1 for an anomaly; `kind` () int64, see `KIND_NAMES`; `box` (4,) float32, centre x,
      centre y, width, height as fractions of the photo, zeros for a normal photo;
    - `changed` (p,) float32, 1 where a patch of the photo shows a change; `shown` (p,) bool, where it shows
      the object;
    - `camera` (3, 4) float32 of the photo, and `view_cameras` (n, 3, 4): see `Camera.projection`;
      `view_angles` (n, 2) float64, azimuth from 0 to 2 pi, and elevation;
    - `query_views`, `query_patches`, `match_views`, `match_patches` int64, and with `true_matches` also
      `photo_matches`: see `alignment.Subsets`;
    - with `estimated_camera`, that camera as (3, 4) float32, and `depth` (64, 64) float32 of the reference
      as the photo's own camera sees it, 0 where there is none;
    - `place` () int64; `reference` () int64, the same number for photos that share views; `shape` () int64,
      the same for all photos of one shape.
    """

    def __init__(
        self,
        datasets: list[Dataset],
        split: str,
        config: PairConfig,
        seed: int,
        cache: Path,
        workers: int = 0,
        on_shape: Callable[[int, int], None] = lambda done, count: None,
    ) -> None:
        """Unpack the references, if the cache does not hold them yet.

        Args:
            datasets: Where the photos are.
            split: Which of them: train, val, test.
            config: What a pair holds.
            seed: Decides everything random.
            cache: Folder for the unpacked references, best beside the run.
            workers: Processes that unpack references; 0 unpacks them in this one.
            on_shape: Called with shapes done and to do, while they are unpacked.

        Raises:
            DatasetError: The photos are all of one class, a dataset has fewer views than are asked for,
                or its views differ in number or are not square.
        """
        self.datasets, self.split, self.config, self.seed = datasets, split, config, seed
        self._photos: list[_Photo] = []
        for number, dataset in enumerate(datasets):
            groups = enumerate(dataset.by_shape(split).values())
            samples = [(shape, sample) for shape, of_shape in groups for sample in of_shape]
            self._photos += [_Photo(number, shape, i, sample) for i, (shape, sample) in enumerate(samples)]
        kinds = [photo.sample.kind for photo in self._photos]
        self._check_classes(kinds)
        surfaces = config.true_matches or config.estimated_camera
        self.references = [
            open_references(dataset, split, config.size_px, cache, surfaces, workers, on_shape)
            for dataset in datasets
        ]
        for dataset, references in zip(datasets, self.references, strict=True):
            if references.view_count < config.views:
                raise DatasetError(
                    f"{dataset.path}: its references have {references.view_count} views, which is fewer than "
                    f"the {config.views} asked for; ask for fewer, or generate a dataset with more (--views)"
                )
        # Shapes of all datasets, numbered on
        sizes = [0, *(len(references.shapes) for references in self.references)]
        self._first_shape: list[int] = np.cumsum(sizes).tolist()
        self.order = self._order(kinds)

    def _order(self, kinds: list[str]) -> Order:
        config = self.config
        if config.photos_per_reference == 1:
            return PhotoOrder(kinds, config.balanced, self.seed)
        shapes = [self._first_shape[photo.dataset] + photo.shape for photo in self._photos]
        return GroupedOrder(shapes, kinds, config.photos_per_reference, config.balanced, self.seed)

    def _check_classes(self, kinds: list[str]) -> None:
        normal = kinds.count(NORMAL)
        if 0 < normal < len(kinds):
            return
        have, missing = ("normal", "anomalous") if normal else ("anomalous", "normal")
        where = ", ".join(str(dataset.path) for dataset in self.datasets)
        raise DatasetError(
            f"{where}: all {len(kinds)} photos of the split {self.split!r} are {have}; a detector cannot "
            f"learn without {missing} ones; generate a dataset with both (--anomalous-share 0.5)"
        )

    def __len__(self) -> int:
        """Photos of the split; places go on beyond."""
        return len(self._photos)

    def __getitem__(self, place: int) -> Pair:
        """The pair at a place of the order, from 0 on, without end."""
        photo = self._photos[self.order.photo(place)]
        references = self.references[photo.dataset]
        generator = np.random.default_rng([self.seed, _STREAM, place])
        pair, window = self._photo(photo, generator)
        group = place // self.config.photos_per_reference
        shared = np.random.default_rng([self.seed, _GROUPS, group])
        drawn = shared.permutation(references.view_count)[: self.config.views]
        views = drawn[by_angle(references.angles[photo.shape][drawn])]
        pair |= _views(references, photo.shape, views)
        config = self.config
        if config.true_matches:
            pair["photo_matches"] = match_photo(
                references, photo.number, photo.sample.camera, window, views, pair
            )
        if config.estimated_camera:
            pair["estimated_camera"] = off_camera(pair["camera"], generator)
            pair["depth"] = reference_depth(references, photo.number, photo.sample.camera, window)
        pair |= draw_query(pair["shown"], len(views), config.query_views, config.query_patches, generator)
        table = references.matches[photo.shape][views[:, None], views]
        pair |= draw_matches(
            table, pair["points"], config.view_pairs, config.matches, config.spread_matches, generator
        )
        pair["place"], pair["reference"] = np.array(place), np.array(group)
        pair["shape"] = np.array(self._first_shape[photo.dataset] + photo.shape)
        return mirrored(pair) if shared.random() < config.augmentation.mirror else pair

    def _photo(self, photo: _Photo, generator: np.random.Generator) -> tuple[Pair, Window]:
        """The photo's own part of a pair, and the window of the photo that it shows."""
        dataset, sample, config = self.datasets[photo.dataset], photo.sample, self.config
        image, masks = dataset.photo(sample), dataset.masks(sample)
        height, width = image.shape[:2]
        box = sample.box if sample.anomalous else (0, 0, 0, 0)
        window = crop_window(width, height, box, config.augmentation.crop, generator)

        def busy_ground() -> np.ndarray:
            return clutter(config.size_px, lambda: self._other(generator), generator)

        seen = crop_mask(masks.object, window, config.size_px)
        changed = changed_patches(crop_mask(masks.changed, window, config.size_px), config.cells)
        changed &= sample.anomalous
        return {
            "photo": vary_photo(
                crop(image, window, config.size_px), seen, config.augmentation, generator, busy_ground
            ),
            "label": np.array(sample.anomalous, np.float32),
            "kind": np.array(_kind_number(sample.kind)),
            "box": np.array(box_in_window(box, window) if sample.anomalous else (0,) * 4, np.float32),
            "changed": changed.ravel().astype(np.float32),
            "shown": _shown(seen, config.cells).ravel(),
            "camera": window.camera(sample.camera, config.size_px).projection.astype(np.float32),
        }, window

    def _other(self, generator: np.random.Generator) -> Cutout:
        """Another photo of the split, to make a ground of."""
        photo = self._photos[generator.integers(len(self._photos))]
        dataset = self.datasets[photo.dataset]
        return dataset.photo(photo.sample), dataset.masks(photo.sample).object


OF_REFERENCE = ("views", "points", "valid", "view_cameras", "view_angles", "shape")
"""What photos that share a reference have in common."""


def _kind_number(kind: str) -> int:
    return KIND_NAMES.index(kind) if kind in KIND_NAMES else len(KIND_NAMES)


def _shown(mask: np.ndarray, cells: int) -> np.ndarray:
    """(cells, cells) bool: the patches that show any of a soft mask."""
    patch = len(mask) // cells
    return mask.reshape(cells, patch, cells, patch).max((1, 3)) >= 0.5


def _views(references: ReferenceArrays, shape: int, views: np.ndarray) -> Pair:
    """What a pair holds of the chosen views; copies, since memory maps must not be written to."""
    return {
        "views": references.views[shape][views],
        "points": references.points[shape][views],
        "valid": references.valid[shape][views],
        "view_cameras": references.cameras[shape][views].astype(np.float32),
        "view_angles": references.angles[shape][views],
    }
