"""`PartShape`: an object as a tuple of named parts, each a triangle mesh."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from looking3d.errors import ShapeError
from looking3d.geometry.camera import REFERENCE_RADIUS


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an object.

    Attributes:
        id: Unique within its shape, stable (`leg_front_left`, a node's name, PartNet's leaf id).
        label: Semantic path, `chair/chair_base/regular_leg_base/leg`; for sources without
            semantics, `part/<name>`.
        vertices: (n, 3) float64.
        faces: (m, 3) int64, at least one; indices into `vertices`.
        raw: (m,) bool, the faces that a break laid open and that show the inside of the material; None
            if there are none. Files do not hold it.
    """

    id: str
    label: str
    vertices: np.ndarray
    faces: np.ndarray
    raw: np.ndarray | None = None

    def __post_init__(self) -> None:
        vertices = np.ascontiguousarray(self.vertices, np.float64)
        faces = np.ascontiguousarray(self.faces, np.int64)
        if vertices.ndim != 2 or vertices.shape[1:] != (3,) or faces.ndim != 2 or faces.shape[1:] != (3,):
            raise ShapeError(
                f"part {self.id!r}: expected vertices (n, 3) and faces (m, 3), "
                f"got {vertices.shape} and {faces.shape}"
            )
        if len(faces) == 0:
            raise ShapeError(f"part {self.id!r}: has no faces; export it as a triangle mesh")
        if faces.min() < 0 or faces.max() >= len(vertices):
            raise ShapeError(
                f"part {self.id!r}: faces name vertex {faces.max()}, but there are {len(vertices)}"
            )
        if not np.isfinite(vertices).all():
            bad = int((~np.isfinite(vertices).all(1)).sum())
            raise ShapeError(
                f"part {self.id!r}: {bad} of {len(vertices)} vertices are NaN or infinite; "
                "repair the mesh and export it again"
            )
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", faces)
        if self.raw is not None and self.raw.shape != (len(faces),):
            raise ShapeError(f"part {self.id!r}: expected raw ({len(faces)},), got {self.raw.shape}")

    @cached_property
    def bounds(self) -> np.ndarray:
        """(2, 3) float64, the lower and upper corner of the axis-aligned box; not to be changed."""
        bounds = np.stack([self.vertices.min(0), self.vertices.max(0)])
        bounds.setflags(write=False)
        return bounds

    def moved(self, R: np.ndarray, t: np.ndarray) -> Part:
        """The part with its points taken to `R @ p + t`; `R` is (3, 3), `t` is (3,)."""
        return dataclasses.replace(self, vertices=self.vertices @ np.asarray(R).T + t)


@dataclass(frozen=True, eq=False)
class PartShape:
    """An object made of parts.

    Attributes:
        id: Name of the shape, fit for a folder's name.
        parts: At least one part; ids are unique.
        category: `chair`, `table`, ..., or `object` where nothing is known.
        source: Where it came from: a path, or `procedural:chair seed=7`.
        unit: How long a unit of its vertices is in the units it came in; 1 until it is normalised.
    """

    id: str
    parts: tuple[Part, ...]
    category: str = "object"
    source: str = ""
    unit: float = 1.0
    _by_id: dict[str, Part] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        object.__setattr__(self, "_by_id", {part.id: part for part in self.parts})
        if not self.parts:
            raise ShapeError(f"shape {self.id!r}: has no parts")
        if len(self._by_id) != len(self.parts):
            raise ShapeError(f"shape {self.id!r}: two parts have the same id")

    def __getitem__(self, part_id: str) -> Part:
        return self._by_id[part_id]

    @property
    def bounds(self) -> np.ndarray:
        """(2, 3) float64, the lower and upper corner of the axis-aligned box."""
        boxes = np.stack([part.bounds for part in self.parts])
        return np.stack([boxes[:, 0].min(0), boxes[:, 1].max(0)])

    def with_parts(self, parts: Iterable[Part]) -> PartShape:
        """The same shape with other parts."""
        return PartShape(self.id, tuple(parts), self.category, self.source, self.unit)

    def normalized(self) -> PartShape:
        """The shape centred on its bounding box, with a bounding sphere of radius 0.8.

        The sphere is centred on the origin and touches the farthest vertex.

        Raises:
            ShapeError: All vertices are one point.
        """
        center = self.bounds.mean(0)
        radius = max(np.linalg.norm(part.vertices - center, axis=1).max() for part in self.parts)
        if radius <= 0:
            raise ShapeError(f"shape {self.id!r}: all of its vertices are one point")
        scale = REFERENCE_RADIUS / radius
        parts = tuple(part.moved(np.eye(3) * scale, -center * scale) for part in self.parts)
        return dataclasses.replace(self, parts=parts, unit=float(self.unit / scale))

    def merged(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All parts as one mesh.

        Returns:
            (n, 3) float64 vertices, (m, 3) int64 faces, (m,) int32 index into `parts` of each face.
        """
        offsets = np.cumsum([0] + [len(part.vertices) for part in self.parts[:-1]])
        vertices = np.concatenate([part.vertices for part in self.parts])
        faces = np.concatenate([part.faces + o for part, o in zip(self.parts, offsets, strict=True)])
        part_of_face = np.repeat(
            np.arange(len(self.parts), dtype=np.int32), [len(part.faces) for part in self.parts]
        )
        return vertices, faces, part_of_face

    def raw_faces(self) -> np.ndarray:
        """(m,) bool: of the faces of `merged`, those that a break laid open."""
        return np.concatenate(
            [np.zeros(len(part.faces), bool) if part.raw is None else part.raw for part in self.parts]
        )
