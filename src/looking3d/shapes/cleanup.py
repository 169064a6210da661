"""From a scan to a reference: what belongs to the object stays, whole, smooth, and not too fine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from looking3d.errors import ConfigError, ShapeError, unknown_name
from looking3d.shapes.ground_plane import find_ground
from looking3d.shapes.holes import mend_holes
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.smoothing import SMOOTHERS, smooth
from looking3d.shapes.surface import Surface, cleaned, face_areas
from looking3d.shapes.topology import components, consistent, dihedral_rad, edges, outward, without_duplicates

SCAN_FACES = 5_000
"""A mesh with fewer faces is not taken for a scan unasked."""

_COPLANAR_RAD = np.radians(0.1)
_MOST_COPLANAR = 0.2
_LEAST_OPEN = 1e-4
_MOST_COMPONENTS = 8
_COARSE_FIRST = 4  # a mesh much finer than asked for is brought to this many times the number before all else
_LARGEST_FACES = 1_000_000
_LEAST_FACES_OF_PART = 12


@dataclass(frozen=True)
class CleanupOptions:
    """How a scan is cleaned up.

    Attributes:
        smooth: `taubin` keeps the size, `laplacian` is the paper's and shrinks a little, or `none`.
        iterations: Of smoothing.
        faces: At most so many faces are left; None leaves all.
        keep: Pieces with less than this share of the area are dropped; the largest always stays.
        mend: Holes with a border shorter than this share of the object's diagonal are closed.
        ground: Whether a floor under the object is looked for and removed.
    """

    smooth: str = "taubin"
    iterations: int = 10
    faces: int | None = None
    keep: float = 0.02
    mend: float = 1.0
    ground: bool = True

    def __post_init__(self) -> None:
        if self.smooth not in SMOOTHERS:
            raise unknown_name("smoothing", self.smooth, SMOOTHERS)
        for name, value, low, high in (
            ("iterations", self.iterations, 0, 1000),
            ("faces", 4 if self.faces is None else self.faces, 4, 100_000_000),
            ("keep", self.keep, 0, 1),
            ("mend", self.mend, 0, 100),
        ):
            if not low <= value <= high:
                raise ConfigError(f"{name}: expected {low} to {high}, got {value}")


@dataclass(frozen=True)
class CleanupStep:
    """What one step did.

    Attributes:
        name: `duplicates`, `ground`, `components`, `normals`, `holes`, `smoothing` or `decimation`.
        says: In a sentence.
        numbers: The same for programs.
    """

    name: str
    says: str
    numbers: dict[str, float]


@dataclass(frozen=True)
class CleanupReport:
    """What became of a scan.

    Attributes:
        faces_before, faces_after: How many faces it had and has.
        steps: In the order in which they were done.
    """

    faces_before: int
    faces_after: int
    steps: tuple[CleanupStep, ...]

    def to_json(self) -> dict[str, object]:
        """A dict of plain values."""
        steps = [{"name": step.name, "says": step.says, **step.numbers} for step in self.steps]
        return {"faces_before": self.faces_before, "faces_after": self.faces_after, "steps": steps}


@dataclass(frozen=True, eq=False)
class CleanScan:
    """A scan, cleaned up.

    Attributes:
        shape: One part.
        report: What was done.
        up: (3,) unit vector, the normal of the floor that was removed; None if there was none.
    """

    shape: PartShape
    report: CleanupReport
    up: np.ndarray | None


def scan_reason(shape: PartShape) -> str | None:
    """Why a shape seems to be a scan, in a few words; None if it does not.

    CAD is made of flat faces, each cut into triangles that lie in one plane; in a scan hardly any two do.
    And a scan of one piece has open borders where the scanner did not see, or crumbs around it.
    """
    if len(shape.parts) != 1 or len(shape.parts[0].faces) < SCAN_FACES:
        return None
    vertices, faces = shape.parts[0].vertices, shape.parts[0].faces
    angles = dihedral_rad(vertices, faces)
    coplanar = float((angles < _COPLANAR_RAD).mean()) if len(angles) else 1.0
    if coplanar > _MOST_COPLANAR:
        return None
    found = edges(faces)
    is_open = found.open.mean() > _LEAST_OPEN
    pieces = int(components(faces).max()) + 1
    if not is_open and pieces <= _MOST_COMPONENTS:
        return None
    what = f"{int(found.open.sum()):,} open edges" if is_open else f"{pieces:,} loose pieces"
    return (
        f"one mesh of {len(faces):,} faces with {what}, {coplanar:.0%} of its neighbouring faces in one plane"
    )


def clean_scan(shape: PartShape, options: CleanupOptions, up: np.ndarray | None = None) -> CleanScan:
    """Clean up a scan. The same shape and options give the same result.

    Duplicates go, then the floor, then small pieces; faces are turned to agree and to face outwards, holes
    are mended, the surface is smoothed, and at last brought to fewer faces.

    Args:
        shape: Its parts are taken as one mesh.
        options: How.
        up: (3,) which way is up, if known.

    Raises:
        ShapeError: Nothing is left of it.
    """
    vertices, faces, _ = shape.merged()
    job = _Cleanup(vertices, faces, shape.source or shape.id)
    if options.faces is not None and len(faces) > max(_LARGEST_FACES, _COARSE_FIRST * options.faces):
        job.decimate(max(_LARGEST_FACES // 2, _COARSE_FIRST * options.faces))
    job.drop_duplicates()
    ground = job.remove_ground(up) if options.ground else None
    job.keep_large(options.keep)
    job.turn()
    job.mend(options.mend)
    job.smooth(options.smooth, options.iterations)
    if options.faces is not None and len(job.faces) > options.faces:
        job.decimate(options.faces)
    part = Part("whole", "part/whole", job.vertices, job.faces)
    report = CleanupReport(len(faces), len(job.faces), tuple(job.steps))
    return CleanScan(shape.with_parts([part]), report, ground)


def decimated(shape: PartShape, count: int) -> PartShape:
    """A shape of at most about `count` faces; each part keeps its share of them, and its id."""
    total = sum(len(part.faces) for part in shape.parts)
    if total <= count:
        return shape
    parts = []
    for part in shape.parts:
        job = _Cleanup(part.vertices, part.faces, shape.source or shape.id)
        target = max(_LEAST_FACES_OF_PART, round(len(part.faces) * count / total))
        if len(part.faces) > target:
            job.decimate(target)
        parts.append(dataclasses.replace(part, vertices=job.vertices, faces=job.faces))
    return shape.with_parts(parts)


class _Cleanup:
    """A mesh on its way, and what was done to it."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, where: str) -> None:
        self.vertices, self.faces, self.where = vertices, faces, where
        self.steps: list[CleanupStep] = []

    def drop_duplicates(self) -> None:
        before = len(self.faces)
        self._set(self.vertices, without_duplicates(self.faces))
        gone = before - len(self.faces)
        self._say("duplicates", f"{gone:,} faces twice or without area dropped", faces=gone)

    def remove_ground(self, up: np.ndarray | None) -> np.ndarray | None:
        ground = find_ground(self.vertices, self.faces, up)
        if ground is None or ground.faces.all():
            self._say("ground", "no floor under it", faces=0)
            return None
        count = int(ground.faces.sum())
        self._set(self.vertices, self.faces[~ground.faces])
        self._say(
            "ground",
            f"a floor under it removed: {count:,} faces, {ground.share:.0%} of the area",
            faces=count,
            share=ground.share,
        )
        return ground.up

    def keep_large(self, least_share: float) -> None:
        of_face = components(self.faces)
        area = np.bincount(of_face, face_areas(self.vertices, self.faces))
        large = area >= min(least_share * area.sum(), area.max())
        dropped, share = int((~large).sum()), float(area[~large].sum() / area.sum())
        self._set(self.vertices, self.faces[large[of_face]])
        self._say(
            "components",
            f"{int(large.sum()):,} of {len(large):,} pieces kept; the others have {share:.1%} of the area",
            kept=int(large.sum()),
            dropped=dropped,
            share=share,
        )

    def turn(self) -> None:
        self.faces, turned = consistent(self.faces)
        self.faces, inside_out = outward(self.vertices, self.faces)
        self._say(
            "normals",
            f"{turned:,} faces turned to agree with their neighbours, {inside_out:,} inside-out pieces",
            turned=turned,
            inside_out=inside_out,
        )

    def mend(self, longest_share: float) -> None:
        longest = longest_share * float(np.linalg.norm(np.ptp(self.vertices, axis=0)))
        self.vertices, self.faces, mended, left = mend_holes(self.vertices, self.faces, longest)
        kept = f"; {left:,} longer ones left open" if left else ""
        self._say("holes", f"{mended:,} holes mended{kept}", mended=mended, left=left)

    def smooth(self, method: str, iterations: int) -> None:
        if method == "none" or iterations == 0:
            return
        moved = smooth(self.vertices, self.faces, method, iterations)
        share = float(
            np.linalg.norm(moved - self.vertices, axis=1).mean() / np.ptp(self.vertices, axis=0).max()
        )
        self._set(moved, self.faces)
        self._say(
            "smoothing",
            f"{iterations} rounds of {method.capitalize()} smoothing moved it by {share:.2%} of its size",
            iterations=iterations,
            moved=share,
        )

    def decimate(self, count: int) -> None:
        import fast_simplification

        before = len(self.faces)
        # It counts in single precision inside, so the middle of the mesh goes to the origin.
        center = self.vertices.mean(0)
        vertices, faces = fast_simplification.simplify(
            np.ascontiguousarray(self.vertices - center),
            np.ascontiguousarray(self.faces, np.int32),
            target_count=count,
        )[:2]
        self._set(np.asarray(vertices, np.float64) + center, np.asarray(faces, np.int64))
        after = len(self.faces)
        short = f", {count:,} were asked for" if after > 1.05 * count else ""
        self._say("decimation", f"{before:,} faces reduced to {after:,}{short}", before=before, after=after)

    def _set(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        """Take a mesh, without what has no area and vertices that nothing names."""
        surface = cleaned(Surface("", vertices, faces), self.where) if len(faces) else None
        if surface is None:
            raise ShapeError(
                f"{self.where}: nothing is left after cleaning it up; scan it again, or pass --scan no"
            )
        self.vertices, self.faces = surface.vertices, surface.faces

    def _say(self, name: str, says: str, **numbers: float) -> None:
        self.steps.append(CleanupStep(name, says, numbers))
