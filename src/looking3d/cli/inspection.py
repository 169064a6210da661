"""Commands that enrol references and inspect photos."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console

from looking3d.cli.console import ANOMALY, messages, print_error, progress_bar, warn
from looking3d.errors import ConfigError, Looking3DError
from looking3d.photos.foreground_config import ForegroundConfig
from looking3d.shapes.cleanup import CleanupOptions

if TYPE_CHECKING:
    from looking3d.inspection.conformal import Calibration
    from looking3d.inspection.inspector import Inspector
    from looking3d.inspection.reference import Reference


def enrol(
    mesh: Annotated[
        Path,
        tyro.conf.Positional,
        tyro.conf.arg(help="CAD or a scan: GLB, glTF, OBJ, STL, PLY, OFF, a folder."),
    ],
    gallery: Annotated[Path, tyro.conf.arg(help="Folder of references; made if need be.")] = Path("gallery"),
    id: Annotated[
        str | None, tyro.conf.arg(help="Its name in the gallery; by default that of the file.")
    ] = None,
    name: Annotated[str | None, tyro.conf.arg(help="What reports call it.")] = None,
    up: Annotated[
        str, tyro.conf.arg(help="What points up: auto, y, z, x, =-y, =-z, =-x, or a direction as =0,0.1,1.")
    ] = "auto",
    front: Annotated[
        str, tyro.conf.arg(help="Where the front faces: auto, an axis, or degrees as confirm.png tells.")
    ] = "auto",
    unit: Annotated[str, tyro.conf.arg(help="The file's unit: auto, m, cm, mm, in.")] = "auto",
    scan: Annotated[
        Literal["auto", "yes", "no"],
        tyro.conf.arg(help="Whether it is a scan, to be cleaned up; auto: if it looks like one."),
    ] = "auto",
    cleanup: Annotated[CleanupOptions, tyro.conf.arg(name="")] = CleanupOptions(),  # noqa: B008 - frozen
    replace: Annotated[bool, tyro.conf.arg(help="Replace another reference of this id.")] = False,
) -> int:
    """Make a reference of CAD or of a scan, once: cleaned up, upright, facing the front, in a gallery."""
    from datetime import UTC, datetime

    from looking3d.inspection.enrolment.prepare import EnrolOptions
    from looking3d.inspection.enrolment.words import told
    from looking3d.inspection.gallery import Gallery

    as_scan = {"auto": None, "yes": True, "no": False}[scan]
    entry = Gallery(gallery).add(
        mesh,
        EnrolOptions(up, front, unit, as_scan, cleanup),
        id=id,
        name=name,
        replace=replace,
        created=datetime.now(UTC),
    )
    for line in told(entry):
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
    return 0


def calibrate(
    reference: Annotated[str, tyro.conf.Positional, tyro.conf.arg(help="The reference's id in the gallery.")],
    normal: Annotated[
        tuple[Path, ...], tyro.conf.arg(help="Photos, and folders of photos, of items known to be good.")
    ] = (),
    anomalous: Annotated[
        tuple[Path, ...],
        tyro.conf.arg(help="The same of items known to be bad; to report how many are found."),
    ] = (),
    gallery: Annotated[Path, tyro.conf.arg(help="The gallery that it is in.")] = Path("gallery"),
    false_alarms: Annotated[
        float, tyro.conf.arg(help="The share of good photos that may be called anomalous.")
    ] = 0.05,
    weights: Annotated[
        str, tyro.conf.arg(help="A run's folder, a .safetensors file, an export for ONNX, or `align`.")
    ] = "align",
    foreground: Annotated[ForegroundConfig, tyro.conf.arg(name="")] = ForegroundConfig(),  # noqa: B008 - frozen
    shadow: Annotated[bool, tyro.conf.arg(help="Draw a soft shadow under objects that are cut out.")] = False,
    undo: Annotated[bool, tyro.conf.arg(help="Go back to the calibration before the one in use.")] = False,
    show: Annotated[bool, tyro.conf.arg(help="Only tell the calibration in use.")] = False,
    as_json: Annotated[bool, tyro.conf.arg(name="json", help="Print JSON instead of lines.")] = False,
) -> int:
    """Set a reference's own threshold by a handful of known-good photos, at a chosen rate of false alarms."""
    from datetime import UTC, datetime

    from looking3d.inspection.calibration import load_calibration, save_calibration, undo_calibration
    from looking3d.inspection.gallery import Gallery
    from looking3d.inspection.inspector import Inspector
    from looking3d.inspection.known_photos import calibrate_photos, told
    from looking3d.model.checkpoint import load_detector
    from looking3d.photos.photo import find_photos

    if (undo and show) or ((undo or show) and (normal or anomalous)):
        raise ConfigError("--undo and --show: take no photos, and one of them at a time")
    entry = Gallery(gallery).get(reference)
    if undo or show:
        calibration = undo_calibration(entry.path) if undo else load_calibration(entry.path)
    else:
        if not normal:
            raise ConfigError("no photos; name photos of good items with --normal")
        inspector = Inspector(entry.reference(), load_detector(weights), None, foreground, shadow)
        bad = find_photos(anomalous) if anomalous else []
        with progress_bar() as progress:
            bar = progress.add_task("photos", total=None)
            calibration = calibrate_photos(
                inspector,
                find_photos(normal),
                bad,
                false_alarms,
                datetime.now(UTC).isoformat(timespec="seconds"),
                lambda done, total: progress.update(bar, completed=done, total=total),
            )
        save_calibration(entry.path, calibration)
    if as_json:
        sys.stdout.write(json.dumps(None if calibration is None else calibration.to_json(), indent=1) + "\n")
        return 0
    lines = ["not calibrated: the threshold is 0.5"] if calibration is None else told(calibration)
    for line in lines:
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
    return 0


