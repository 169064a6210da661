"""Check the folder of one generated shape: its record, its reference, its photos and masks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from looking3d.dataset.load import GeneratedDataset
from looking3d.dataset.problems import REMOVE, Problem, check_picture, points_in_patches
from looking3d.dataset.quality import box_around
from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import SHAPES, Masks, Sample, mask_name
from looking3d.dataset.stored_reference import GeneratedReference
from looking3d.errors import DatasetError, Looking3DError
from looking3d.shapes.read import read_shape

REBUILD = "remove the shape's folder and generate the dataset again"

_FILES = ("shape.json", "reference.npz", "reference.png", "mesh.glb")
_AGREEMENT = 0.99
"""Share of pixels in which the mask of a normal photo has to agree with a drawing of the mesh."""


def check_shape(dataset: GeneratedDataset, shape_id: str, samples: list[Sample]) -> Iterator[Problem]:
    """What is wrong with a shape's folder."""
    folder = dataset.path / SHAPES / shape_id
    if not folder.is_dir():
        yield Problem(folder, "is missing", REBUILD)
        return
    photos = {sample.photo for sample in samples}
    known = {*_FILES, *photos, *map(mask_name, photos)}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in known:
            yield Problem(path, "belongs to no photo", REMOVE)
    reference = dataset.reference(shape_id)
    try:
        record = reference.record
        parts = {part["id"]: part["label"] for part in record["parts"]}
    except (DatasetError, KeyError, TypeError) as error:
        yield Problem(folder / "shape.json", f"not a record of a shape ({error})", REBUILD)
        return
    found = list(_check_reference(reference, len(parts), dataset.recipe))
    yield from found
    drawable = not found
    for sample in samples:
        bad = list(_check_photo(folder, sample, parts))
        yield from bad
        if drawable and not bad and not sample.anomalous:
            # One photo is enough to see that mesh and cameras belong together.
            drawable = False
            mask = Masks.load(folder / mask_name(sample.photo)).object
            agreement = float((reference.raycaster().draw(sample.camera).mask == mask).mean())
            if agreement < _AGREEMENT:
                what = f"agrees with the drawn mesh in {agreement:.1%} of its pixels only"
                yield Problem(folder / mask_name(sample.photo), what, REBUILD)


def _check_reference(reference: GeneratedReference, parts: int, recipe: Recipe) -> Iterator[Problem]:
    path = reference.path / "reference.npz"
    names = ("vertices", "faces", "part_of_face", "views", "depth", "T_camera_world", "focal_px", "center_px")
    try:
        held = reference.arrays(*names, "points", "valid")
    except DatasetError as error:
        yield Problem(path, str(error).removeprefix(f"{path}: ").split(";")[0], REBUILD)
        return
    n, px, cells = recipe.views, recipe.views_px, recipe.views_px // 8
    faces, vertices = held["faces"], held["vertices"]
    expected = {
        "vertices": ((len(vertices), 3), "f"),
        "faces": ((len(faces), 3), "i"),
        "part_of_face": ((len(faces),), "i"),
        "views": ((n, px, px), "u"),
        "depth": ((n, px, px), "f"),
        "T_camera_world": ((n, 4, 4), "f"),
        "focal_px": ((n,), "f"),
        "center_px": ((n, 2), "f"),
        "points": ((n, cells, cells, 3), "f"),
        "valid": ((n, cells, cells), "b"),
    }
    wrong = False
    for name, (shape, kind) in expected.items():
        array = held[name]
        if array.shape != shape or array.dtype.kind != kind:
            wrong = True
            yield Problem(
                path, f"{name} is {array.dtype} {array.shape}, expected {shape} of {kind!r}", REBUILD
            )
        elif kind == "f" and not np.isfinite(array).all():
            wrong = True
            yield Problem(path, f"{name} holds numbers that are not finite", REBUILD)
    if wrong:
        return
    if faces.min(initial=0) < 0 or faces.max(initial=-1) >= len(vertices):
        yield Problem(path, "faces name vertices that are not there", REBUILD)
        return
    if set(np.unique(held["part_of_face"])) - set(range(parts)):
        yield Problem(path, f"part_of_face names parts that are not among the {parts} of shape.json", REBUILD)
    for camera, points, valid in zip(reference.cameras, held["points"], held["valid"]):
        share = points_in_patches(camera, points, valid)
        if share < 1:
            yield Problem(path, f"only {share:.0%} of a view's points project into their patches", REBUILD)
            break
    try:
        stored, *_ = read_shape(reference.mesh_path).merged()
        if stored.shape != vertices.shape or not np.allclose(stored, vertices, atol=1e-5):
            yield Problem(reference.mesh_path, "is another mesh than reference.npz holds", REBUILD)
    except Looking3DError as error:
        yield Problem(reference.mesh_path, str(error), REBUILD)
    shown = len(held["views"][:: max(1, n // 5)][:5])
    yield from check_picture(reference.path / "reference.png", (px * shown, px), REBUILD)


def _check_photo(folder: Path, sample: Sample, parts: dict[str, str]) -> Iterator[Problem]:
    photo, mask_path = folder / sample.photo, folder / mask_name(sample.photo)
    size = (sample.camera.width, sample.camera.height)
    bad = [*check_picture(photo, size, REBUILD), *check_picture(mask_path, size, REBUILD)]
    yield from bad
    if bad:
        return
    masks = Masks.load(mask_path)
    changed = int(masks.changed.sum())
    if changed != sample.changed_px:
        yield Problem(mask_path, f"{changed} pixels changed, {sample.changed_px} in the labels", REBUILD)
    if box_around(masks.changed) != sample.box:
        what = f"the box of what changed is {box_around(masks.changed)}, {sample.box} in the labels"
        yield Problem(mask_path, what, REBUILD)
    if not masks.object.any():
        yield Problem(mask_path, "shows no object", REBUILD)
    if sample.anomalous != bool(changed):
        yield Problem(mask_path, f"{changed} pixels changed in a photo labelled {sample.kind}", REBUILD)
    if not sample.anomalous:
        if sample.part_id or masks.before.any() or masks.after.any():
            yield Problem(mask_path, "marks a part in a normal photo", REBUILD)
    elif parts.get(sample.part_id) != sample.part_label:
        what = (
            f"labelled with the part {sample.part_id!r} ({sample.part_label}), which shape.json does not hold"
        )
        yield Problem(photo, what, REBUILD)
    elif sample.kind == "missing" and masks.after.any():
        yield Problem(mask_path, "shows the part that is labelled missing", REBUILD)
