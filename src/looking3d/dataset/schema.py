"""What a dataset on disk is: names of its files, and the labels of a photo."""

from __future__ import annotations

import dataclasses
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from looking3d.errors import DatasetError
from looking3d.files import whole
from looking3d.geometry.camera import Camera

FORMAT = "looking3d-dataset"
FORMAT_VERSION = 1
MANIFEST = "dataset.json"
SAMPLES = "samples.parquet"
SHAPES = "shapes"
RECORD = "shape.json"
SPLITS = ("train", "val", "test")
NORMAL = "normal"


@dataclass(frozen=True)
class Sample:
    """The labels of one photo; a row of `samples.parquet`.

    Attributes:
        shape_id: The reference that the photo is to be judged against.
        split: `train`, `val` or `test`; all photos of a shape are in one split.
        photo: Path of the photo, relative to the shape's folder.
        kind: `normal`, or the kind of the anomaly.
        part_id: The anomalous part; empty for a normal photo.
        part_label: Its semantic label path.
        severity: How strong the edit is, in its kind's measure; 0 for a normal photo.
        changed_px: Pixels of the photo whose surface differs from the reference's.
        box: x, y, width, height in pixels around the changed pixels; zeros for a normal photo.
        odd_reference: Whether the reference itself carries an edit.
        renderer: Which renderer made the photo.
        azimuth_rad, elevation_rad: Where the camera stands.
        seed: Seed of the photo's materials, light and noise.
        camera: The photo's camera.
        material_sets: Names of the sets of maps that the photo's materials come from.
        environment: Name of the environment map that lights it, or empty.
        visible: The share of the anomalous part that no other part hides, of a missing one before it
            went; 0 for a normal photo, and where it is not known.
        donor: Of a swapped part, shape and part that it comes from, `shape id/part id`; else empty.
        donor_match: Why this donor: `label` or `proportions`; see `anomalies.Donor`.
    """

    shape_id: str
    split: str
    photo: str
    kind: str
    part_id: str
    part_label: str
    severity: float
    changed_px: int
    box: tuple[int, int, int, int]
    odd_reference: bool
    renderer: str
    azimuth_rad: float
    elevation_rad: float
    seed: int
    camera: Camera
    # What earlier versions did not write has a default, so that their datasets can be read
    material_sets: tuple[str, ...] = ()
    environment: str = ""
    visible: float = 0.0
    donor: str = ""
    donor_match: str = ""

    @property
    def anomalous(self) -> bool:
        """Whether the photo shows an anomaly."""
        return self.kind != NORMAL

    def to_json(self) -> dict:
        """A dict of plain values; `from_json` is its inverse."""
        return {
            **{f.name: getattr(self, f.name) for f in dataclasses.fields(self)},
            "box": list(self.box),
            "material_sets": list(self.material_sets),
            "camera": json.dumps(self.camera.to_json()),
        }

    @staticmethod
    def from_json(data: dict) -> Sample:
        """The sample that `to_json` wrote."""
        camera = Camera.from_json(json.loads(data["camera"]))
        sets = tuple(data.get("material_sets", ()))
        return Sample(**{**data, "box": tuple(data["box"]), "camera": camera, "material_sets": sets})


@dataclass(frozen=True, eq=False)
class Masks:
    """Where things are in a photo; each (height, width) bool.

    Attributes:
        object: The object as photographed.
        before: Where the reference's part would be seen.
        after: Where the anomalous part is seen.
        changed: Where the photo's surface differs from the reference's: what a detector should find.
    """

    object: np.ndarray
    before: np.ndarray
    after: np.ndarray
    changed: np.ndarray

    def save(self, path: Path) -> None:
        """Write what `to_png` gives."""
        path.write_bytes(self.to_png())

    def to_png(self) -> bytes:
        """A palette PNG whose value is object + 2 before + 4 after + 8 changed."""
        bits = self.object + 2 * self.before + 4 * self.after + 8 * self.changed
        image = Image.fromarray(bits.astype(np.uint8))
        image.putpalette(_mask_palette())
        buffer = io.BytesIO()
        image.save(buffer, "png")
        return buffer.getvalue()

    @staticmethod
    def load(path: Path) -> Masks:
        """The masks that `save` wrote."""
        try:
            bits = np.asarray(Image.open(path))
        except OSError as error:
            raise DatasetError(
                f"{path}: not a readable mask ({error}); generate the dataset again"
            ) from error
        return Masks(*((bits & bit) > 0 for bit in (1, 2, 4, 8)))


def read_json(path: Path, advice: str) -> dict:
    """A JSON object from a file.

    Raises:
        DatasetError: It cannot be read, or is no JSON object.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); {advice}") from error
    except ValueError as error:
        raise DatasetError(f"{path}: not valid JSON ({error}); {advice}") from error
    if not isinstance(data, dict):
        raise DatasetError(f"{path}: expected a JSON object, got a {type(data).__name__}; {advice}")
    return data


def read_manifest(dataset: Path, advice: str) -> dict:
    """The manifest of a dataset's folder.

    Args:
        dataset: The folder.
        advice: What to do if it is of no use, for the message.

    Raises:
        DatasetError: It is no JSON, or of another format or version.
    """
    return parse_manifest((dataset / MANIFEST).read_bytes(), str(dataset), advice)


def parse_manifest(data: bytes, where: str, advice: str) -> dict:
    """The manifest of a dataset from its bytes; raises as `read_manifest` does.

    Args:
        data: The file's bytes.
        where: The dataset's folder, for the message.
        advice: What to do if it is of no use, for the message.
    """
    try:
        manifest = json.loads(data)
    except ValueError as error:
        raise DatasetError(f"{where}/{MANIFEST}: not valid JSON ({error}); {advice}") from error
    if manifest.get("format") != FORMAT or manifest.get("version") != FORMAT_VERSION:
        raise DatasetError(f"{where}: expected format {FORMAT} version {FORMAT_VERSION}; {advice}")
    return manifest


def write_json(path: Path, data: dict) -> None:
    """Write JSON to a file that appears only when it is whole."""
    with whole(path) as temporary:
        temporary.write_bytes(json_bytes(data))


def json_bytes(data: dict) -> bytes:
    """JSON as the files of a dataset hold it."""
    return (json.dumps(data, indent=1) + "\n").encode()


def mask_name(photo: str) -> str:
    """Path of the masks of a photo, relative to the same folder."""
    return photo.removesuffix(".png") + "_mask.png"


def _mask_palette() -> list[int]:
    """Colours to look at: grey object, green before, red after, brighter where changed."""
    palette = []
    for bits in range(16):
        color = np.array([90, 90, 90]) * bool(bits & 1)
        color = color + np.array([0, 110, 0]) * bool(bits & 2) + np.array([110, 0, 0]) * bool(bits & 4)
        color = color + 55 * bool(bits & 8)
        palette += [int(c) for c in color]
    return palette
