"""Read the published BrokenChairs layout in place.

    images/<folder>/render_<shape>_<texture>_<radius>_<azimuth>_<elevation>_<light>_<what it shows>.png
    annotations/<folder>/info_<rest>.json, mask_new_<rest>.png, mask_old_<rest>.png     of anomalies alone
    shapes/shape_<shape>/model_id.txt, mv_images/<name>_<distance>_<azimuth>_<elevation>.png .json .npy
    split.json

`<rest>` is what follows `render_`. Boxes are in a frame of 512 x 512 px. A matrix `RT` takes world points
to a camera with OpenGL axes (x right, y up, z backward). Where a dataset was written by this package,
`shapes/shape_<shape>/looking3d.json` holds the labels that the layout has no place for.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.anomalies import KINDS
from looking3d.dataset.foreign_npy import load_array_dict
from looking3d.dataset.load import Dataset
from looking3d.dataset.quality import box_around
from looking3d.dataset.rle import decode_mask
from looking3d.dataset.schema import NORMAL, SPLITS, Masks, Sample, read_json
from looking3d.dataset.stored_reference import Matches, Patches, StoredPart, StoredReference, patches_of
from looking3d.errors import DatasetError
from looking3d.geometry.box import intersection_over_union
from looking3d.geometry.camera import Camera, orbit, orbit_angles
from looking3d.geometry.correspondence import grid_points, patch_at
from looking3d.render.raycast import Raycaster

FRAME_PX = 512
"""Boxes are in pixels of a frame of this size."""

EXTRA = "looking3d.json"
"""File of a shape's folder with the labels that the layout has no place for."""

SPLIT_FILE = "split.json"
UNKNOWN_KIND = "anomaly"
"""Kind of an anomaly that neither name nor files tell."""

_OPENGL_AXES = np.diag([1.0, -1.0, -1.0, 1.0])
_MIRRORED_AXES = np.diag([-1.0, 1.0, 1.0, 1.0])
_MIDDLE_GREY, _WHITE = 13, 26
_COPY = "copy the dataset again"


def camera_from_matrices(K: np.ndarray, RT: np.ndarray, width: int, height: int, name: str) -> Camera:
    """The camera of a view, from the layout's matrices.

    Args:
        K: (3, 3) intrinsics for the image as it is stored.
        RT: (4, 4) world to camera. Its axes are OpenGL's, or mirrored left to right (as the projection
            "column = size - x" also allows); which of them, is seen from where the object lies.
        width, height: The image's size.
        name: What to call it in a message.
    """
    if K.shape != (3, 3) or RT.shape != (4, 4) or not (np.isfinite(K).all() and np.isfinite(RT).all()):
        raise DatasetError(f"{name}: expected K of 3 x 3 and RT of 4 x 4 finite numbers; {_COPY}")
    T_camera_world = (_OPENGL_AXES if RT[2, 3] < 0 else _MIRRORED_AXES) @ RT
    R = T_camera_world[:3, :3]
    if not np.allclose(R @ R.T, np.eye(3), atol=1e-3) or np.linalg.det(R) < 0:
        raise DatasetError(f"{name}: RT is no rotation and translation; {_COPY}")
    return Camera(T_camera_world, float(K[0, 0]), np.array([K[0, 2], K[1, 2]], float), width, height)


