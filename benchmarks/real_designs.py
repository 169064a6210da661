"""The whole path on designs that nobody here made: enrol each, photograph it in rooms, inspect the photos.

Each design (a glTF, GLB or OBJ file, a folder with one mesh a part, or a folder of these) is enrolled as
`looking3d enrol` does. Photos of it are rendered by Mitsuba as with a camera in the hand, on the floors of
the rooms of environment maps; half of them show an anomaly. They are JPEG files with the focal length in
their EXIF, and `looking3d inspect` gets these and nothing else: once with the way to find the object that
is the default, and once with its true outline, which shows what better outlines would bring.

    python benchmarks/real_designs.py designs/ --environments hdri/ --out real
    python benchmarks/real_designs.py designs/ --environments hdri/ --out real --shown chair/003 sofa/001

Writes what it renders, a table (`table.md`), every answer (`answers.json`), and for each way of finding the
object a sheet to look at (`sheet-auto.jpg`), the worst photos first. Photos and references are made once;
with other `--weights` only the answers are new.

A design of one fused mesh has no parts to move, turn, swap or lose: its photos show breaks alone, or
nothing wrong where no break of it can be seen. Swapped parts come from designs in the same folder.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from PIL import Image
from PIL.ExifTags import IFD, Base
from real_answers import Answer, markdown
from real_sheet import fitted, outlined, sheet, strip
from rich.console import Console
from rich.progress import track

from looking3d.dataset.recipe import Recipe
from looking3d.dataset.schema import RECORD, Masks, Sample, mask_name
from looking3d.dataset.shape_folder import build_shape
from looking3d.dataset.sources import ShapeSource, donors_of, list_sources, shape_generator
from looking3d.errors import ConfigError, PhotoError, ShapeError
from looking3d.evaluation import framing
from looking3d.inspection.gallery import Entry, Gallery
from looking3d.inspection.inspector import Inspector
from looking3d.model.checkpoint import load_detector
from looking3d.model.detector import Detection, Detector
from looking3d.model.query import Query, mask_iou
from looking3d.photos.focal_length import DIAGONAL_35MM
from looking3d.photos.foreground import Candidate
from looking3d.photos.foreground_config import ForegroundConfig
from looking3d.photos.photo import load_photo
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.read import read_shape

THRESHOLD = 0.5
WAYS = ("auto", "mask")
"""Ways to find the object; `mask` is told the true outline."""

_RECIPE = "recipe.json"


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    designs: tyro.conf.Positional[tuple[Path, ...]]
    """Files or folders of designs, +Y up or not."""

    environments: tuple[str, ...] = ()
    """Environment maps, .hdr or .exr, or folders of them; by default the rooms are procedural."""

    materials: tuple[str, ...] = ()
    """Sets of maps for the parts, or folders of them; by default all materials are procedural."""

    out: Path = Path("real-designs")
    """Folder of all that is made."""

    photos: int = 8
    """Of each design; half of them anomalous."""

    image_px: int = 384
    """Width and height of the photos."""

    samples: int = 48
    """Paths a pixel."""

    renderer: str = "mitsuba"
    """What makes the photos."""

    focal_error: float = 0.0
    """EXIF tells a focal length that is off by this share, too long in every other photo."""

    reframe: float = 0.0
    """Photos are cropped or padded, and their object is moved off the middle, by up to this share of their
    width."""

    weights: str = "align"
    """A run's folder, a .safetensors file, or `align`."""

    shown: tuple[str, ...] = ()
    """Photos, as chair/003, for a small sheet of these alone, in this order."""

    seed: int = 0
    """Decides every photo."""

    @property
    def recipe(self) -> Recipe:
        """What `looking3d generate` would be told, for a camera in the hand."""
        return Recipe(
            shapes=tuple(str(path) for path in self.designs),
            photos_per_shape=self.photos,
            renderer=self.renderer,
            image_px=self.image_px,
            samples=self.samples,
            background="environment",
            environments=self.environments,
            materials=self.materials,
            map_share=1.0,
            elevation_deg=(5.0, 60.0),
            roll_deg=8.0,
            focal_length=(0.8, 1.3),
            azimuth_steps=0,
            views=2,
            views_px=64,
            split=(0.0, 0.0, 1.0),
            seed=self.seed,
        )


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo of which everything is known.

    Attributes:
        file: As a camera would have written it.
        truth: (height, width) bool, where the object is.
        changed: (height, width) bool, where it differs from the design.
        sample: Its labels.
    """

    file: Path
    truth: np.ndarray
    changed: np.ndarray
    sample: Sample


class WatchedInspector(Inspector):
    """Keeps the outline that the last detection rests on."""

    outline: np.ndarray
    """(height, width) bool, where the object was found."""

    def __init__(self, entry: Entry, detector: Detector, config: ForegroundConfig) -> None:
        super().__init__(entry.reference(), detector, THRESHOLD, config)

    def _find(self, photo: Query) -> tuple[Detection, Candidate]:
        detection, idea = super()._find(photo)
        self.outline = idea.mask
        return detection, idea


@dataclass(frozen=True)
class FusedSource(ShapeSource):
    """A design of one fused mesh, which is its only part."""

    def load(self) -> PartShape:
        """The shape, normalised."""
        shape = read_shape(Path(self.path), single_mesh="whole").normalized()
        return dataclasses.replace(shape, id=self.id)


def main(settings: Settings) -> None:
    """Make photos and references, inspect, write table, answers and sheets."""
    console = Console(highlight=False, soft_wrap=True)
    claim(settings)
    photos = list(photographed(settings, console))
    names = {f"{design}/{photo.file.stem}" for design, of_design in photos for photo in of_design}
    if unknown := set(settings.shown) - names:
        raise ConfigError(f"--shown: no photos {sorted(unknown)}; expected some of {sorted(names)}")
    entries = enrolled(settings, console)
    detector = load_detector(settings.weights)
    answers: list[Answer] = []
    for way in WAYS:
        strips: dict[str, np.ndarray] = {}
        for design, of_design in track(photos, f"inspecting, {way}", console=console):
            masks = ForegroundConfig("mask", masks=settings.out / "masks" / design)
            inspector = WatchedInspector(
                entries[design], detector, masks if way == "mask" else ForegroundConfig(way)
            )
            for photo in of_design:
                answer, cells = judge(inspector, design, way, photo)
                answers.append(answer)
                strips[answer.name] = strip(answer, cells)
        of_way = sorted((one for one in answers if one.way == way), key=lambda one: -one.badness)
        save(sheet([strips[one.name] for one in of_way]), settings.out / f"sheet-{way}.jpg", console)
        if settings.shown:
            chosen = [strips[name] for name in settings.shown]
            save(sheet(chosen, columns=1), settings.out / f"shown-{way}.jpg", console)
    text = markdown(answers)
    (settings.out / "table.md").write_text(text)
    listed = [dataclasses.asdict(answer) for answer in answers]
    (settings.out / "answers.json").write_text(json.dumps(listed, indent=1))
    console.print(text, markup=False)


def save(page: np.ndarray, path: Path, console: Console) -> None:
    """Write a sheet and name it."""
    Image.fromarray(page).save(path, quality=88)
    console.print(f"look at {path}")


def claim(settings: Settings) -> None:
    """Make a folder this recipe's.

    Raises:
        ConfigError: It holds photos of another one.
    """
    path, mine = settings.out / _RECIPE, settings.recipe.to_json()
    mine |= {name: getattr(settings, name) for name in ("focal_error", "reframe") if getattr(settings, name)}
    settings.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(mine, indent=1, sort_keys=True)
    if path.is_file() and path.read_text() != text:
        raise ConfigError(f"{settings.out}: holds photos of other designs or settings; choose another --out")
    path.write_text(text)


def photographed(settings: Settings, console: Console) -> Iterator[tuple[str, list[Photo]]]:
    """The photos of each design, rendered if they are not there."""
    sources, _ = list_sources(settings.recipe)
    for source in track(sources, "photographing", console=console):
        folder = settings.out / "designs" / source.id
        if not (folder / RECORD).is_file():
            kinds = render(source, sources, settings.recipe, folder)
            console.print(f"{source.id}: {kinds}", markup=False)
        yield source.id, [as_file(settings, folder, sample) for sample in samples_of(folder)]


def render(source: ShapeSource, sources: Sequence[ShapeSource], recipe: Recipe, folder: Path) -> str:
    """Render a design's photos, with as many kinds of anomalies as it allows; says which."""
    tries = [
        (source, {}, "all kinds"),
        (FusedSource(source.id, source.split, path=source.path), {"kinds": ("broken",)}, "breaks alone"),
        (FusedSource(source.id, source.split, path=source.path), {"anomalous_share": 0.0}, "normal alone"),
    ]
    reasons = []
    for tried, changes, kinds in tries:
        generator = shape_generator(recipe, source.id)
        # A chair with a cabinet for a frame would be too easy: what lies together is of one kind, if any is.
        peers = [peer for peer in sources if Path(peer.path).parent == Path(source.path).parent]
        donors = donors_of(source, peers, generator)
        changed = dataclasses.replace(recipe, **changes)
        temporary = folder.with_name(f"{folder.name}.partial-{len(reasons)}")
        try:
            build_shape(tried, donors, changed, generator, temporary, recipe.find_assets())
        except ShapeError as error:
            reasons.append(str(error))
            continue
        temporary.rename(folder)
        return f"{kinds} ({'; '.join(reasons)})" if reasons else kinds
    raise ShapeError(reasons[-1])


