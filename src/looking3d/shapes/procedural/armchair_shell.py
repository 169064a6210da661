"""Chairs of moulded plywood: dining shells on legs, lounge chairs of cushioned shells on a star."""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_legs import FootStyle, standing
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_arms import CONNECTOR as ARM_CONNECTOR
from looking3d.shapes.procedural.chair_arms import RAIL
from looking3d.shapes.procedural.chair_back import CONNECTOR, PANEL
from looking3d.shapes.procedural.chair_legs import LEG
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SUPPORT, SURFACE
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import Place, curve_length, draped, panel_rows, smooth
from looking3d.shapes.procedural.upholstery import Quilting, padded

_STAR = "chair_base/star_leg_base"


@dataclass(frozen=True)
class ShellPlan:
    """A moulded sheet for seat and back.

    Attributes:
        curve: (n, 2) side view, z and y, from the front of the seat to the top of the back.
        bend: Length along it at which seat becomes back.
        half: Half widths at the front, in the seat, at the waist, across the back and at the top.
        dish: How far the sides stand out of the middle's sheet, at the front, seat, waist, back, top.
        thick: Of the sheet.
    """

    curve: np.ndarray
    bend: float
    half: np.ndarray
    dish: np.ndarray
    thick: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, thick: float) -> ShellPlan:
        """A dining shell at random."""
        top, deep = rng.uniform(0.43, 0.46), rng.uniform(0.4, 0.45)
        rise, lean = rng.uniform(0.33, 0.44), rng.uniform(0.06, 0.13)
        front, rear = 0.5 * deep, -0.5 * deep
        points = [(front, top - 0.035), (front - 0.07, top), (0.0, top - 0.016), (rear + 0.08, top - 0.02)]
        points += [(rear + 0.005, top + 0.04), (rear - 0.3 * lean, top + 0.3 * rise)]
        points += [(rear - 0.75 * lean, top + 0.72 * rise), (rear - 1.1 * lean, top + rise)]
        curve = smooth(np.array(points), 64)
        bend = curve_length(curve[: int(np.argmax(curve[:, 0] < rear + 0.02)) + 1])
        seat, waist, back = rng.uniform(0.2, 0.225), rng.uniform(0.09, 0.19), rng.uniform(0.17, 0.215)
        half = np.array([0.88 * seat, seat, waist, back, back * rng.uniform(0.7, 0.95)])
        dish = np.array([0.0, 0.018, 0.006, 0.03, 0.02]) * rng.uniform(0.6, 1.6)
        return cls(curve, bend, half, dish, thick)

    @property
    def run(self) -> float:
        """Length of the side view."""
        return curve_length(self.curve)

    def across(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half width and dish at v; the shell's own corners are not in it."""
        stations = np.array(
            [0.0, 0.5 * self.bend, self.bend, self.bend + 0.62 * (self.run - self.bend), self.run]
        )
        values = smooth(np.stack([stations, self.half, self.dish], 1), 80)
        return np.interp(v, values[:, 0], values[:, 1]), np.interp(v, values[:, 0], values[:, 2])

    @property
    def place(self) -> Place:
        """The flat sheet into the world, dished."""
        lay = draped(self.curve)

        def place(p: np.ndarray) -> np.ndarray:
            half, dish = self.across(p[:, 1])
            return lay(p + np.stack([0 * half, 0 * half, dish * (p[:, 0] / half) ** 2], 1))

        return place

    def sheet(
        self, low: float, high: float, corner: float, thick: float = 0.0, quilting: Quilting | None = None
    ) -> Mesh:
        """The shell from one v to another, with round corners; with a quilting, a pad on it."""
        narrow = float(self.across(np.linspace(low, high, 9))[0].min())
        corner = min(corner, 0.8 * narrow)
        half, v = panel_rows(low, high, (1.0, 1.0), (corner, corner), 22)
        # Corners in metres whatever the width there
        half = self.across(v)[0] - (1.0 - half) - (0.012 if quilting else 0.0)
        if quilting:
            return (
                padded((half, v), thick, quilting, 0.006, 0.45 * thick, 21)
                .moved([0, 0, 0.002])
                .mapped(self.place)
            )
        plate = prim.plate(half, v, self.thick, 0.35 * self.thick, 2, 0.0, 17)
        return plate.moved([0, 0, -0.5 * self.thick]).mapped(self.place)


def add_moulded(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chair of one or two moulded sheets, perhaps padded, on tubes, bent strips or wooden legs."""
    plan = ShellPlan.drawn(rng, rng.uniform(0.009, 0.012))
    corner = rng.uniform(0.05, 0.13)
    quilting = (
        Quilting.drawn(rng, 0.4, 0.4, {"plain": 2, "ribs": 1, "channels": 1}) if chance(rng, 0.3) else None
    )
    if chance(rng, 0.45):
        gap = rng.uniform(0.03, 0.1)
        spans = [("seat", SURFACE, 0.0, plan.bend - 0.02), ("back", PANEL, plan.bend + gap, plan.run)]
        v = np.linspace(0.3 * plan.bend, plan.bend + gap + 0.4 * (plan.run - plan.bend - gap), 30)
        spine = plan.place(np.stack([0 * v, v, 0 * v - plan.thick - 0.006], 1))
        section = outlines.rectangle(0.013, rng.uniform(0.05, 0.11), 0.003)
        assembly.add("back_spine", CONNECTOR, prim.sweep(spine, section, (1.0, 0.0, 0.0)))
    else:
        spans = [("seat_shell", SURFACE, 0.0, plan.run)]
    for name, label, low, high in spans:
        assembly.add(name, label, plan.sheet(low, high, corner))
    if quilting:
        pads = [
            ("seat_pad", SURFACE, 0.02, plan.bend - 0.04),
            ("back_pad", PANEL, plan.bend + 0.1, plan.run - 0.02),
        ]
        for name, label, low, high in pads:
            assembly.add(name, label, plan.sheet(low, high, corner, 0.025, quilting))
    _add_moulded_base(assembly, rng, plan)


def _add_moulded_base(assembly: Assembly, rng: np.random.Generator, plan: ShellPlan) -> None:
    """Four tubes from a plate, two bent strips, or turned legs on a cross."""
    v, u = np.meshgrid(np.linspace(0.3, 0.7, 9) * plan.bend, np.linspace(-0.08, 0.08, 5))
    below = plan.place(np.stack([u.ravel(), v.ravel(), 0 * u.ravel() - plan.thick], 1))
    # The plate touches where the sheet is lowest, and comes through it nowhere
    under, z = float(below[:, 1].min()) + 0.002, float(below[:, 2].mean())
    kind = pick(rng, {"tubes": 2, "strips": 1.5, "legs": 1.5})
    plate = prim.box((-0.08, under - 0.022, z - 0.075), (0.08, under, z + 0.075), 0.006)
    assembly.add("seat_plate", SUPPORT, plate)
    x, reach = rng.uniform(0.19, 0.23), rng.uniform(0.19, 0.23)
    high = under - 0.012
    if kind == "strips":
        wide, thick = rng.uniform(0.04, 0.07), 0.014
        for name, sign in (("front", 1.0), ("back", -1.0)):
            half = np.array(
                [
                    (x + 0.025, 0.0, z + sign * reach),
                    (x, 0.8 * high, z + sign * (reach - 0.05)),
                    (x - 0.05, high, z + sign * 0.08),
                    (0, high, z + sign * 0.07),
                ]
            )
            half[1:3] = half[1:3] + [(0, 0.04, 0), (0.01, 0, 0)]
            path = smooth(np.concatenate([half, half[-2::-1] * [-1, 1, 1]]), 60)
            strip = prim.sweep(path, outlines.rectangle(thick, wide, 0.003), (0.0, 0.0, 1.0))
            assembly.add(f"leg_{name}", LEG, strip)
        return
    if kind == "tubes":
        section = outlines.circle(rng.uniform(0.009, 0.0115), count=12)
        for name, sign in (("front", 1.0), ("back", -1.0)):
            points = np.array(
                [
                    (0.02, high, z + sign * 0.05),
                    (0.7 * x, high, z + sign * 0.62 * reach),
                    (x, 0.0, z + sign * reach),
                ]
            )
            path = prim.filleted(points, 0.05, 6)
            assembly.add_pair(f"leg_{name}", LEG, prim.sweep(path, section, (0.0, 1.0, 0.001)))
        return
    style = FootStyle.drawn(rng, high, {"round": 3, "turned": 1})
    high -= 0.014
    style = dataclasses.replace(style, leg=dataclasses.replace(style.leg, splay=(0.12, 0.12)))
    for name, sign in (("front", 1.0), ("back", -1.0)):
        end = np.array([0.66 * x * (1.0 if sign > 0 else 0.8), high - 0.012, z + sign * 0.6 * reach])
        bar = prim.bar(
            np.array([0.0, end[1], z]), end * [1.06, 1, 1], outlines.rectangle(0.035, 0.028, 0.004)
        )
        assembly.add_pair(f"seat_bar_{name}", FRAME_BAR, bar)
        assembly.add_pair(f"leg_{name}", LEG, standing(style.mesh(high), end[0], end[2], (1.0, sign)))


def add_lounge_shells(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a lounge chair of two or three plywood shells with cushions in them, on a star of legs."""
    lean = rng.uniform(0.28, 0.42)
    top, deep, half = rng.uniform(0.34, 0.39), rng.uniform(0.52, 0.58), rng.uniform(0.3, 0.36)
    front, rear = 0.5 * deep, -0.5 * deep
    tilt = rng.uniform(0.1, 0.18)
    thick, pad = 0.012, rng.uniform(0.07, 0.1)
    seat_points = [
        (front + 0.03, top + 0.03),
        (front - 0.06, top + 0.035),
        (0.0, top),
        (rear + 0.06, top - tilt * 0.3),
        (rear - 0.03, top + 0.04),
    ]
    seat = _shell_plan(seat_points, half, thick, 0.07)
    count = 2 if chance(rng, 0.6) else 1
    rise = rng.uniform(0.68, 0.78) if count == 2 else rng.uniform(0.48, 0.6)
    foot = np.array([rear - 0.04, top + 0.11])
    ahead = np.array([-lean, 1.0]) / math.hypot(lean, 1.0)
    quilting = (
        Quilting("biscuit", 2, 2, 0.02)
        if chance(rng, 0.6)
        else Quilting.drawn(rng, 2 * half, 0.4, {"plain": 1, "ribs": 1, "channels": 1})
    )
    _add_shell_with_pad(assembly, ("seat", SURFACE, SUPPORT), seat, pad, quilting)
    edges = [0.0, rise] if count == 1 else [0.0, 0.56 * rise, rise]
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        gap = 0.012
        bow = 0.03 * np.array([ahead[1], -ahead[0]])
        points = [foot + ahead * (a + gap), foot + ahead * lerp(a, b, 0.5) - bow, foot + ahead * (b - gap)]
        last = i == count - 1
        name = ("headrest", "chair_head/headrest", PANEL) if last and count == 2 else ("back", PANEL, PANEL)
        _add_shell_with_pad(
            assembly, name, _shell_plan(points, half * (0.98 - 0.03 * i), thick, 0.09), pad, quilting
        )
    bow_z = -0.012
    x = 0.45 * half
    spine = [(rear + 0.1, top - 0.045), (rear - 0.06, top + 0.01), foot + ahead * 0.04 + [bow_z, 0]]
    spine += [
        foot + ahead * (0.45 * rise) + [bow_z - 0.022, 0],
        foot + ahead * (0.85 * rise) + [bow_z - 0.008, 0],
    ]
    side = smooth(np.array([tuple(map(float, p)) for p in spine]), 40)
    path = np.stack([np.full(40, x), side[:, 1], side[:, 0]], 1)
    bar = prim.sweep(path, outlines.rectangle(0.024, 0.045, 0.004), (1.0, 0.0, 0.0))
    assembly.add_pair("back_connector", CONNECTOR, bar)
    if chance(rng, 0.8):
        _add_shell_arms(assembly, rng, (half, top + rng.uniform(0.2, 0.25)), (foot, ahead), pad)
    _add_lounge_star(assembly, rng, top - 0.012)


def _shell_plan(points: list, half: float, thick: float, dish: float) -> ShellPlan:
    curve = smooth(np.array([tuple(map(float, p)) for p in points]), 48)
    half_widths = half * np.array([0.93, 1.0, 1.0, 1.0, 0.93])
    return ShellPlan(
        curve, 0.5 * curve_length(curve), half_widths, dish * np.array([0.7, 1, 1, 1, 0.7]), thick
    )


def _add_shell_with_pad(
    assembly: Assembly, names: tuple[str, str, str], plan: ShellPlan, pad: float, quilting: Quilting
) -> None:
    """A shell, and in it a cushion that shows above its rim; names are of the part and both labels."""
    name, soft, hard = names
    corner = 0.1
    assembly.add(f"{name}_shell", hard, plan.sheet(0.0, plan.run, corner))
    assembly.add(f"{name}_cushion", soft, plan.sheet(0.008, plan.run - 0.008, 0.9 * corner, pad, quilting))


def _add_shell_arms(
    assembly: Assembly,
    rng: np.random.Generator,
    size: tuple[float, float],
    line: tuple[np.ndarray, np.ndarray],
    pad: float,
) -> None:
    """A pad on each side, held by a bracket on the back's shell.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        size: Half width of the shells and height of the pads.
        line: (2,) foot and direction of the back in z and y.
        pad: Thickness of the cushions.
    """
    half, y = size
    foot, ahead = line
    rear = foot + ahead * (y - foot[1]) / ahead[1]
    x = half + 0.02
    outline = outlines.densified(outlines.rectangle(rng.uniform(0.075, 0.1), 0.36, 0.036, 5), 0.08)
    rest = prim.flat(prim.slab(outline, 0.045, 0.02, 4, crown=0.006, inner_rings=3), y)
    assembly.add_pair("arm_pad", RAIL, rest.moved([x + 0.01, 0, rear[0] + 0.26]))
    start = foot + ahead * 0.17
    points = np.array(
        [
            (half - 0.012, start[1], start[0] + 0.05),
            (x, y - 0.008, rear[0] + 0.14),
            (x + 0.01, y + 0.01, rear[0] + 0.28),
        ]
    )
    path = smooth(points, 20)
    assembly.add_pair(
        "arm_connector",
        ARM_CONNECTOR,
        prim.sweep(path, outlines.rectangle(0.05, 0.016, 0.004), (1.0, 0.0, 0.0)),
    )


def _add_lounge_star(assembly: Assembly, rng: np.random.Generator, under: float) -> None:
    """Four or five flat legs that rise to a column, and a plate under the seat."""
    count, reach = int(rng.integers(4, 6)), rng.uniform(0.31, 0.36)
    hub = rng.uniform(0.1, 0.15)
    for i in range(count):
        angle = 2 * math.pi * (i + 0.5) / count
        ahead = np.array([math.sin(angle), 0.0, math.cos(angle)])
        t = np.linspace(0, 1, 10)
        path = ahead * (0.01 + (reach - 0.01) * t)[:, None]
        path[:, 1] = lerp(hub, 0.017, t**1.2)
        leg = prim.sweep(
            path,
            outlines.rectangle(0.03, 0.046, 0.008),
            (ahead[2], 0.0, -ahead[0]),
            np.linspace(1.1, 0.65, 10),
            bevel=0.004,
        )
        assembly.add(f"star_leg_{i + 1}", f"{_STAR}/star_leg_set/leg", leg)
        foot = prim.post(
            np.array([ahead * (reach - 0.025), ahead * (reach - 0.025) + [0, 0.02, 0]]),
            outlines.circle(0.014, count=14),
        )
        assembly.add(f"star_foot_{i + 1}", "chair_base/foot_base/foot", foot)
    column = prim.post(
        np.array([(0, hub - 0.035, 0), (0, under - 0.004, 0)]), outlines.circle(0.03, count=18)
    )
    assembly.add("central_support", f"{_STAR}/central_support", column)
    assembly.add(
        "seat_plate", SUPPORT, prim.box((-0.15, under - 0.035, -0.13), (0.15, under + 0.004, 0.13), 0.008)
    )
