"""The demo: photos of chairs that no training ever saw, inspected against their GLB files."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from rich.console import Console

from looking3d.dataset.build import build_dataset
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.inspection.inspector import Inspector, inspect_paths
from looking3d.inspection.reference import load_reference
from looking3d.inspection.report import table, write_html
from looking3d.model.checkpoint import load_detector

# Chairs of these seeds are in no training set.
RECIPE = Recipe(
    count=3, first_shape=900_000, photos_per_shape=4, renderer="mitsuba", samples=32, split=(0.0, 0.0, 1.0)
)


def run_demo(out: Path, console: Console) -> list[Path]:
    """Make 12 photos of 3 chairs, inspect them with the shipped weights, and write a page a chair.

    Args:
        out: Folder; what an earlier demo made there is used again.
        console: Where to tell what happens.

    Returns:
        The pages.
    """
    console.print("rendering 12 photos of 3 chairs (only the first time) ...")
    build_dataset(RECIPE, out / "dataset", workers=2)
    dataset = Dataset.open(out / "dataset")
    for shape_id in dataset.splits["test"]:
        _lay_out(dataset, shape_id, out / shape_id)
    start = time.perf_counter()
    detector = load_detector("align")
    pages, count = [], 0
    for shape_id in dataset.splits["test"]:
        folder = out / shape_id
        inspector = Inspector(load_reference(folder / "reference.glb"), detector)
        results = inspect_paths(inspector, sorted((folder / "photos").iterdir()))
        pages.append(folder / "inspection.html")
        write_html(results, inspector.reference, pages[-1])
        console.print(f"reference: {folder / 'reference.glb'}")
        console.print(table(results))
        count += len(results)
    console.print(f"{count} photos inspected in {time.perf_counter() - start:.1f} s")
    console.print("a photo's true state is in its name; look at:")
    for page in pages:
        console.print(f"  {page}", highlight=False, soft_wrap=True)
    return pages


def _lay_out(dataset: Dataset, shape_id: str, folder: Path) -> None:
    """The reference and the photos of a shape as a user would have them: a GLB and a folder of pictures."""
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "photos").mkdir(parents=True)
    shutil.copy(dataset.reference(shape_id).mesh_path, folder / "reference.glb")
    for sample in dataset.samples:
        if sample.shape_id == shape_id:
            name = sample.photo.removeprefix("photos/")
            shutil.copy(dataset.path / "shapes" / shape_id / sample.photo, folder / "photos" / name)
