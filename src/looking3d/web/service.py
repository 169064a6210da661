"""What the service does, apart from HTTP: references, inspections, history, calibration."""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from looking3d.errors import Looking3DError, PhotoError, RequestError, ShapeError
from looking3d.inspection.calibration import (
    Calibration,
    Conditions,
    calibrate_scores,
    load_calibration,
    save_calibration,
    undo_calibration,
)
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.gallery import Entry, Gallery, check_id, default_id
from looking3d.inspection.inspector import choose_threshold
from looking3d.inspection.result import Inspection
from looking3d.model.detector import Detector
from looking3d.photos.foreground_config import ForegroundConfig, Method
from looking3d.photos.photo import decode_photo
from looking3d.shapes.face_count import count_faces
from looking3d.shapes.source_file import quoted
from looking3d.web.config import ServiceConfig
from looking3d.web.history import History, Mark, Record
from looking3d.web.inspectors import Inspectors
from looking3d.web.pictures import PictureStore, encoded
from looking3d.web.retention import KeepRules, Retention
from looking3d.web.uploads import UNPACKED_PER_UPLOAD, save_mesh
from looking3d.web.work import WorkQueue

WebMethod = Literal["auto", "network", "alpha", "plain", "grabcut", "rembg"]
"""Ways to find the object that need no more than the photo."""

_MEGA = 10**6


@dataclass(frozen=True, eq=False)
class Upload:
    """A file as it came.

    Attributes:
        name: Harmless.
        file: Open; nobody else reads it.
    """

    name: str
    file: BinaryIO


@dataclass(frozen=True, eq=False)
class Inspected:
    """What came of a photo.

    Attributes:
        record: In the history.
        inspection: With its pixels, for as long as it is held.
    """

    record: Record
    inspection: Inspection


@dataclass(frozen=True)
class PhotoOptions:
    """How photos are inspected.

    Attributes:
        foreground: How the object is found.
        threshold: A photo is anomalous from this probability on; None: as the reference is calibrated.
        together: Whether they show one item, which is judged by all of them.
    """

    foreground: WebMethod = "auto"
    threshold: float | None = None
    together: bool = False