def samples_of(folder: Path) -> list[Sample]:
    """The labels of a design's photos."""
    return [Sample.from_json(row) for row in json.loads((folder / RECORD).read_text())["photos"]]


def as_file(settings: Settings, folder: Path, sample: Sample) -> Photo:
    """The photo as a camera would have written it, and its mask beside it, under names that tell nothing."""
    number = Path(sample.photo).name.split("_")[0]
    masks = Masks.load(folder / mask_name(sample.photo))
    with Image.open(folder / sample.photo) as image:
        taken = framing.Photo(np.asarray(image.convert("RGB")), sample.camera, masks.object, masks.changed)
    if settings.reframe:
        name = np.frombuffer(f"{folder.name}/{number}".encode(), np.uint8)
        taken = framing.reframed(taken, settings.reframe, np.random.default_rng([settings.seed, *name]))
    file = settings.out / "photos" / folder.name / f"{number}.jpg"
    mask = settings.out / "masks" / folder.name / f"{number}.png"
    for path in (file, mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file():
        told = 1 + settings.focal_error * (1 if int(number) % 2 else -1)
        image = Image.fromarray(taken.image)
        image.save(file, quality=92, exif=exif_of(taken.camera.focal_px * told, image.size))
        Image.fromarray(taken.object.astype(np.uint8) * 255).save(mask)
    return Photo(file, taken.object, taken.changed, sample)


def exif_of(focal_px: float, size: tuple[int, int]) -> Image.Exif:
    """What a camera writes of its focal length: the equivalent at 35 mm film, in whole millimetres."""
    exif = Image.Exif()
    equivalent = round(focal_px / math.hypot(*size) * DIAGONAL_35MM)
    exif[IFD.Exif] = {
        Base.FocalLengthIn35mmFilm: equivalent,
        Base.ExifImageWidth: size[0],
        Base.ExifImageHeight: size[1],
    }
    return exif


def enrolled(settings: Settings, console: Console) -> dict[str, Entry]:
    """Each design's reference, with nothing told but its file; says what was found out of it."""
    gallery, entries = Gallery(settings.out / "gallery"), {}
    for source in track(list_sources(settings.recipe)[0], "enrolling", console=console):
        id = re.sub(r"^[^A-Za-z0-9]+", "", source.id)[:64]
        entry = gallery.get(id) if id in gallery.ids() else gallery.add(Path(source.path), id=id)
        chosen = ", ".join(
            f"{name} {entry.record[name]['value']}" for name in ("up", "front", "unit", "scan")
        )
        console.print(f"{source.id}: {len(entry.record['parts'])} parts, {chosen}", markup=False)
        entries[source.id] = entry
    return entries


def judge(
    inspector: WatchedInspector, design: str, way: str, photo: Photo
) -> tuple[Answer, list[np.ndarray]]:
    """What comes of a photo, and the cells of its strip."""
    sample = photo.sample
    answer = Answer(
        *(design, photo.file.stem, way, "none", sample.kind, sample.part_label.rsplit("/", 1)[-1]),
        *("unsure", 0.5, 0.0, 0.0, 0.0),
    )
    image = load_photo(photo.file).image
    plain = fitted(image)
    try:
        found = inspector.inspect_one(photo.file)
    except PhotoError:
        empty = np.full_like(plain, 255)
        return answer, [outlined(plain, photo.truth, None), empty, empty, empty]
    outline = inspector.outline
    drawn = inspector.reference.raycaster.draw(found.detection.camera).mask
    answer = dataclasses.replace(
        answer,
        method="none" if found.foreground is None else found.foreground.method,
        verdict=found.verdict,
        probability=found.probability,
        alignment=found.alignment,
        mask_iou=mask_iou(outline, photo.truth),
        drawing_iou=mask_iou(drawn, photo.truth),
    )
    drawing = fitted(np.repeat(found.drawing()[..., None], 3, -1))
    heat = fitted(found.overlay(max(found.size)))
    changed = photo.changed if answer.anomalous else None
    return answer, [outlined(plain, None, changed), outlined(plain, photo.truth, outline), drawing, heat]


if __name__ == "__main__":
    main(tyro.cli(Settings))
