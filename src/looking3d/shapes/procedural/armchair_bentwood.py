"""Café chairs of steamed and bent rods: back legs and back in one hoop, or back and arms in one rail."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp, pick
from looking3d.shapes.procedural.chair_arms import LOOP as ARM_LOOP
from looking3d.shapes.procedural.chair_back import LOOP, PANEL, VERTICAL
from looking3d.shapes.procedural.chair_legs import LEG, STRETCHER
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, FRAME_RING, SURFACE
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import closed_curve, smooth
from looking3d.shapes.procedural.upholstery import cushion, nail_trim


@dataclass(frozen=True)
class RoundSeat:
    """The ring that a bent-wood chair is built on.

    Attributes:
        outline: (k, 2) x and z of its middle line.
        top: Height of its upper side.
        wide, high: Its section.
        rod: Radius of the rods around it.
    """

    outline: np.ndarray
    top: float
    wide: float
    high: float
    rod: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, grow: float = 1.0) -> RoundSeat:
        """A seat at random: round, or blunter in front."""
        x, z = grow * rng.uniform(0.19, 0.225), rng.uniform(0.185, 0.215)
        outline = outlines.circle(1.0, count=44)
        front = outlines.circle(1.0, count=44, power=rng.uniform(2.0, 3.4))
        outline = np.where(outline[:, 1:] > 0, front, outline) * [x, z]
        return cls(
            outline,
            rng.uniform(0.43, 0.47),
            rng.uniform(0.026, 0.036),
            rng.uniform(0.03, 0.042),
            rng.uniform(0.0115, 0.0155),
        )

    def spot(self, angle_rad: float, out: float = 0.0) -> np.ndarray:
        """(2,) x and z on the ring at an angle from the front towards the left, `out` metres outside."""
        angles = np.arctan2(self.outline[:, 0], self.outline[:, 1])
        at = self.outline[np.abs(np.angle(np.exp(1j * (angles - angle_rad)))).argmin()]
        return at * (1 + out / np.linalg.norm(at))

    def add(self, assembly: Assembly, rng: np.random.Generator) -> None:
        """Add the ring, and in it a sheet of wood or cane, or over it a cushion."""
        path = np.insert(self.outline, 1, self.top - self.high / 2, axis=1)
        section = outlines.rectangle(self.wide, self.high, 0.3 * self.wide)
        assembly.add("seat_ring", FRAME_RING, prim.sweep(path, section, (0.0, 1.0, 0.0), closed=True))
        kind = pick(rng, {"sheet": 2, "dished": 1, "cushion": 1.6})
        if kind == "cushion":
            outline = outlines.inset(self.outline, np.array([-0.35 * self.wide]))[0]
            made = cushion(
                _counter_clockwise(outline),
                rng.uniform(0.03, 0.055),
                0.02,
                pick(rng, {"piped": 1, "soft": 1}),
            )
            assembly.add("seat_cushion", SURFACE, prim.flat(made, self.top - 0.004))
            if chance(rng, 0.4):
                trim = np.insert(
                    outlines.inset(self.outline, np.array([-0.5 * self.wide]))[0], 1, self.top - 0.012, axis=1
                )
                assembly.add(
                    "seat_trim",
                    FRAME_BAR,
                    nail_trim(np.concatenate([trim, trim[:1]])[:44], (0, 1, 0), 0.0045),
                )
            return
        outline = _counter_clockwise(outlines.inset(self.outline, np.array([0.35 * self.wide]))[0])
        low = -0.014 if kind == "dished" else 0.0
        sheet = prim.slab(outline, 0.008, 0.002, crown=low, crown_below=-low, inner_rings=5)
        assembly.add("seat", SURFACE, prim.flat(sheet, self.top - 0.012))


def _counter_clockwise(outline: np.ndarray) -> np.ndarray:
    x, z = outline.T
    return outline if np.sum(x * np.roll(z, -1) - z * np.roll(x, -1)) > 0 else outline[::-1]


def add_bentwood(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a café chair: a hoop from foot over the back to foot, or one rail on rods for back and arms."""
    u_rail = chance(rng, 0.35)
    seat = RoundSeat.drawn(rng, 1.12 if u_rail else 1.0)
    seat.add(assembly, rng)
    if u_rail:
        _add_u_rail(assembly, rng, seat)
    else:
        _add_hoop(assembly, rng, seat)
    _add_leg_ring(assembly, rng, seat)