class Service:
    """References, a detector, a history, and a queue of work. Any number of threads may use it."""

    def __init__(self, config: ServiceConfig, detector: Detector) -> None:
        """Open gallery and history, and start the workers.

        Raises:
            ConfigError: One of them cannot be opened.
        """
        self.config = config
        self.gallery = Gallery(config.gallery)
        self.history = History(config.database_url)
        self.pictures = PictureStore(config.pictures_folder)
        rules = KeepRules(config.keep_days, config.keep_inspections, config.keep_marked)
        self.retention = Retention(self.history, self.pictures, rules)
        self.inspectors = Inspectors(detector, config.references)
        self.queue = WorkQueue(config.workers, config.queue)
        self._conditions = Conditions.of(detector, ForegroundConfig())
        self.retention.start()

    def close(self) -> None:
        """Finish what was taken, and close the history."""
        self.queue.close()
        self.retention.close()
        self.history.close()

    def reference(self, id: str) -> Entry:
        """A reference by its id.

        Raises:
            RequestError: There is none (404).
            ConfigError: It is damaged.
        """
        if id not in self.gallery.ids():
            raise RequestError(404, f"no reference {quoted(id)}; enrol it first")
        return self.gallery.get(id)

    def enrol(
        self,
        mesh: Upload,
        options: EnrolOptions,
        id: str | None,
        name: str | None,
        replace: bool,
        client: str = "",
    ) -> Future[Entry]:
        """Make a reference of an upload, as soon as it is this client's turn and a worker is free.

        Raises:
            RequestError: The queue has no room.
            ConfigError: The id cannot be one.
        """
        id = check_id(id) if id else default_id(Path(mesh.name))
        (future,) = self.queue.submit(
            [lambda: self._enrol(mesh, options, id, name or mesh.name, replace)], client
        )
        return future

    def remove(self, id: str) -> None:
        """Remove a reference; its inspections stay in the history.

        Raises:
            RequestError: There is none (404).
        """
        self.gallery.remove(self.reference(id).id)
        self.inspectors.forget(id)

    def inspect(
        self, id: str, photos: Sequence[Upload], options: PhotoOptions, client: str = ""
    ) -> list[Future[Inspected]]:
        """Inspect photos as soon as it is this client's turn, and note what comes of them.

        Raises:
            RequestError: There is no such reference, or the queue has no room.
        """
        entry = self.reference(id)
        group = uuid.uuid4().hex if options.together and len(photos) > 1 else None
        return self.queue.submit(
            [lambda photo=photo: self._inspect(entry, photo, options, group) for photo in photos], client
        )

    def record(self, id: str) -> Record:
        """An inspection by its id.

        Raises:
            RequestError: There is none (404).
        """
        record = self.history.get(id)
        if record is None:
            raise _no_inspection(id)
        return record

    def picture(self, id: str, name: str) -> tuple[bytes, str]:
        """A picture of an inspection, and its suffix.

        Raises:
            RequestError: There is none (404).
        """
        file = self.record(id).pictures[name]
        data = self.pictures.get(file)
        if data is None:
            raise RequestError(404, f"the {name} of inspection {quoted(id)} is gone from the store")
        return data, file.rsplit(".", 1)[-1]

    def mark(self, id: str, mark: Mark | None) -> Record:
        """Note what a person says of an inspection; None takes it back.

        Raises:
            RequestError: There is none (404).
        """
        record = self.history.mark(id, mark)
        if record is None:
            raise _no_inspection(id)
        return record

    def delete(self, id: str) -> None:
        """Delete an inspection, whatever its mark, and its pictures.

        Raises:
            RequestError: There is none (404).
        """
        if not self.retention.delete(id):
            raise _no_inspection(id)

    def calibration(self, id: str) -> Calibration:
        """The calibration of a reference that is in use.

        Raises:
            RequestError: There is none (404).
        """
        calibration = load_calibration(self.reference(id).path)
        if calibration is None:
            raise RequestError(404, f"reference {quoted(id)} is not calibrated; mark photos, then calibrate")
        return calibration

    def calibrate(self, id: str, false_alarm_rate: float, foreground: WebMethod) -> Calibration:
        """Set a reference's threshold by the marks of its inspections, and put it in use.

        Raises:
            RequestError: There is no such reference (404).
            ConfigError: No photo is marked as normal.
        """
        entry = self.reference(id)
        conditions = dataclasses.replace(self._conditions, foreground=foreground)
        marked = self.history.marked(id, entry.content, conditions.detector, foreground)
        # What could not be aligned has a probability that means nothing.
        known = [record for record in marked if record.verdict != "unsure"]
        scores = {
            truth: [record.probability for record in known if record.truth == truth]
            for truth in ("normal", "anomalous")
        }
        calibration = dataclasses.replace(
            calibrate_scores(scores["normal"], scores["anomalous"], false_alarm_rate),
            conditions=conditions,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        save_calibration(entry.path, calibration)
        return calibration

    def undo_calibration(self, id: str) -> Calibration | None:
        """Go back to the calibration before; None if there was none.

        Raises:
            RequestError: There is nothing to undo (404).
        """
        self.calibration(id)
        return undo_calibration(self.reference(id).path)

    def _by_threshold(self, inspection: Inspection, entry: Entry, options: PhotoOptions) -> Inspection:
        """The inspection at the threshold that is given, or that of the reference's calibration."""
        calibration = load_calibration(entry.path)
        conditions = dataclasses.replace(self._conditions, foreground=options.foreground)
        if calibration is not None and calibration.mismatch(conditions) is not None:
            calibration = None
        threshold, source = choose_threshold(options.threshold, calibration)
        return dataclasses.replace(
            inspection, calibration=calibration, threshold=threshold, threshold_from=source
        )

    def _enrol(self, mesh: Upload, options: EnrolOptions, id: str, name: str, replace: bool) -> Entry:
        most_bytes = UNPACKED_PER_UPLOAD * self.config.max_upload_mb * _MEGA
        with tempfile.TemporaryDirectory(prefix="looking3d-") as folder:
            try:
                source = save_mesh(mesh.file, mesh.name, Path(folder), most_bytes)
                count = count_faces(source)
                if count > self.config.max_faces:
                    raise ShapeError(
                        f"{mesh.name}: has {count:,} faces; at most {self.config.max_faces:,} are taken; "
                        "reduce it first, for instance in MeshLab or Blender (Decimate)"
                    )
                entry = self.gallery.add(
                    source,
                    options,
                    id=id,
                    name=name,
                    replace=replace,
                    created=datetime.now(UTC),
                    origin=mesh.name,
                )
            except Looking3DError as error:
                raise _without_folders(error, source_folder=Path(folder), name=mesh.name) from error
        self.inspectors.forget(id)
        return entry

    def _inspect(self, entry: Entry, photo: Upload, options: PhotoOptions, group: str | None) -> Inspected:
        method: Method = options.foreground
        query = decode_photo(photo.file.read(), photo.name, self.config.max_megapixels * _MEGA)
        inspector = self.inspectors.get(entry, method)
        inspection = self._by_threshold(inspector.inspect_one(query), entry, options)
        # All pictures are drawn before the first is written: what fails leaves nothing behind.
        pictures = encoded(inspection)
        with self.pictures.filled():
            record = self.history.add(
                Record(
                    reference=entry.id,
                    content=entry.content,
                    detector=self._conditions.detector,
                    foreground=method,
                    name=inspection.name,
                    verdict=inspection.verdict,
                    probability=inspection.probability,
                    threshold=inspection.threshold,
                    together=group,
                    result=_result(inspection),
                    pictures={name: self.pictures.put(data, kind) for name, (data, kind) in pictures.items()},
                )
            )
        return Inspected(record, inspection)


def outcomes(
    futures: Sequence[Future[Inspected]], uploads: Sequence[Upload]
) -> tuple[list[Inspected], list[tuple[str, str]]]:
    """What came of photos that are done; for those that could not be inspected, name and reason.

    Raises:
        PhotoError: None could be inspected.
    """
    inspected, failures = [], []
    for future, upload in zip(futures, uploads, strict=True):
        try:
            inspected.append(future.result())
        except PhotoError as error:
            failures.append((upload.name, str(error)))
    if not inspected and failures:
        raise PhotoError("; ".join(message for _, message in failures))
    return inspected, failures


def _no_inspection(id: str) -> RequestError:
    return RequestError(404, f"no inspection {quoted(id)}")


def _result(inspection: Inspection) -> dict[str, object]:
    result = {**inspection.to_json(), "where": inspection.where, "seen_from": inspection.seen_from}
    del result["path"]  # there is none: photos come as bytes
    return result


def _without_folders(error: Looking3DError, source_folder: Path, name: str) -> Looking3DError:
    """The error without the places where uploads lie, which are nobody's business."""
    if isinstance(error, RequestError):
        return error
    text = str(error)
    for path in (source_folder / "parts", source_folder):
        text = text.replace(f"{path}/mesh{Path(name).suffix.lower()}", name)
        text = text.replace(f"{path}/", "").replace(str(path), name)
    text = text.replace("mesh" + Path(name).suffix.lower(), name)
    return type(error)(text)
