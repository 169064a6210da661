"""Club and wing chairs and sofas: an upholstered body between arms, cushions on it, a back behind."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_arms import ArmStyle, add_wooden_caps
from looking3d.shapes.procedural.armchair_legs import add_base
from looking3d.shapes.procedural.assembly import Assembly, chance, pick
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_seat import FRAME_BAR, SURFACE
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import Place, closed_curve, panel_rows, reclined, upright_side
from looking3d.shapes.procedural.turning import profiled
from looking3d.shapes.procedural.upholstery import Quilting, cushion, nail_trim, padded, pillow


@dataclass(frozen=True)
class BodyPlan:
    """What an upholstered seat is to be, in metres.

    Attributes:
        seats: Places side by side.
        width: Between the arms.
        depth: From the rear (z = -depth / 2) to the front of the body.
        clearance: Height of the body's underside.
        deck: Height of the body's top, on which cushions lie.
        top: Height that is sat on.
        back: Thickness of the back.
        back_top: Height of its upper edge.
        recline_rad: Of the back.
        seam: Of all cushions; see `cushion`.
        loose_back: Cushions lean against the back.
    """

    seats: int
    width: float
    depth: float
    clearance: float
    deck: float
    top: float
    back: float
    back_top: float
    recline_rad: float
    seam: str
    loose_back: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator, seats: int) -> BodyPlan:
        """A plan at random for a number of places."""
        loose = chance(rng, 0.45)
        pad = rng.uniform(0.1, 0.17)
        top = rng.uniform(0.4, 0.48)
        clearance = rng.uniform(0.05, 0.08) if chance(rng, 0.4) else rng.uniform(0.09, 0.17)
        return cls(
            seats=seats,
            width=seats * rng.uniform(0.5, 0.64) + (0.04 if seats == 1 else 0.0),
            depth=rng.uniform(0.78, 0.92) + (0.06 if loose else 0.0),
            clearance=clearance,
            deck=max(top - pad, clearance + 0.1),
            top=top,
            back=rng.uniform(0.12, 0.19),
            back_top=top + rng.uniform(0.3, 0.5),
            recline_rad=math.radians(rng.uniform(3, 14)),
            seam=pick(rng, {"piped": 3, "soft": 1, "knife": 1}),
            loose_back=loose,
        )

    @property
    def rear(self) -> float:
        """Where the back's rear meets the body."""
        return -self.depth / 2

    @property
    def front(self) -> float:
        """Where the body ends."""
        return self.depth / 2

    @property
    def sheet(self) -> Place:
        """(u, v, w) of the back into the world: v from the body's underside up, w from its rear."""
        return reclined(self.clearance + 0.02, self.rear, self.recline_rad)

    def v(self, y: float) -> float:
        """Along the sheet to a height."""
        return (y - self.clearance - 0.02) / math.cos(self.recline_rad)


