"""Upholstered arms: track, rolled, pillow, flared and sloping ones, each a closed block beside the seat."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.chair_arms import RAIL, SOFA
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import upright_side
from looking3d.shapes.procedural.turning import facing, revolved, united
from looking3d.shapes.procedural.upholstery import cushion, nail_trim

TRIM = "chair_arm/arm_holistic_frame"


@dataclass(frozen=True)
class ArmStyle:
    """The arms of one seat.

    Attributes:
        kind: `track` (a box), `slope` (lower in front), `flare` (leans outwards), `rolled` (a scroll over a
            panel), `pillow` (soft on top) or `english` (low, set back, its roll small).
        width: Across, metres.
        seam: As of `cushion`.
        slope: How much lower the front is.
        roll: Radius of a rolled arm's scroll.
        nails: Its front is trimmed with nails.
    """

    kind: str
    width: float
    seam: str
    slope: float
    roll: float
    nails: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, kinds: dict[str, float] | None = None) -> ArmStyle:
        """A style at random."""
        kinds = kinds or {"track": 2.2, "slope": 1.2, "flare": 1, "rolled": 2.2, "pillow": 1.2, "english": 1}
        kind = pick(rng, kinds)
        width = rng.uniform(0.08, 0.2)
        if kind in ("rolled", "english"):
            width = rng.uniform(0.08, 0.13)
        return cls(
            kind=kind,
            width=rng.uniform(0.15, 0.23) if kind == "pillow" else width,
            seam="piped" if chance(rng, 0.6) else "soft",
            slope=rng.uniform(0.03, 0.13) if kind == "slope" else rng.uniform(0.0, 0.015),
            roll=rng.uniform(0.062, 0.09) * (0.8 if kind == "english" else 1.0),
            nails=chance(rng, 0.35),
        )

    @property
    def setback(self) -> float:
        """How far behind the seat's front the arm ends."""
        return 0.09 if self.kind == "english" else 0.0

    @property
    def footing(self) -> float:
        """How far beyond the seat legs may stand under it, in front too."""
        return 0.0 if self.kind == "english" else self.width

    def add(self, assembly: Assembly, x: float, y: tuple[float, float], z: tuple[float, float]) -> None:
        """Add both arms.

        Args:
            assembly: Where the parts go.
            x: Of the left arm's inner side.
            y: Lower and upper end.
            z: Rear and front end.
        """
        z = (z[0], z[1] - self.setback)
        meshes = self.meshes(x, y, z)
        for name, label, mesh in meshes:
            assembly.add_pair(name, label, mesh)

    def meshes(self, x: float, y: tuple[float, float], z: tuple[float, float]) -> list[tuple[str, str, Mesh]]:
        """Names, labels and meshes of the left arm's parts."""
        if self.kind in ("rolled", "english"):
            return self._rolled(x, y, z)
        if self.kind == "pillow":
            return self._pillow(x, y, z)
        block = cushion(self._outline(y, z), self.width, 0.004, self.seam).mapped(upright_side(x))
        if self.kind == "flare":
            # It leans out from the seat's height on
            span = y[1] - y[0]
            rise = np.clip((block.vertices[:, 1] - y[0] - 0.4 * span) / (0.6 * span), 0, None)
            block = block.moved(np.stack([0.5 * self.width * rise**1.5, 0 * rise, 0 * rise], 1))
        parts = [("arm", SOFA, block)]
        if self.nails and self.kind != "flare" and self.seam == "piped":
            parts.append(("arm_trim", TRIM, self._nails(x, y, z)))
        return parts

    def _outline(self, y: tuple[float, float], z: tuple[float, float]) -> np.ndarray:
        corners = np.array([(z[0], y[0]), (z[1], y[0]), (z[1], y[1] - self.slope), (z[0], y[1])])
        least = 0.45 * self.width * (self.seam == "soft") + 0.028
        outline = outlines.rounded(corners, [0.028, 0.028, max(least, 0.05), least], 6)
        return outlines.densified(outline, 0.1)

    def _nails(self, x: float, y: tuple[float, float], z: tuple[float, float]) -> Mesh:
        """A row up one edge of the front, across and down the other."""
        a, b = x + 0.016, x + self.width - 0.016
        high = y[1] - self.slope - 0.065
        points = np.array([(a, y[0] + 0.02, z[1]), (a, high, z[1]), (b, high, z[1]), (b, y[0] + 0.02, z[1])])
        return nail_trim(prim.filleted(points, 0.02, 4), (0.0, 0.0, 1.0), 0.0055)

    def _rolled(
        self, x: float, y: tuple[float, float], z: tuple[float, float]
    ) -> list[tuple[str, str, Mesh]]:
        """A panel under a scroll that overhangs it outwards; its front is a disc with a button or a cord."""
        r, length = self.roll, z[1] - z[0]
        edge = 0.009
        cord = [(r * 0.9, 0.0), (r, edge), (r, length - edge), (r - 0.002, length - 0.004)]
        if self.seam == "piped":
            turn = np.radians([-30, 20, 70, 120, 170])
            cord = [*cord[:3], *zip(r + 0.004 * np.cos(turn), length - 0.004 + 0.004 * np.sin(turn))]
        face = [(r - 0.012, length - 0.003), (0.55 * r, length + 0.003), (0.1 * r, length + 0.006)]
        scroll = facing(revolved(np.array([*cord, *face]), 26), "z")
        scroll = scroll.mapped(lambda p: p * [1.12, 1.0, 1.0])
        middle = (x + 0.5 * self.width + 0.25 * r, y[1] - r)
        scroll = scroll.moved([middle[0], middle[1], z[0]])
        top = middle[1] - 0.1 * r
        panel = prim.box((x, y[0], z[0] + 0.004), (x + self.width, top, z[1] - 0.006), 0.01)
        parts = [("arm", SOFA, united([panel, scroll]))]
        if self.nails:
            circle = outlines.circle(0.86 * r, count=40)
            low = circle[:, 1] > -0.55 * r
            arc = np.roll(circle, -int(np.argmin(low)), 0)
            arc = arc[arc[:, 1] > -0.55 * r] * [1.12, 1.0] + middle
            path = np.insert(arc, 2, z[1] + 0.001, axis=1)
            parts.append(("arm_trim", TRIM, nail_trim(path, (0.0, 0.0, 1.0), 0.005)))
        return parts

    def _pillow(
        self, x: float, y: tuple[float, float], z: tuple[float, float]
    ) -> list[tuple[str, str, Mesh]]:
        """A block with a cushion along its top, rounded over in front."""
        soft = 0.36 * self.width + 0.03
        block = cushion(self._outline((y[0], y[1] - 0.7 * soft), z), self.width * 0.9, 0.0, "soft")
        t = np.linspace(0, math.pi, 9)
        length = z[1] - z[0]
        along = np.concatenate([[0.0], 0.5 * length * (1 - np.cos(t[1:-1])), [length]])
        scale = np.clip(np.sin(t) ** 0.35, 0.45, 1.0)
        path = np.stack(
            [0 * along + x + 0.47 * self.width, 0 * along + y[1] - soft / 2, z[0] + along + 0.008], 1
        )
        section = outlines.circle(0.53 * self.width, 0.5 * soft, 22, 3.0)
        pad = prim.sweep(path, section, (0.0, 1.0, 0.0), scale)
        return [("arm", SOFA, block.mapped(upright_side(x))), ("arm_pad", SOFA, pad)]


def add_wooden_caps(assembly: Assembly, x: float, y: float, z: tuple[float, float], width: float) -> None:
    """Add a board along the top of both arms."""
    outline = outlines.rectangle(width + 0.03, z[1] - z[0] + 0.01, 0.3 * width, 5)
    board = prim.flat(prim.slab(outlines.densified(outline, 0.1), 0.024, 0.009, 3), y - 0.006)
    assembly.add_pair("arm_cap", RAIL, board.moved([x + width / 2, 0, (z[0] + z[1]) / 2 + 0.005]))
