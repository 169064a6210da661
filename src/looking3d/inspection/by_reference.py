"""Many references at once: which photos belong to which, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from looking3d.errors import ConfigError, PhotoError
from looking3d.inspection.calibration import Calibration, load_calibration
from looking3d.inspection.gallery import Entry, Gallery
from looking3d.inspection.inspector import Inspector, inspect_paths
from looking3d.inspection.photo import PHOTO_SUFFIXES, find_photos
from looking3d.inspection.reference import Reference, load_reference
from looking3d.inspection.result import Failure, Inspection
from looking3d.shapes.read import folder_entries
from looking3d.shapes.source_file import shown


@dataclass(frozen=True, eq=False)
class Job:
    """Photos to inspect against one reference.

    Attributes:
        id: Of the reference in its gallery; None if it is a file.
        load: Gives the reference.
        photos: Files.
        calibration: The reference's, if it has one.
    """

    id: str | None
    load: Callable[[], Reference]
    photos: list[Path]
    calibration: Calibration | None = None


@dataclass(frozen=True, eq=False)
class Section:
    """What came of a job.

    Attributes:
        id: The job's.
        reference: What its photos were inspected against.
        results: One a photo, in their order.
        calibration_problem: Why the reference's calibration was not applied; None if it was, or if there is
            none.
    """

    id: str | None
    reference: Reference
    results: list[Inspection | Failure]
    calibration_problem: str | None = None

    def to_json(self) -> list[dict[str, object]]:
        """The results as plain values, each with its reference's id if that is in a gallery."""
        known = {} if self.id is None else {"reference": self.id}
        return [{**known, **result.to_json()} for result in self.results]


def plan(
    photos: Sequence[Path],
    reference: Path | None,
    gallery: Path | None,
    up: str | None = None,
    unit: str | None = None,
) -> list[Job]:
    """What is to be inspected against what.

    Args:
        photos: Files and folders. With a gallery alone, folders named by ids, or folders of such.
        reference: The reference's file; with a gallery, the id of one in it.
        gallery: Its folder.
        up, unit: Of the reference's file, as `load_reference` takes them.

    Raises:
        ConfigError: Neither a reference nor a gallery, an unknown id, or `up` of what is enrolled already.
        PhotoError: There are no photos, or it is unclear which reference they belong to.
    """
    if not photos:
        raise PhotoError("no photos; name at least one photo, or a folder of photos")
    if gallery is None:
        if reference is None:
            raise ConfigError("no reference; pass --reference with a 3D model, or --gallery with a gallery")
        file = reference
        return [Job(None, lambda: load_reference(file, up or "y", unit or "m"), find_photos(photos))]
    if up is not None or unit is not None:
        raise ConfigError("up and unit are settled when a reference is enrolled; leave --up and --unit away")
    opened = Gallery(gallery)
    if reference is not None:
        return [_enrolled(opened.get(str(reference)), find_photos(photos))]
    folders = _folders_by_id(photos, opened)
    entries = {id: opened.get(id) for id in sorted(folders)}
    return [_enrolled(entry, find_photos(folders[id])) for id, entry in entries.items()]


def _enrolled(entry: Entry, photos: list[Path]) -> Job:
    return Job(entry.id, entry.reference, photos, load_calibration(entry.path))


def inspect_jobs(
    jobs: Sequence[Job],
    make: Callable[[Reference, Calibration | None], Inspector],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Section]:
    """Inspect jobs one after the other; one reference is in memory at a time, but for what results keep.

    Args:
        jobs: What `plan` made.
        make: Gives the inspector of a reference with its calibration.
        on_progress: Called with (photos done, photos in all).

    Raises:
        ShapeError: A reference cannot be read.
    """
    total, done = sum(len(job.photos) for job in jobs), 0
    sections = []
    for job in jobs:
        inspector = make(job.load(), job.calibration)
        before = done

        def tell(count: int, _: int, before: int = before) -> None:
            on_progress(before + count, total)

        results = inspect_paths(inspector, job.photos, tell)
        sections.append(Section(job.id, inspector.reference, results, inspector.calibration_problem))
        done += len(job.photos)
    return sections


def _folders_by_id(paths: Sequence[Path], gallery: Gallery) -> dict[str, list[Path]]:
    """The folders of photos of each reference."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise PhotoError(f"{shown(path)}: no such file or folder; check the path")
        if not path.is_dir():
            raise PhotoError(
                f"{shown(path)}: which reference does it belong to? pass --reference ID, or put it into "
                "a folder named by the id"
            )
        for folder in _subfolders(path) or [path]:
            found.setdefault(gallery.get(folder.resolve().name).id, []).append(folder)
    return found


def _subfolders(path: Path) -> list[Path]:
    """The folders in a folder; photos beside them would be of no reference."""
    entries = folder_entries(path)
    folders = [entry for entry in entries if entry.is_dir()]
    loose = [entry for entry in entries if entry.is_file() and entry.suffix.lower() in PHOTO_SUFFIXES]
    if folders and loose:
        raise PhotoError(
            f"{shown(path)}: {shown(Path(loose[0].name))} lies beside folders of references; "
            "which one does it belong to? put it into its folder"
        )
    return folders
