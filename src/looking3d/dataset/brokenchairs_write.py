"""Write a dataset in the published BrokenChairs layout, every field of it."""

from __future__ import annotations

import io
import json
import math
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.dataset.brokenchairs import EXTRA, FRAME_PX, SPLIT_FILE, annotation_path
from looking3d.dataset.load import Dataset
from looking3d.dataset.rle import encode_mask
from looking3d.dataset.schema import Masks, Sample
from looking3d.dataset.stored_reference import StoredReference
from looking3d.errors import DatasetError
from looking3d.files import write_whole
from looking3d.geometry.camera import Camera, orbit_angles
from looking3d.geometry.correspondence import seen_at
from looking3d.render.raycast import Raycaster

SURFACE_POINTS = 2048
"""Points of the surface that all views of a shape are asked for."""

_OBJECT, _PART = 128, 255
_OPENGL_AXES = np.diag([1.0, -1.0, -1.0, 1.0])


class BrokenChairs:
    """The published layout, as `looking3d.dataset.brokenchairs` reads it."""

    def write_shape(self, dataset: Dataset, samples: list[Sample], first: int, out: Path) -> dict:
        """Write a shape's views, photos and annotations."""
        native = samples[0].shape_id
        shape_id = layout_id(native)
        reference = dataset.reference(native)
        raycaster = reference.raycaster()
        folder = out / "shapes" / f"shape_{shape_id}"
        _write_views(reference, raycaster, folder, zlib.crc32(native.encode()))
        write_whole(folder / "model_id.txt", f"{reference.source}\n".encode())
        extra = {}
        for number, sample in enumerate(samples):
            photo = out / "images" / shape_id / photo_name(sample, shape_id, number)
            masks = dataset.masks(sample)
            if sample.anomalous:
                _write_annotation(photo, sample, masks, raycaster.draw(sample.camera).mask)
            write_whole(photo, _png(dataset.photo(sample)))
            extra[photo.name] = {
                "sample": sample.to_json(),
                "object": encode_mask(masks.object),
                "changed": encode_mask(masks.changed),
            }
        write_whole(folder / EXTRA, _json({"id": native, "photos": extra}))
        return {"id": native, "layout_id": shape_id}

    def finish(self, dataset: Dataset, records: list[Path], out: Path) -> None:
        """Write split.json, without which nothing reads the folder."""
        ids = {native: layout_id(native) for shapes in dataset.splits.values() for native in shapes}
        if len(set(ids.values())) < len(ids):
            raise DatasetError(f"{dataset.path}: two shapes' ids differ only in _ and -; rename one of them")
        splits = {split: [ids[native] for native in shapes] for split, shapes in dataset.splits.items()}
        write_whole(out / SPLIT_FILE, _json(splits))


def layout_id(shape_id: str) -> str:
    """A shape's id in the layout, whose file names part their fields by underscores."""
    return shape_id.replace("_", "-")


def photo_name(sample: Sample, shape_id: str, number: int) -> str:
    """A photo's file name; the seed of materials and light stands for texture, its number for the light."""
    radius = float(np.linalg.norm(sample.camera.origin))
    angles = (math.degrees(angle) for angle in (sample.azimuth_rad, sample.elevation_rad))
    azimuth, elevation = (f"{angle:.6f}" for angle in angles)
    shows = f"{sample.kind}_anomaly" if sample.anomalous else sample.kind
    return f"render_{shape_id}_{sample.seed}_{radius:.6g}_{azimuth}_{elevation}_{number}_{shows}.png"


def matrices(camera: Camera) -> dict[str, list]:
    """`K`, `RT` (world to camera, OpenGL axes) and `RT_` (the camera's pose) of the layout."""
    RT = _OPENGL_AXES @ camera.T_camera_world
    return {"K": camera.K.tolist(), "RT": RT.tolist(), "RT_": np.linalg.inv(RT).tolist()}


def _write_annotation(photo: Path, sample: Sample, masks: Masks, normal_object: np.ndarray) -> None:
    """info_*.json and the masks; of a missing part there is one mask, of where it was."""
    width, height = sample.camera.width, sample.camera.height
    x, y, w, h = sample.box
    union = (masks.before | masks.after).sum()
    info = {
        "2d_bbox": [
            x * FRAME_PX / width,
            y * FRAME_PX / height,
            w * FRAME_PX / width,
            h * FRAME_PX / height,
        ],
        "IoU": float((masks.before & masks.after).sum() / union) if union else 0.0,
        "texture_id": str(sample.seed),
        **matrices(sample.camera),
    }
    write_whole(annotation_path(photo, "info_").with_suffix(".json"), _json(info))
    if sample.kind == "missing":
        write_whole(annotation_path(photo, "mask_new_"), _mask_png(normal_object, masks.before))
        return
    write_whole(annotation_path(photo, "mask_new_"), _mask_png(masks.object, masks.after))
    write_whole(annotation_path(photo, "mask_old_"), _mask_png(normal_object, masks.before))


def _mask_png(seen: np.ndarray, part: np.ndarray) -> bytes:
    """Grey: the object 128, the part 255; in the boxes' frame, or larger if the photo is."""
    levels = np.where(part, _PART, np.where(seen, _OBJECT, 0)).astype(np.uint8)
    height, width = levels.shape
    scale = max(1.0, FRAME_PX / max(height, width))
    size = (round(width * scale), round(height * scale))
    return _png(np.asarray(Image.fromarray(levels).resize(size, Image.Resampling.NEAREST)))


def _write_views(reference: StoredReference, raycaster: Raycaster, folder: Path, seed: int) -> None:
    surface = _surface_points(raycaster, np.random.default_rng(seed))
    for i, camera in enumerate(reference.cameras):
        azimuth, elevation = (math.degrees(angle) for angle in orbit_angles(camera))
        distance = float(np.linalg.norm(camera.origin))
        # Not with_suffix, which would take the elevation's decimals for a suffix.
        name = f"view-{i:03d}_{distance:.6g}_{round(azimuth % 360, 4):g}_{round(elevation, 4):g}"
        xy, z = camera.project(surface)
        inside = (xy >= 0).all(1) & (xy[:, 0] < camera.width) & (xy[:, 1] < camera.height)
        seen = seen_at(camera, reference.depth[i], xy, z)
        pixels = np.where(inside[:, None], np.floor(xy[:, ::-1]), -1).astype(np.int64)
        held = {
            "xyz": np.where(reference.valid[i][..., None], reference.points[i], np.float32(-1)),
            "pxy": pixels,
            "is_visible": seen,
        }
        buffer = io.BytesIO()
        np.save(buffer, np.array(held, dtype=object), allow_pickle=True)
        views = folder / "mv_images"
        write_whole(views / f"{name}.npy", buffer.getvalue())
        write_whole(views / f"{name}.json", _json(matrices(camera)))
        write_whole(views / f"{name}.png", _png(reference.views[i]))


def _surface_points(raycaster: Raycaster, generator: np.random.Generator) -> np.ndarray:
    """(SURFACE_POINTS, 3) points, uniform over the mesh's area."""
    triangles = raycaster.vertices[raycaster.faces].astype(np.float64)
    edges = triangles[:, 1:] - triangles[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    chosen = generator.choice(len(triangles), SURFACE_POINTS, p=areas / areas.sum())
    u, v = generator.random((2, SURFACE_POINTS, 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return triangles[chosen, 0] + u * edges[chosen, 0] + v * edges[chosen, 1]


def _png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def _json(data: dict) -> bytes:
    return (json.dumps(data, indent=1) + "\n").encode()