@dataclass(frozen=True)
class PublishedReference(StoredReference):
    """The folder `shapes/shape_<id>` of the published layout; it holds no depth and no mesh."""

    @cached_property
    def source(self) -> str:
        """The ShapeNet id."""
        path = self.path / "model_id.txt"
        try:
            return path.read_text().strip()
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path}: cannot be read ({error}); {_COPY}") from error

    @property
    def family(self) -> str:
        """The layout holds chairs."""
        return "chair"

    @property
    def parts(self) -> tuple[StoredPart, ...]:
        """None: the layout does not tell."""
        return ()

    @cached_property
    def view_paths(self) -> tuple[Path, ...]:
        """The views' pictures, by azimuth."""
        paths = sorted(
            (self.path / "mv_images").glob("*.png"), key=lambda path: (_view_angles(path), path.name)
        )
        if not paths:
            raise DatasetError(f"{self.path / 'mv_images'}: holds no views (*.png); {_COPY}")
        return tuple(paths)

    @cached_property
    def views(self) -> np.ndarray:
        """(n, height, width) uint8, the grey views."""
        views = [_grey(path) for path in self.view_paths]
        for path, view in zip(self.view_paths, views):
            if view.shape != views[0].shape:
                raise DatasetError(f"{path}: {view.shape} px, other views {views[0].shape}; {_COPY}")
        return np.stack(views)

    @cached_property
    def cameras(self) -> tuple[Camera, ...]:
        """The views' n cameras."""
        return tuple(view_camera(path) for path in self.view_paths)

    @property
    def depth(self) -> np.ndarray:
        """The published layout stores no depth.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(
            f"{self.path}: the published layout stores no depth; use points and correspondences"
        )

    @cached_property
    def _surface(self) -> tuple[dict[str, np.ndarray], ...]:
        names = ("xyz", "pxy", "is_visible")
        return tuple(
            load_array_dict(path.with_name(path.name.removesuffix(".png") + ".npy"), names)
            for path in self.view_paths
        )

    @cached_property
    def points(self) -> np.ndarray:
        """(n, rows, columns, 3) float32, the world point of each patch; 0 where there is none."""
        points = np.stack([view["xyz"] for view in self._surface]).astype(np.float32)
        return np.where(self.valid[..., None], points, np.float32(0))

    @cached_property
    def valid(self) -> np.ndarray:
        """(n, rows, columns) bool, whether a patch shows the object."""
        return np.stack([(view["xyz"] != -1).any(-1) for view in self._surface])

    def correspondences(self, a: int, b: int, step_px: int = 4) -> Matches:
        """Pixels of views `a` and `b` that show the same of the stored surface points."""
        self.check_view(a)
        self.check_view(b)
        both = self._surface[a]["is_visible"].astype(bool) & self._surface[b]["is_visible"].astype(bool)
        first, second = (self._surface[view]["pxy"][both][:, ::-1] + 0.5 for view in (a, b))
        return Matches(first.astype(float), second.astype(float))

    def patches(self, rows: int, columns: int) -> Patches:
        """The patches of the views on a grid, matched by the stored surface points that both views show."""
        surfaces = np.where(self.valid[..., None], self.points, np.nan)
        grids = [grid_points(surface, rows, columns) for surface in surfaces]
        points, valid = (np.stack(arrays) for arrays in zip(*grids, strict=True))
        count, size = len(surfaces), self.views.shape[:0:-1]
        matches = np.full((count, count, rows * columns), -1)
        for a, b in np.ndindex(count, count):
            places = self.correspondences(a, b)
            first, second = (patch_at(xy / size, rows, columns) for xy in places)
            inside = (first >= 0) & (second >= 0)
            matches[a, b, first[inside]] = second[inside]
        return patches_of(points, valid, matches.reshape(count, count, rows, columns))

    @property
    def mesh_path(self) -> Path:
        """The published layout stores no mesh.

        Raises:
            DatasetError: Always.
        """
        raise self._no_mesh()

    def raycaster(self) -> Raycaster:
        """The published layout stores no mesh.

        Raises:
            DatasetError: Always.
        """
        raise self._no_mesh()

    def _no_mesh(self) -> DatasetError:
        return DatasetError(
            f"{self.path}: the published layout stores views, no mesh; what needs one (the align detector) "
            "cannot use it; generate a dataset from the ShapeNet or PartNet shapes instead"
        )


@dataclass(frozen=True, eq=False)
class PublishedDataset(Dataset):
    """A dataset in the published layout.

    Attributes:
        folders: Each shape's folder.
    """

    folders: dict[str, Path]

    @cached_property
    def fingerprint(self) -> str:
        """The start of the SHA-256 of splits and photos' names."""
        text = json.dumps([self.splits, [sample.photo for sample in self.samples]])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def rejections(self) -> dict[str, int]:
        """Nothing: the layout does not tell."""
        return {}

    def reference(self, shape_id: str) -> PublishedReference:
        """The views that the photos of a shape are judged against."""
        return PublishedReference(self.folders[shape_id])

    def photo_path(self, sample: Sample) -> Path:
        """The file of a photo; `sample.photo` is relative to the dataset."""
        return self.path / sample.photo

    def masks(self, sample: Sample) -> Masks:
        """Where the object and the anomaly are in the photo.

        Without this package's own labels, what changed is the part before and after, and the object of
        a photo without a mask is what is not white.
        """
        size = (sample.camera.height, sample.camera.width)
        nothing = np.zeros(size, bool)
        before, after, seen = nothing, nothing, nothing
        if sample.anomalous:
            new, old = (
                annotation_path(self.photo_path(sample), prefix) for prefix in ("mask_new_", "mask_old_")
            )
            after, seen = read_mask(new, sample.box, size)
            # One mask alone is that of a part that is missing from the photo.
            before, after = (
                (after, nothing) if not old.is_file() else (read_mask(old, sample.box, size)[0], after)
            )
        extra = _extra(self.folders[sample.shape_id]).get(Path(sample.photo).name)
        if extra is not None:
            return Masks(decode_mask(extra["object"]), before, after, decode_mask(extra["changed"]))
        if not seen.any():
            seen = np.asarray((self.photo(sample) < 250).any(-1))
        return Masks(seen, before, after, before | after)


