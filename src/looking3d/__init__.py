"""Tells from a photo whether an object is what its 3D model says it should be, and shows where it is not.

from looking3d import Inspector, load_reference

inspector = Inspector(load_reference("chair.glb"))
for inspection in inspector.inspect(["photo1.jpg", "photo2.jpg"]):
    print(inspection.name, inspection.verdict, inspection.probability)
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Names are imported when they are first used, so that `import looking3d` costs nothing.
_HOMES = {
    "KINDS": "looking3d.anomalies",
    "AlignDetector": "looking3d.model.align.align",
    "AnomalousShape": "looking3d.anomalies",
    "Camera": "looking3d.geometry.camera",
    "Dataset": "looking3d.dataset.load",
    "Detection": "looking3d.model.detector",
    "Detector": "looking3d.model.detector",
    "Inspection": "looking3d.inspection.inspector",
    "Inspector": "looking3d.inspection.inspector",
    "Looking3DError": "looking3d.errors",
    "Part": "looking3d.shapes.part_shape",
    "PartShape": "looking3d.shapes.part_shape",
    "Query": "looking3d.model.query",
    "Raycaster": "looking3d.render.raycast",
    "Recipe": "looking3d.dataset.recipe",
    "build_dataset": "looking3d.dataset.build",
    "generate_shape": "looking3d.shapes.procedural",
    "load_detector": "looking3d.model.checkpoint",
    "load_photo": "looking3d.photos.photo",
    "load_reference": "looking3d.inspection.reference",
    "read_shape": "looking3d.shapes.read",
    "save_glb": "looking3d.shapes.write",
    "train_detector": "looking3d.training.train_align",
}
_RENAMED = {"generate_shape": "generate"}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'looking3d' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), _RENAMED.get(name, name))


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