def _front_leg(seat: RoundSeat, rng: np.random.Generator, splay: float) -> Mesh:
    """From the floor, bowed, to the underside of the ring."""
    x, z = seat.spot(0.7)
    t = np.linspace(0, 1, 12)
    out = 1 + splay * (1 - t) ** 1.6
    path = np.stack([x * out, t * (seat.top - 0.006), z * out], 1)
    return prim.post(path, outlines.circle(seat.rod, count=12), lerp(0.85, 1.15, t))


def _rear_path(seat: RoundSeat, top: tuple[float, float], lean: float, splay: float) -> np.ndarray:
    """(7, 3) points of the left half of a hoop, from its foot to its crown; top is half width and height."""
    x, z = seat.spot(math.pi - 0.72, 0.5 * seat.wide + 0.6 * seat.rod)
    half, height = top
    rise = height - seat.top
    return np.array(
        [
            (x * (1 + 0.7 * splay), 0.0, z * (1 + 1.3 * splay)),
            (x * (1 + 0.2 * splay), 0.5 * seat.top, z * (1 + 0.3 * splay)),
            (x, seat.top - 0.02, z),
            (0.5 * (x + half) + 0.01, seat.top + 0.35 * rise, z - 0.3 * lean),
            (half, seat.top + 0.72 * rise, z - 0.7 * lean),
            (0.62 * half, seat.top + 0.955 * rise, z - 0.97 * lean),
            (0.0, height, z - lean),
        ]
    )


def _mirrored_path(half: np.ndarray, count: int) -> np.ndarray:
    """A smooth path through a left half and its mirror image, (m, 3) -> (count, 3), exactly symmetrical."""
    path = smooth(np.concatenate([half, half[-2::-1] * [-1, 1, 1]]), count)
    return 0.5 * (path + path[::-1] * [-1, 1, 1])


def _add_hoop(assembly: Assembly, rng: np.random.Generator, seat: RoundSeat) -> None:
    """Back legs and the outline of the back in one piece; in it a second hoop, bars, a loop or a sheet."""
    half, height = rng.uniform(0.13, 0.19), seat.top + rng.uniform(0.38, 0.5)
    lean, splay = rng.uniform(0.05, 0.13), rng.uniform(0.15, 0.4)
    points = _rear_path(seat, (half, height), lean, splay)
    hoop = _mirrored_path(points, 91)
    section = outlines.circle(seat.rod, count=12)
    assembly.add("back_hoop", LOOP, prim.sweep(hoop, section, (0.0, 0.0, 1.0)))
    leg = _front_leg(seat, rng, 0.6 * splay)
    assembly.add_pair("leg_front", LEG, leg)
    kind = pick(rng, {"hoop": 3, "bars": 1.5, "sheet": 1, "scroll": 1.2})
    x, z = 0.52 * points[2][0], seat.spot(math.pi)[1] - 0.2 * seat.wide
    rise = height - seat.top

    def on_back(u: float, share: float) -> tuple[float, float, float]:
        """A point of the back's surface, at a share of its height above the seat."""
        return (u, seat.top + share * rise, lerp(z, points[-1][2], share).item())

    thin = outlines.circle(0.8 * seat.rod, count=10)
    if kind == "hoop":
        inner = [on_back(x, -0.04), on_back(0.45 * (x + half), 0.3), on_back(0.68 * half, 0.6)]
        inner += [on_back(0.45 * half, 0.8), on_back(0.0, rng.uniform(0.83, 0.88))]
        assembly.add(
            "back_hoop_inner", LOOP, prim.sweep(_mirrored_path(np.array(inner), 61), thin, (0, 0, 1))
        )
        if chance(rng, 0.4):
            assembly.add(
                "back_bar", VERTICAL, prim.post(np.array([on_back(0, -0.04), on_back(0, 0.85)]), thin)
            )
    elif kind == "bars":
        count = int(rng.integers(3, 7))
        for i, share in enumerate(np.linspace(-1, 1, count)):
            reach = _hoop_height(hoop, 0.62 * half * share)
            ends = np.array(
                [
                    on_back(0.8 * x * share, -0.04),
                    on_back(0.62 * half * share, _share(reach, seat.top, rise)),
                ]
            )
            assembly.add(f"back_bar_{i + 1}", VERTICAL, prim.post(ends, thin))
    elif kind == "scroll":
        loop = [(0.0, 0.12), (0.55 * half, 0.3), (0.75 * half, 0.58), (0.45 * half, 0.85), (0.0, 0.95)]
        loop += [(-u, v) for u, v in loop[-2:0:-1]]
        ring = closed_curve(np.array([(u, v * rise) for u, v in loop]), 60)
        path = np.array([on_back(u, v / rise) for u, v in ring])
        assembly.add("back_loop", LOOP, prim.sweep(path, thin, (0.0, 0.0, 1.0), closed=True))
        bar = prim.post(np.array([on_back(0, -0.04), on_back(0, 0.96)]), thin)
        assembly.add("back_bar", VERTICAL, bar)
    else:
        upper = hoop[(hoop[:, 1] > seat.top + 0.3 * rise)]
        outline = _counter_clockwise(upper[::2, :2] - [0, upper[:, 1].mean()])
        sheet = prim.slab(outline, 0.007, 0.002, inner_rings=4)
        z_of = np.interp(sheet.vertices[:, 1] + upper[:, 1].mean(), hoop[20:46, 1], hoop[20:46, 2])
        moved = sheet.vertices + np.stack([0 * z_of, 0 * z_of + upper[:, 1].mean(), z_of - 0.0035], 1)
        assembly.add("back_panel", PANEL, Mesh(moved, sheet.faces))
    if chance(rng, 0.4):
        _add_bent_arms(assembly, rng, seat, hoop)