def add_sofa(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add an armchair or a sofa for up to four."""
    seats = int(pick(rng, {"1": 3, "2": 1.6, "3": 1.6, "4": 0.4}))
    plan = BodyPlan.drawn(rng, seats)
    arm = ArmStyle.drawn(rng)
    arm_top = plan.top + rng.uniform(0.12, 0.24)
    if arm.kind == "english":
        arm_top = plan.top + rng.uniform(0.1, 0.15)
    covers = arm.kind not in ("rolled", "english") and chance(rng, 0.4)
    raised = chance(rng, 0.3)
    add_body(assembly, rng, plan, arm.footing if not raised else 0.0)
    add_seat_cushions(assembly, plan, bench=seats > 1 and chance(rng, 0.25))
    half = plan.width / 2 + (arm.width + 0.004 if covers else -0.002)
    _add_back(assembly, rng, plan, half)
    z = (plan.rear + (0.6 * plan.back if covers else 0.0), plan.front - 0.004)
    low = plan.clearance + (0.35 * (plan.deck - plan.clearance) if raised else 0.002)
    arm.add(assembly, plan.width / 2 - 0.004, (low, arm_top), z)
    if arm.kind == "track" and chance(rng, 0.3):
        add_wooden_caps(assembly, plan.width / 2 - 0.004, arm_top - arm.slope / 2, z, arm.width)
    if chance(rng, 0.45):
        _add_pillows(assembly, rng, plan)


def add_wing_chair(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a chair with a high back and wings beside the head."""
    plan = dataclasses.replace(BodyPlan.drawn(rng, 1), loose_back=False, back=rng.uniform(0.09, 0.13))
    top = plan.top + rng.uniform(0.56, 0.74)
    plan = dataclasses.replace(
        plan,
        back_top=top,
        clearance=rng.uniform(0.11, 0.18),
        depth=rng.uniform(0.7, 0.82),
        recline_rad=math.radians(rng.uniform(6, 14)),
    )
    plan = dataclasses.replace(plan, deck=max(plan.deck, plan.clearance + 0.1))
    arm = ArmStyle.drawn(rng, {"rolled": 3, "track": 1, "slope": 1, "english": 1})
    arm_top = plan.top + rng.uniform(0.15, 0.22)
    add_body(assembly, rng, plan, arm.footing, skirt_share=0.1)
    add_seat_cushions(assembly, plan, bench=False)
    _add_back(assembly, rng, plan, plan.width / 2 + 0.006)
    arm.add(
        assembly, plan.width / 2 - 0.004, (plan.clearance + 0.002, arm_top), (plan.rear, plan.front - 0.004)
    )
    thick = rng.uniform(0.05, 0.075)
    wing = _wing(rng, plan, arm_top - 0.1, thick).mapped(upright_side(plan.width / 2 - 0.5 * thick))
    flare, span = rng.uniform(0.0, 0.06), plan.depth
    reach = np.clip((wing.vertices[:, 2] - plan.rear) / span, 0, 1)
    assembly.add_pair("wing", PANEL, wing.moved(np.stack([flare * reach, 0 * reach, 0 * reach], 1)))


def _wing(rng: np.random.Generator, plan: BodyPlan, low: float, thick: float) -> Mesh:
    """A wing's cushion: its rear follows the back, its front curves from the arm to the top."""
    tan = math.tan(plan.recline_rad)
    height = plan.back_top - low - rng.uniform(0.0, 0.05)
    foot, head = plan.rear - tan * (low - plan.clearance), plan.rear - tan * (plan.back_top - plan.clearance)
    reach, high = rng.uniform(0.3, 0.42) * plan.depth, rng.uniform(0.24, 0.32)
    waist = rng.uniform(-0.03, 0.03)
    corners = [(foot + 0.01, low + 0.02), (foot + 0.08, low), (foot + reach - 0.06, low)]
    corners += [(foot + reach, low + 0.06), (0.5 * (foot + reach + head + high) + waist, low + 0.45 * height)]
    corners += [(head + high, low + 0.8 * height), (head + 0.85 * high, low + 0.94 * height)]
    corners += [(head + 0.6 * high, low + height), (head + 0.09, low + height)]
    corners += [(head + 0.01, low + 0.96 * height), (0.5 * (foot + head), low + 0.5 * height)]
    outline = closed_curve(np.array(corners), 48)
    return cushion(outline, thick, 0.008, plan.seam if plan.seam != "knife" else "piped")


def add_body(
    assembly: Assembly, rng: np.random.Generator, plan: BodyPlan, arm: float, skirt_share: float = 0.2
) -> None:
    """Add the box between the arms and what it stands on: a base, or a skirt down to the floor.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        plan: Of the whole.
        arm: How far beyond the box legs may stand.
        skirt_share: Probability of a skirt.
    """
    low, rear = plan.clearance, plan.rear + 0.25 * plan.back
    box = prim.box((-plan.width / 2, low, rear), (plan.width / 2, plan.deck, plan.front), 0.014)
    assembly.add("seat_body", SURFACE, box)
    half = plan.width / 2 + arm
    if low > 0.08 and chance(rng, skirt_share):
        skirt = _skirt(
            half - 0.004, (plan.rear + 0.02, plan.front - 0.006), low + 0.03, rng.uniform(0.1, 0.24)
        )
        assembly.add("skirt", SURFACE, skirt)
        return
    if chance(rng, 0.25):
        y = low + 0.022
        path = np.array([(-plan.width / 2, y, plan.front), (plan.width / 2, y, plan.front)])
        assembly.add("seat_trim", FRAME_BAR, nail_trim(path, (0.0, 1.0, 0.0)))
    add_base(assembly, rng, low, half - 0.05, (plan.front - 0.06, plan.rear + 0.6 * plan.back + 0.03))


def _skirt(half: float, z: tuple[float, float], height: float, pitch: float) -> Mesh:
    """A hanging cloth with pleats, all the way around; solid, as nobody sees its inside."""
    outline = outlines.densified(
        outlines.rounded(np.array([(-half, z[0]), (half, z[0]), (half, z[1]), (-half, z[1])]), 0.02, 4), 0.02
    )
    along = np.cumsum(np.linalg.norm(np.diff(outline, axis=0, append=outline[:1]), axis=1))
    pleats = max(4, round(along[-1] / pitch))
    phase = (along / along[-1] * pleats) % 1
    fold = np.clip(1.5 - np.minimum(phase, 1 - phase) * along[-1] / pleats / 0.016, 0, 1)
    mesh = profiled(outline, [(0.0, 0.0), (0.001, 0.35 * height), (0.004, 0.9 * height), (0.008, height)])
    k = len(outline)
    for row, depth in enumerate((0.01, 0.008, 0.004, 0.0)):
        ring = mesh.vertices[row * k : (row + 1) * k]
        ring -= np.sign(ring) * [1, 0, 1] * (depth * fold)[:, None] * _outermost(ring, half, z)
    return mesh


def _outermost(ring: np.ndarray, half: float, z: tuple[float, float]) -> np.ndarray:
    """(k, 3) 1 for the axis along which a point of the ring lies on a side."""
    x_side = half - np.abs(ring[:, 0]) < 0.015
    z_side = np.minimum(z[1] - ring[:, 2], ring[:, 2] - z[0]) < 0.015
    return np.stack([x_side & ~z_side, np.zeros(len(ring), bool), z_side & ~x_side], 1).astype(float)


def seat_cushion(plan: BodyPlan, width: float, z: tuple[float, float]) -> Mesh:
    """A cushion on the deck, about x = 0."""
    thickness = plan.top - plan.deck + 0.004
    corner = 0.45 * thickness if plan.seam != "piped" else 0.03
    outline = outlines.trapezoid(width, width, *z, max(corner, 0.03), 5)
    crown = 0.022 if plan.seam == "piped" else 0.012
    made = cushion(outlines.densified(outline, 0.09), thickness, crown, plan.seam)
    return prim.flat(made, plan.deck - 0.004)


def add_seat_cushions(assembly: Assembly, plan: BodyPlan, bench: bool) -> None:
    """Add one cushion a place, or one for all."""
    count = 1 if bench else plan.seats
    pitch, z = plan.width / count, (plan.rear + 0.7 * plan.back, plan.front + 0.012)
    for i in range(count):
        mesh = seat_cushion(plan, pitch - 0.003, z).moved([pitch * (i + 0.5) - plan.width / 2, 0, 0])
        assembly.add("seat_cushion" if count == 1 else f"seat_cushion_{i + 1}", SURFACE, mesh)


def _add_back(assembly: Assembly, rng: np.random.Generator, plan: BodyPlan, half: float) -> None:
    """A reclined panel, tight and quilted or with cushions before it."""
    high = plan.v(plan.back_top) - (0.1 * plan.loose_back)
    corner = float(rng.choice([0.035, 0.06, 0.14]))
    arch = rng.uniform(0.04, 0.14) if chance(rng, 0.35) and not plan.loose_back else 0.0
    quilting = Quilting() if plan.loose_back else Quilting.drawn(rng, 2 * half, high)
    rows = panel_rows(0.0, high, (half, half * rng.uniform(0.94, 1.0)), (0.03, corner), quilting.grid[1])
    panel = padded(rows, plan.back, quilting, 0.0 if plan.loose_back else 0.02, 0.034, columns=25)
    u, v, w = panel.vertices.T
    hump = arch * np.cos(np.clip(u / half, -1, 1) * math.pi / 2) ** 2 * np.clip(v / high, 0, 1) ** 3
    assembly.add("back", PANEL, prim.Mesh(np.stack([u, v + hump, w], 1), panel.faces).mapped(plan.sheet))
    if plan.loose_back:
        for i, mesh in enumerate(back_cushions(rng, plan)):
            assembly.add("back_cushion" if plan.seats == 1 else f"back_cushion_{i + 1}", PANEL, mesh)


def back_cushions(rng: np.random.Generator, plan: BodyPlan) -> list[Mesh]:
    """One cushion a place that stands on the seat and leans on the back."""
    pitch, thick = plan.width / plan.seats, rng.uniform(0.11, 0.16)
    low, high = plan.v(plan.top) - 0.012, plan.v(plan.back_top) + rng.uniform(-0.03, 0.04)
    corner = 0.45 * thick if plan.seam != "piped" else 0.035
    outline = outlines.rectangle(pitch - 0.004, high - low, corner, 5)
    made = cushion(outlines.densified(outline, 0.09), thick, 0.025, plan.seam)
    made = made.moved([0, (low + high) / 2, plan.back - 0.01])
    return [
        made.moved([pitch * (i + 0.5) - plan.width / 2, 0, 0]).mapped(plan.sheet) for i in range(plan.seats)
    ]


def _add_pillows(assembly: Assembly, rng: np.random.Generator, plan: BodyPlan) -> None:
    """Loose pillows that lean against the back near the arms."""
    deep = plan.back + (0.13 if plan.loose_back else 0.0)
    for i in range(int(rng.integers(1, 3)) if plan.seats > 1 else 1):
        size = rng.uniform(0.36, 0.44)
        height = size if chance(rng, 0.6) else 0.66 * size
        side = (1 if i == 0 else -1) if plan.seats > 1 else 0
        x = side * (plan.width / 2 - size / 2 - rng.uniform(0.0, 0.05))
        lean = plan.recline_rad + math.radians(rng.uniform(4, 12))
        turn = math.radians(rng.uniform(-9, 9))
        made = pillow(size, height, rng.uniform(0.1, 0.14)).mapped(
            lambda p, a=turn: (
                p @ np.array([[math.cos(a), math.sin(a), 0], [-math.sin(a), math.cos(a), 0], [0, 0, 1]])
            )
        )
        back_z = float(plan.sheet(np.array([[0.0, plan.v(plan.top + height / 2), deep]]))[0, 2])
        place = reclined(plan.top + 0.48 * height, back_z + 0.035, lean)
        assembly.add(f"pillow_{i + 1}", PANEL, made.mapped(place).moved([x, 0, 0]))
