"""The demo: photos of chairs that no training ever saw, inspected against their GLB files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment
from PIL import Image
from rich.console import Console

from looking3d.dataset.build import build_dataset
from looking3d.dataset.engine import LocalEngine
from looking3d.dataset.load import Dataset
from looking3d.dataset.recipe import Recipe
from looking3d.inspection.inspector import Inspection, Inspector, inspect_paths
from looking3d.inspection.reference import load_reference
from looking3d.inspection.report import table, write_html
from looking3d.model.checkpoint import load_detector
from looking3d.photos.photo import find_photos

# Chairs of these seeds are in no training set.
RECIPE = Recipe(
    count=3, first_shape=900_000, photos_per_shape=4, renderer="mitsuba", samples=32, split=(0.0, 0.0, 1.0)
)


def run_demo(out: Path, console: Console) -> Path:
    """Make 12 photos of 3 chairs, inspect them with the shipped weights, and write a page a chair.

    Args:
        out: Folder; the photos that an earlier demo made there are used again.
        console: Where to tell what happens.

    Returns:
        The page that leads to the others; beside it lies overview.jpg, all photos at a glance.
    """
    console.print("rendering 12 photos of 3 chairs (the first time only) ...")
    build_dataset(RECIPE, out / "dataset", LocalEngine(2))
    dataset = Dataset.open(out / "dataset")
    references = [_lay_out(dataset, shape_id, out / shape_id) for shape_id in dataset.splits["test"]]
    start = time.perf_counter()
    detector = load_detector("align")
    chairs, shown = [], []
    for path in references:
        inspector = Inspector(load_reference(path), detector)
        results = inspect_paths(inspector, find_photos([path.parent / "photos"]))
        write_html(results, inspector.reference, path.parent / "inspection.html")
        console.print(f"\nreference: {path}", highlight=False, soft_wrap=True)
        console.print(table(results))
        chairs.append({"page": f"{path.parent.name}/inspection.html", "name": path.name, "results": results})
        shown += [result for result in results if isinstance(result, Inspection)]
    console.print(f"{len(shown)} photos inspected in {time.perf_counter() - start:.1f} s")
    Image.fromarray(overview(shown)).save(out / "overview.jpg", quality=90)
    page = out / "index.html"
    template = Environment(autoescape=True).from_string(_INDEX)
    page.write_text(template.render(chairs=chairs), encoding="utf-8")
    console.print("The names of the photos tell the truth; the verdicts did not see them.")
    console.print(f"Open {page}", highlight=False, soft_wrap=True)
    return page


def overview(inspections: Sequence[Inspection], columns: int = 2, size_px: int = 200) -> np.ndarray:
    """(height, width, 3) uint8: photo, model and difference of each inspection, side by side.

    Args:
        inspections: Of square photos.
        columns: Inspections in a row.
        size_px: Width of a picture.
    """
    cells = []
    for inspection in inspections:
        drawing = np.repeat(inspection.drawing(size_px)[..., None], 3, 2)
        cells.append(np.concatenate([inspection.picture(size_px), drawing, inspection.overlay(size_px)], 1))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    return np.concatenate([np.concatenate(cells[i : i + columns], 1) for i in range(0, len(cells), columns)])


def _lay_out(dataset: Dataset, shape_id: str, folder: Path) -> Path:
    """The shape as a user would have it, a GLB and a folder of photos; returns the GLB."""
    if folder.exists():
        shutil.rmtree(folder)
    (folder / "photos").mkdir(parents=True)
    reference = folder / f"{shape_id}.glb"
    shutil.copy(dataset.reference(shape_id).mesh_path, reference)
    for sample in dataset.samples:
        if sample.shape_id == shape_id:
            name = sample.photo.removeprefix("photos/")
            shutil.copy(dataset.path / "shapes" / shape_id / sample.photo, folder / "photos" / name)
    return reference


_INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Looking3D: the demo</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
img { max-width: 100%; border: 1px solid #ccc }</style></head><body>
<h1>Is it what its 3D model says?</h1>
<p>Three chairs, four photos of each. Some chairs are as their 3D model says; in some a part is missing,
broken, swapped for another one, out of place or turned. For each photo, from left to right: the photo, the
3D model drawn from where the camera was found to be, and where the two differ (red).</p>
<img src="overview.jpg" alt="Each photo beside its 3D model and the difference">
<ul>{% for chair in chairs %}
<li><a href="{{ chair.page }}">{{ chair.name }}</a>:
{% for result in chair.results %}{{ result.name }} is {{ result.verdict }}{{ ", " if not loop.last }}
{% endfor %}</li>
{% endfor %}</ul></body></html>
"""