def _hoop_height(hoop: np.ndarray, x: float) -> float:
    """Height at which a hoop's upper part passes x."""
    upper = hoop[(hoop[:, 1] > 0.72 * hoop[:, 1].max()) & (hoop[:, 0] * (1 if x >= 0 else -1) >= -1e-9)]
    return float(upper[np.abs(upper[:, 0] - x).argmin(), 1])


def _share(height: float, low: float, rise: float) -> float:
    """Share of a back's rise at a height."""
    return (height - low) / rise


def _add_bent_arms(assembly: Assembly, rng: np.random.Generator, seat: RoundSeat, hoop: np.ndarray) -> None:
    """A rod from the hoop forwards, round and down to the ring, on each side."""
    at = hoop[: len(hoop) // 2][
        np.abs(hoop[: len(hoop) // 2, 1] - seat.top - rng.uniform(0.2, 0.26)).argmin()
    ]
    side = seat.spot(1.25, 0.5 * seat.wide)
    out, y = side[0] + rng.uniform(0.02, 0.05), at[1]
    front = side[1] + rng.uniform(0.06, 0.12)
    points = [at, (lerp(at[0], out, 0.75), y + 0.01, lerp(at[2], 0, 0.45)), (out, y + 0.005, 0.5 * front)]
    points += [
        (out, y - 0.035, front),
        (out - 0.005, y - 0.11, front - 0.01),
        (side[0], seat.top - 0.5 * seat.high, side[1]),
    ]
    path = smooth(np.array([tuple(float(c) for c in p) for p in points]), 48)
    section = outlines.circle(0.95 * seat.rod, count=12)
    assembly.add_pair("arm_loop", ARM_LOOP, prim.sweep(path, section, (1.0, 0.3, 0.0)))


def _add_u_rail(assembly: Assembly, rng: np.random.Generator, seat: RoundSeat) -> None:
    """One rail at the arms' height, around the back, on rear legs and rods; its ends come down in front."""
    height = seat.top + rng.uniform(0.22, 0.3)
    grow = rng.uniform(0.03, 0.06)
    side, rear = seat.spot(math.pi / 2)[0] + grow, seat.spot(math.pi)[1] - grow - 0.02
    x, z = seat.spot(0.95, 0.5 * seat.wide)
    drop = chance(rng, 0.6)
    rise = rng.uniform(0.0, 0.1)
    front = z + rng.uniform(0.04, 0.08)
    half = (
        [(x, seat.top - 0.5 * seat.high, z), (x + 0.02, height - 0.1, front)]
        if drop
        else [(side - 0.01, height - 0.01, front + 0.02)]
    )
    half += [(side, height, 0.5 * front), (side, height + 0.15 * rise, -0.25 * side)]
    half += [
        (0.8 * side, height + 0.6 * rise, 0.78 * rear),
        (0.45 * side, height + 0.95 * rise, 0.97 * rear),
        (0.0, height + rise, rear),
    ]
    path = _mirrored_path(np.array(half), 91)
    behind = path[path[:, 2] < 0.0]
    section = outlines.circle(1.15 * seat.rod, count=12)
    assembly.add("back_rail", LOOP, prim.sweep(path, section, (0.0, 1.0, 0.2)))
    count = int(rng.integers(1, 5)) * 2 + 1
    for i, angle in enumerate(np.linspace(-1.0, 1.0, count)):
        foot = seat.spot(math.pi + angle)
        near = behind[
            np.abs(np.angle(np.exp(1j * (np.arctan2(behind[:, 0], behind[:, 2]) - math.pi - angle)))).argmin()
        ]
        rod = np.array([(foot[0], seat.top - 0.6 * seat.high, foot[1]), near])
        assembly.add(f"back_bar_{i + 1}", VERTICAL, prim.post(rod, outlines.circle(0.7 * seat.rod, count=10)))
    leg = _front_leg(seat, rng, rng.uniform(0.1, 0.25))
    assembly.add_pair("leg_front", LEG, leg)
    # Rear legs go on to the rail
    a, b = seat.spot(math.pi - 0.95, 0.4 * seat.wide), behind[np.abs(behind[:, 0] - 0.8 * side).argmin()]
    rear_leg = smooth(
        np.array([(1.15 * a[0], 0, 1.3 * a[1]), (a[0], seat.top - 0.02, a[1]), (b[0], b[1], b[2])]), 24
    )
    assembly.add_pair("leg_back", LEG, prim.post(rear_leg, outlines.circle(seat.rod, count=12)))
    if not drop:
        post = np.array([(x, seat.top - 0.6 * seat.high, z), (side - 0.006, height, 0.72 * front)])
        assembly.add_pair(
            "arm_post",
            "chair_arm/arm_near_vertical_bar",
            prim.post(post, outlines.circle(0.85 * seat.rod, count=10)),
        )


def _add_leg_ring(assembly: Assembly, rng: np.random.Generator, seat: RoundSeat) -> None:
    """A ring that ties the legs, inside them; its points are where the legs are at its height."""
    kind = pick(rng, {"ring": 3, "none": 1})
    if kind == "none":
        return
    y = seat.top * rng.uniform(0.45, 0.7)
    spots = []
    for part in assembly.parts:
        if part.vertices[:, 1].min() < 0.05 and part.vertices[:, 1].max() > y:
            spots += _crossings(part.vertices, y)
    spots = np.array(sorted(spots, key=lambda p: math.atan2(p[1], p[0])))
    ring = closed_curve(spots * (1 - 0.8 * seat.rod / np.linalg.norm(spots, axis=1, keepdims=True)), 56)
    path = np.insert(ring, 1, y, axis=1)
    assembly.add(
        "leg_ring",
        STRETCHER,
        prim.sweep(path, outlines.circle(0.72 * seat.rod, count=10), (0, 1, 0), closed=True),
    )


def _crossings(vertices: np.ndarray, y: float) -> list[tuple[float, float]]:
    """Where the rods of a part are at a height: the mean of the vertices near it, left and right apart."""
    out = []
    for sign in (1, -1):
        side = vertices[vertices[:, 0] * sign > 0]
        if len(side):
            level = np.abs(side[:, 1] - y)
            near = side[level < level.min() + 0.012]
            out.append((float(near[:, 0].mean()), float(near[:, 2].mean())))
    return out