def open_brokenchairs(path: Path) -> PublishedDataset:
    """Open a dataset in the published layout.

    Raises:
        DatasetError: It lacks images, shapes or splits, or one of its files is damaged.
    """
    for name in ("images", "shapes", SPLIT_FILE):
        if not (path / name).exists():
            raise DatasetError(
                f"{path}: {name} is missing from the published layout; {_COPY}, or write it again"
            )
    listed = read_json(path / SPLIT_FILE, _COPY)
    split_of = {str(i): split for split in SPLITS for i in listed.get(split, [])}
    angles = None
    samples: list[Sample] = []
    folders: dict[str, Path] = {}
    sizes: dict[Path, tuple[int, int]] = {}
    for photo in sorted((path / "images").rglob("render_*.png")):
        name = photo.name.removesuffix(".png").split("_")
        if len(name) < 8:
            raise DatasetError(
                f"{photo}: expected "
                "render_<shape>_<texture>_<radius>_<azimuth>_<elevation>_<light>_<what it shows>.png"
            )
        if name[1] not in split_of:
            raise DatasetError(
                f"{photo}: its shape {name[1]!r} is in no split of {path / SPLIT_FILE}; {_COPY}"
            )
        folder = path / "shapes" / f"shape_{name[1]}"
        extra = _extra(folder).get(photo.name)
        if extra is not None:
            sample = Sample.from_json({**extra["sample"], "photo": photo.relative_to(path).as_posix()})
        else:
            angles = angles or _azimuth_convention(path)
            # All photos of a folder have one size; opening each would take minutes.
            size = sizes.setdefault(photo.parent, sizes.get(photo.parent) or _size(photo))
            sample = _read_sample(path, photo, name, split_of[name[1]], angles, size)
        folders[sample.shape_id] = folder
        samples.append(sample)
    if not samples:
        raise DatasetError(f"{path / 'images'}: holds no photos (render_*.png); {_COPY}")
    samples.sort(key=lambda sample: sample.shape_id)
    ids = {folder.name: shape_id for shape_id, folder in folders.items()}
    splits = {split: tuple(ids.get(f"shape_{i}", str(i)) for i in listed.get(split, [])) for split in SPLITS}
    folders |= {
        i: path / "shapes" / f"shape_{i}" for ids_ in splits.values() for i in ids_ if i not in folders
    }
    return PublishedDataset(path, tuple(samples), splits, folders)


def _read_sample(
    root: Path, photo: Path, name: list[str], split: str, angles: tuple[int, float], size: tuple[int, int]
) -> Sample:
    """A sample from the name of its photo and its annotation."""
    try:
        radius, azimuth, elevation = (float(field) for field in name[3:6])
    except ValueError as error:
        raise DatasetError(
            f"{photo}: radius, azimuth or elevation is no number ({error}); {_COPY}"
        ) from error
    width, height = size
    azimuth_rad = math.radians(angles[0] * azimuth + angles[1])
    kind, box = NORMAL, (0, 0, 0, 0)
    tail = "_".join(name[7:])
    if "anomaly" in tail:
        info = annotation_path(photo, "info_").with_suffix(".json")
        annotation = read_json(info, _COPY)
        kind = _kind(tail, annotation, photo)
        try:
            x, y, w, h = (float(value) for value in annotation["2d_bbox"])
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{info}: expected 2d_bbox [x, y, width, height]; {_COPY}") from error
        left, right = (round(value * width / FRAME_PX) for value in (x, x + w))
        top, bottom = (round(value * height / FRAME_PX) for value in (y, y + h))
        box = (left, top, right - left, bottom - top)
    return Sample(
        shape_id=name[1],
        split=split,
        photo=photo.relative_to(root).as_posix(),
        kind=kind,
        part_id="",
        part_label="",
        severity=0.0,
        changed_px=0,
        box=box,
        odd_reference=False,
        renderer="blender",
        azimuth_rad=azimuth_rad % (2 * math.pi),
        elevation_rad=math.radians(elevation),
        seed=0,
        camera=orbit(azimuth_rad, math.radians(elevation), width, radius),
    )


