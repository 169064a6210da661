"""Many references at once: which photos belong to which, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from looking3d.errors import ConfigError, PhotoError
from looking3d.inspection.calibration import Calibration, load_calibration
from looking3d.inspection.gallery import Entry, Gallery
from looking3d.inspection.inspector import Inspector, inspect_paths
from looking3d.inspection.item import ItemVerdict, items_by_folder
from looking3d.inspection.reference import Reference, load_reference
from looking3d.inspection.result import Failure, Inspection
from looking3d.photos.photo import PHOTO_SUFFIXES, find_photos
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

    @cached_property
    def items(self) -> list[ItemVerdict]:
        """The results of each folder's photos together."""
        return items_by_folder(self.results)

    def to_json(self, together: bool = False) -> list[dict[str, object]]:
        """The results as plain values, each with its reference's id if that is in a gallery.

        Args:
            together: An entry an item, which lists its photos, in place of one a photo.
        """
        known = {} if self.id is None else {"reference": self.id}
        found = self.items if together else self.results
        return [{**known, **result.to_json()} for result in found]


def plan(
    photos: Sequence[Path],
    reference: Path | None,
    gallery: Path | None,
    up: str | None = None,
    unit: str | None = None,
    together: bool = False,
) -> list[Job]:
    """What is to be inspected against what.

    Args:
        photos: Files and folders. With a gallery alone, folders named by ids, or folders of such.
            Together, each of these folders may hold folders, one an item, in place of photos.
        reference: The reference's file; with a gallery, the id of one in it.
        gallery: Its folder.
        up, unit: Of the reference's file, as `load_reference` takes them.
        together: Whether each folder of photos is one item.

    Raises:
        ConfigError: Neither a reference nor a gallery, an unknown id, or `up` of what is enrolled already.
        PhotoError: There are no photos, or it is unclear which reference they belong to.
    """
    if not photos:
        raise PhotoError("no photos; name at least one photo, or a folder of photos")
    check_reference(reference, gallery, up, unit)
    if gallery is None:
        assert reference is not None
        file, found = reference, find_photos(_items(photos) if together else photos)
        return [Job(None, lambda: load_reference(file, up or "y", unit or "m"), found)]
    opened = Gallery(gallery)
    if reference is not None:
        entry = opened.get(str(reference))
        return [_enrolled(entry, find_photos(_items(photos) if together else photos))]
    folders = _folders_by_id(photos, opened, together)
    entries = {id: opened.get(id) for id in sorted(folders)}
    return [_enrolled(entry, find_photos(folders[id])) for id, entry in entries.items()]


def _enrolled(entry: Entry, photos: list[Path]) -> Job:
    return Job(entry.id, entry.reference, photos, load_calibration(entry.path))


def check_reference(
    reference: Path | None, gallery: Path | None, up: str | None = None, unit: str | None = None
) -> None:
    """Refuse what does not say what to inspect against.

    Raises:
        ConfigError: Neither a reference nor a gallery, or `up` or `unit` of what is enrolled already.
    """
    if gallery is None and reference is None:
        raise ConfigError("no reference; pass --reference with a 3D model, or --gallery with a gallery")
    if gallery is not None and (up is not None or unit is not None):
        raise ConfigError("up and unit are settled when a reference is enrolled; leave --up and --unit away")


def find_reference(reference: Path | None, gallery: Path | None, up: str | None = None) -> Reference | None:
    """The one reference that is meant, if one is.

    Args:
        reference: Its file; with a gallery, the id of one in it.
        gallery: Its folder.
        up: Of the reference's file, as `load_reference` takes it.

    Raises:
        ConfigError: A gallery alone, an unknown id, or `up` of what is enrolled already.
        ShapeError: The reference cannot be read.
    """
    if reference is None and gallery is None:
        return None
    if reference is None:
        raise ConfigError("which reference of the gallery? pass --reference with its id")
    check_reference(reference, gallery, up)
    if gallery is None:
        return load_reference(reference, up or "y")
    return Gallery(gallery).get(str(reference)).reference()


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


def _folders_by_id(paths: Sequence[Path], gallery: Gallery, together: bool) -> dict[str, list[Path]]:
    """The folders of photos of each reference."""
    ids = gallery.ids()
    found: dict[str, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise PhotoError(f"{shown(path)}: no such file or folder; check the path")
        if not path.is_dir():
            raise PhotoError(
                f"{shown(path)}: which reference does it belong to? pass --reference ID, or put it into "
                "a folder named by the id"
            )
        # With items below, a folder of folders is one reference's if its name says so.
        is_one = together and path.resolve().name in ids
        for folder in [path] if is_one else _subfolders(path, "references") or [path]:
            id = gallery.get(folder.resolve().name).id
            found.setdefault(id, []).extend(_items([folder]) if together else [folder])
    return found


def _items(paths: Sequence[Path]) -> list[Path]:
    """The folders of items in folders; a folder without any is an item itself, and files stay."""
    found: list[Path] = []
    for path in paths:
        found += (_subfolders(path, "items") if path.is_dir() else []) or [path]
    return found


def _subfolders(path: Path, what: str) -> list[Path]:
    """The folders in a folder; photos beside them would be of none of them."""
    entries = folder_entries(path)
    folders = [entry for entry in entries if entry.is_dir()]
    loose = [entry for entry in entries if entry.is_file() and entry.suffix.lower() in PHOTO_SUFFIXES]
    if folders and loose:
        raise PhotoError(
            f"{shown(path)}: {shown(Path(loose[0].name))} lies beside folders of {what}; "
            "which one does it belong to? put it into its folder"
        )
    return folders
