"""Inspecting one photo after the other for as long as they come, with steady memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from looking3d.errors import Looking3DError
from looking3d.inspection.calibration import Calibration, load_calibration
from looking3d.inspection.gallery import Gallery
from looking3d.inspection.inspector import Inspector, inspect_paths
from looking3d.inspection.reference import Reference
from looking3d.inspection.result import Failure, Inspection
from looking3d.shapes.source_file import shown

KEPT = 8
"""References that are kept ready; the one that was not used for longest goes."""


class Line:
    """Inspects photos, each against the reference that its folder is named by, or all against one."""

    def __init__(
        self,
        make: Callable[[Reference, Calibration | None], Inspector],
        reference: Reference | str | None = None,
        gallery: Gallery | None = None,
        on_problem: Callable[[str], None] = lambda message: None,
    ) -> None:
        """Prepare.

        Args:
            make: Gives the inspector of a reference with its calibration.
            reference: For all photos: a reference, or an id in the gallery. None: each photo's folder has
                the id as its name.
            gallery: Where ids are looked up.
            on_problem: Told of calibrations that are not applied.

        Raises:
            ConfigError: Unknown id.
            ShapeError: The reference cannot be used.
        """
        self._make = make
        self._gallery = gallery
        self._on_problem = on_problem
        self._kept: OrderedDict[str, Inspector] = OrderedDict()
        self.id = reference if isinstance(reference, str) else None
        self._only = None
        if isinstance(reference, Reference):
            self._only = make(reference, None)
        elif reference is not None:
            self._only = self._enrolled(reference)

    @property
    def by_folder(self) -> bool:
        """Whether each photo's folder names its reference."""
        return self._only is None

    def inspect(self, path: Path) -> tuple[str | None, Inspection | Failure]:
        """Inspect one photo; whatever is wrong with it or with its reference is a Failure.

        Returns:
            The reference's id, None if it is no gallery's; and what came of the photo.
        """
        if self._only is not None:
            return self.id, inspect_paths(self._only, [path])[0]
        id = path.parent.name
        try:
            inspector = self._of(id)
        except Looking3DError as error:
            return id, Failure(shown(Path(path.name)), path, f"{shown(path)}: {error}")
        return id, inspect_paths(inspector, [path])[0]

    def _of(self, id: str) -> Inspector:
        """The inspector of a reference in the gallery."""
        if id not in self._kept:
            self._kept[id] = self._enrolled(id)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(id)
        return self._kept[id]

    def _enrolled(self, id: str) -> Inspector:
        assert self._gallery is not None
        entry = self._gallery.get(id)
        inspector = self._make(entry.reference(), load_calibration(entry.path))
        if inspector.calibration_problem is not None:
            self._on_problem(f"{id}: its calibration is not applied: {inspector.calibration_problem}")
        return inspector