def annotation_path(photo: Path, prefix: str) -> Path:
    """The file of a photo's annotation: `info_` (then a .json), `mask_new_` or `mask_old_`."""
    parts = list(photo.parts)
    parts[len(parts) - 1 - parts[::-1].index("images")] = "annotations"
    return Path(*parts[:-1]) / photo.name.replace("render_", prefix, 1)


def read_mask(
    path: Path, box: tuple[int, int, int, int], size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The part and the whole object of a mask file, each (height, width) bool.

    Colours are told apart roughly. In a grey mask the part is white and the rest of the object a middle
    grey; of other colours the part's is the one whose tight box is most like the annotated one.

    Args:
        path: The file.
        box: The annotated box in pixels of the photo.
        size: (height, width) of the photo.
    """
    try:
        with Image.open(path) as image:
            resized = image.convert("RGB").resize((size[1], size[0]), Image.Resampling.NEAREST)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: not a readable mask ({error}); {_COPY}") from error
    codes = np.asarray(resized).astype(np.int64)
    # Masks of small numbers (0, 1, 2) are spread over the whole range first.
    top = 255 if codes.max() > 63 else max(1, codes.max())
    codes = np.round(codes * (2.0 / top)).astype(np.int64) @ np.array([9, 3, 1])
    colors = [int(color) for color in np.unique(codes) if color]
    if set(colors) <= {_MIDDLE_GREY, _WHITE}:
        return codes == _WHITE, codes > 0
    best = max(
        colors, key=lambda color: (intersection_over_union(box_around(codes == color), box), color), default=0
    )
    part = codes == best if best else np.zeros(size, bool)
    return part, codes > 0


def view_camera(path: Path) -> Camera:
    """The camera of a view, from the JSON beside its picture."""
    stored = path.with_name(path.name.removesuffix(".png") + ".json")
    matrices = read_json(stored, _COPY)
    try:
        K, RT = np.array(matrices["K"], float), np.array(matrices["RT"], float)
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{stored}: expected matrices K and RT; {_COPY}") from error
    return camera_from_matrices(K, RT, *_size(path), str(stored))


def _azimuth_convention(path: Path) -> tuple[int, float]:
    """Sign and offset in degrees that turn azimuths of file names into ours, as the views' cameras tell."""
    for folder in sorted((path / "shapes").iterdir()):
        views = sorted((folder / "mv_images").glob("*.png"))
        if len(views) < 2:
            continue
        ours = np.array([orbit_angles(view_camera(view))[0] for view in views])
        named = np.radians([_view_angles(view)[0] for view in views])
        turns = {sign: np.exp(1j * (ours - sign * named)).mean() for sign in (1, -1)}
        sign = max(turns, key=lambda s: abs(turns[s]))
        if abs(turns[sign]) > 0.999:
            return sign, round(math.degrees(float(np.angle(turns[sign]))), 3) + 0.0
    return 1, 0.0


def _view_angles(path: Path) -> tuple[float, float]:
    fields = path.name.removesuffix(".png").split("_")
    try:
        return float(fields[-2]), float(fields[-1])
    except (IndexError, ValueError) as error:
        raise DatasetError(
            f"{path}: expected <name>_<distance>_<azimuth>_<elevation>.png; {_COPY}"
        ) from error


def _kind(tail: str, annotation: dict, photo: Path) -> str:
    told = f"{tail} {annotation.get('kind', '')} {annotation.get('type', '')}".lower()
    for kind in KINDS:
        if kind in told:
            return kind
    return UNKNOWN_KIND if annotation_path(photo, "mask_old_").is_file() else "missing"


def _extra(folder: Path) -> dict:
    """This package's own labels of a shape's photos, by name; empty where others wrote the layout."""
    path = folder / EXTRA
    return _read_extra(path, path.stat().st_mtime_ns) if path.is_file() else {}


@functools.lru_cache(maxsize=4)
def _read_extra(path: Path, changed_ns: int) -> dict:
    return read_json(path, _COPY).get("photos", {})


def _size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise DatasetError(f"{path}: not a readable picture ({error}); {_COPY}") from error


def _grey(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except OSError as error:
        raise DatasetError(f"{path}: not a readable view ({error}); {_COPY}") from error