def inspect(
    photos: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(help="Photos, and folders of photos.")
    ] = (),
    reference: Annotated[
        Path | None,
        tyro.conf.arg(
            help="The 3D model: GLB, glTF, OBJ, STL, PLY, or a folder of parts; with --gallery, an id."
        ),
    ] = None,
    gallery: Annotated[
        Path | None,
        tyro.conf.arg(help="A gallery made by `looking3d enrol`. Alone: folders of photos are named by ids."),
    ] = None,
    weights: Annotated[
        str, tyro.conf.arg(help="A run's folder, a .safetensors file, an export for ONNX, or `align`.")
    ] = "align",
    threshold: Annotated[
        float | None,
        tyro.conf.arg(
            help="A photo is anomalous from this probability on; by default what `calibrate` found, or 0.5."
        ),
    ] = None,
    foreground: Annotated[ForegroundConfig, tyro.conf.arg(name="")] = ForegroundConfig(),  # noqa: B008 - frozen
    shadow: Annotated[bool, tyro.conf.arg(help="Draw a soft shadow under objects that are cut out.")] = False,
    html: Annotated[Path | None, tyro.conf.arg(help="Write a page to look at.")] = None,
    csv: Annotated[Path | None, tyro.conf.arg(help="Write a table with a row a photo.")] = None,
    overlays: Annotated[
        Path | None, tyro.conf.arg(help="Write each photo with what differs in red to this folder.")
    ] = None,
    as_json: Annotated[bool, tyro.conf.arg(name="json", help="Print JSON instead of a table.")] = False,
    up: Annotated[
        str | None,
        tyro.conf.arg(help="The axis of the model that points up: y (the default), z, x, -y, -z, -x."),
    ] = None,
    unit: Annotated[str | None, tyro.conf.arg(help="The model's unit: m (the default), cm, mm, in.")] = None,
    fail_on_anomaly: Annotated[
        bool, tyro.conf.arg(help="End with exit code 1 if any photo (or item) is anomalous.")
    ] = False,
    together: Annotated[
        bool, tyro.conf.arg(help="Each folder of photos is one item, with one verdict by all of them.")
    ] = False,
    watch: Annotated[
        Path | None,
        tyro.conf.arg(help="A folder that photos are written to: inspect each as it appears."),
    ] = None,
    watch_seconds: Annotated[float, tyro.conf.arg(help="End watching after so long.")] = math.inf,
    max_photos: Annotated[int | None, tyro.conf.arg(help="End watching after so many photos.")] = None,
) -> int:
    """Tell for each photo whether the object is what its 3D model says, and show where it is not."""
    from looking3d.cli.watching import watch_line
    from looking3d.inspection.by_reference import check_reference, inspect_jobs, plan
    from looking3d.inspection.gallery import Gallery
    from looking3d.inspection.inspector import Failure, Inspector
    from looking3d.inspection.line import Line
    from looking3d.inspection.outputs import write_csv, write_overlays
    from looking3d.inspection.reference import load_reference
    from looking3d.inspection.report import item_table, table, write_page
    from looking3d.inspection.watch import FolderWatch, new_photos
    from looking3d.model.checkpoint import load_detector

    def make(loaded: Reference, made: Calibration | None) -> Inspector:
        return Inspector(loaded, detector, threshold, foreground, shadow, made)

    if watch is not None:
        if photos or together or html is not None or overlays is not None:
            raise ConfigError("--watch: takes no photos besides, and no --together, --html or --overlays")
        check_reference(reference, gallery, up, unit)
        appearing = new_photos(
            FolderWatch(watch, gallery is not None and reference is None), watch_seconds, max_photos
        )
        detector = load_detector(weights)
        opened = None if gallery is None else Gallery(gallery)
        against = None if reference is None else str(reference)
        if reference is not None and gallery is None:
            against = load_reference(reference, up or "y", unit or "m")
        return watch_line(appearing, Line(make, against, opened, warn), csv, as_json, fail_on_anomaly)
    jobs = plan(photos, reference, gallery, up, unit, together)
    detector = load_detector(weights)
    with progress_bar() as progress:
        bar = progress.add_task("photos", total=None)
        sections = inspect_jobs(
            jobs,
            make,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )
    results = [result for section in sections for result in section.results]
    items = [item for section in sections for item in section.items] if together else []
    for section in sections:
        if section.calibration_problem is not None:
            warn(f"{section.id}: its calibration is not applied: {section.calibration_problem}")
    if as_json:
        rows = [row for section in sections for row in section.to_json(together)]
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    else:
        for section in sections:
            title = section.id if len(sections) > 1 else None
            Console().print(item_table(section.items, title) if together else table(section.results, title))
    if html is not None:
        write_page([(section.reference, section.results) for section in sections], html, together=together)
        messages.print(f"page: {html}", highlight=False, soft_wrap=True)
    if csv is not None:
        write_csv(results, csv, items)
    if overlays is not None:
        write_overlays(results, overlays)
    failed = [result for result in results if isinstance(result, Failure)]
    for failure in failed:
        print_error(failure.message)
    if failed:
        return Looking3DError.exit_code
    judged = items if together else results
    return ANOMALY if fail_on_anomaly and any(one.verdict == "anomalous" for one in judged) else 0


def demo(
    out: Annotated[Path, tyro.conf.arg(help="Folder for the photos and the page.")] = Path("demo"),
) -> int:
    """Make photos of objects that the shipped weights never saw, inspect them, and write a page."""
    from looking3d.demo import run_demo

    run_demo(out, Console())
    return 0
