"""Corner sofas: a run of seats and, at one end, a return around the corner or a seat to lie on."""

from __future__ import annotations

import dataclasses

import numpy as np

from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.armchair_arms import ArmStyle
from looking3d.shapes.procedural.armchair_legs import FootStyle
from looking3d.shapes.procedural.armchair_sofa import BodyPlan, back_cushions, seat_cushion
from looking3d.shapes.procedural.assembly import Assembly, chance
from looking3d.shapes.procedural.chair_back import PANEL
from looking3d.shapes.procedural.chair_seat import SURFACE
from looking3d.shapes.procedural.chair_sofa import FOOT
from looking3d.shapes.procedural.primitives import Mesh
from looking3d.shapes.procedural.sheets import panel_rows, reclined
from looking3d.shapes.procedural.upholstery import Quilting, padded, pillow


class _Run:
    """Adds meshes made with the return on the left (+x), or mirrored."""

    def __init__(self, assembly: Assembly, mirrored: bool) -> None:
        self.assembly = assembly
        self.mirrored = mirrored

    def add(self, part_id: str, label: str, mesh: Mesh) -> None:
        self.assembly.add(part_id, label, mesh.mirrored() if self.mirrored else mesh)


def add_sectional(assembly: Assembly, rng: np.random.Generator) -> None:
    """Add a sofa with a corner."""
    run = _Run(assembly, chance(rng, 0.5))
    plan = BodyPlan.drawn(rng, int(rng.integers(2, 4)))
    pitch = rng.uniform(0.6, 0.72)
    plan = dataclasses.replace(
        plan,
        width=plan.seats * pitch,
        back_top=plan.top + rng.uniform(0.28, 0.4),
        back=rng.uniform(0.12, 0.17),
    )
    arm = ArmStyle.drawn(rng, {"track": 3, "slope": 1, "pillow": 1, "rolled": 1})
    arm_top = plan.top + rng.uniform(0.1, 0.2)
    # A corner is wider than a seat
    spare = 2.95 - arm.width - max(plan.depth, pitch + 0.06 + arm.width)
    plan = dataclasses.replace(plan, width=min(plan.width, spare))
    deep = plan.depth + rng.uniform(0.55, 0.8)
    if chance(rng, 0.5):
        _add_lounge_end(run, rng, plan, arm, (pitch + 0.06, deep, arm_top))
    else:
        _add_return(run, rng, plan, arm, (2 if deep > plan.depth + 0.65 else 1, deep, arm_top))
    _add_main(run, rng, plan, arm, arm_top)


def _add_main(run: _Run, rng: np.random.Generator, plan: BodyPlan, arm: ArmStyle, arm_top: float) -> None:
    """The seats in a row, with an arm at their right end."""
    x = plan.width / 2
    rear = plan.rear + 0.25 * plan.back
    run.add(
        "seat_body", SURFACE, prim.box((-x, plan.clearance, rear), (x + 0.004, plan.deck, plan.front), 0.012)
    )
    pitch, z = plan.width / plan.seats, (plan.rear + 0.7 * plan.back, plan.front + 0.012)
    for i in range(plan.seats):
        mesh = seat_cushion(plan, pitch - 0.003, z).moved([pitch * (i + 0.5) - x, 0, 0])
        run.add(f"seat_cushion_{i + 1}", SURFACE, mesh)
    _add_back(run, "back", plan, (0.0, x))
    for i, mesh in enumerate(back_cushions(rng, plan)):
        run.add(f"back_cushion_{i + 1}", PANEL, mesh)
    for name, label, mesh in arm.meshes(
        x - 0.004, (plan.clearance + 0.002, arm_top), (plan.rear, plan.front)
    ):
        run.add(f"{name}_end", label, mesh.mirrored())
    if chance(rng, 0.6):
        size = rng.uniform(0.38, 0.45)
        front = float(plan.sheet(np.array([[0.0, plan.v(plan.top + size / 2), plan.back + 0.13]]))[0, 2])
        place = reclined(plan.top + 0.48 * size, front + 0.04, plan.recline_rad + 0.12)
        run.add(
            "pillow", PANEL, pillow(size, size, 0.13).mapped(place).moved([0.3 * size - 0.8 * x * 0.7, 0, 0])
        )


def _add_back(run: _Run, name: str, plan: BodyPlan, across: tuple[float, float]) -> None:
    """A plain reclined panel about x = across[0], across[1] to each side, behind cushions."""
    high = plan.v(plan.back_top) - 0.08
    rows = panel_rows(0.0, high, (across[1], across[1]), (0.03, 0.035))
    panel = padded(rows, plan.back, Quilting(), 0.0, 0.032)
    run.add(name, PANEL, panel.mapped(plan.sheet).moved([across[0], 0, 0]))


def _legs(run: _Run, rng: np.random.Generator, spots: list[tuple[float, float]], height: float) -> None:
    """The same leg under every spot; straight ones, as they stand in no symmetry."""
    style = FootStyle.drawn(
        rng, height, {"bun": 1.5, "turned": 1, "reeded": 1, "square": 1.5, "tapered": 0.5}
    )
    straight = dataclasses.replace(style, leg=dataclasses.replace(style.leg, splay=(0.0, 0.0)))
    for i, (x, z) in enumerate(spots, 1):
        run.add(f"foot_{i}", FOOT, straight.mesh(height + 0.006).moved([x, 0, z]))


def _add_lounge_end(
    run: _Run,
    rng: np.random.Generator,
    plan: BodyPlan,
    arm: ArmStyle,
    size: tuple[float, float, float],
) -> None:
    """One deep seat beyond the left end of the run, with an arm outside.

    Args:
        run: Where the parts go.
        rng: Where chance comes from.
        plan: Of the run.
        arm: Its style.
        size: Width and depth of the deep seat, height of the arm.
    """
    width, deep, arm_top = size
    a, b = plan.width / 2, plan.width / 2 + width
    front = plan.rear + deep
    rear = plan.rear + 0.25 * plan.back
    run.add("lounge_body", SURFACE, prim.box((a, plan.clearance, rear), (b, plan.deck, front), 0.012))
    cushioned = seat_cushion(plan, width - 0.003, (plan.rear + 0.7 * plan.back, front + 0.012))
    run.add("lounge_cushion", SURFACE, cushioned.moved([(a + b) / 2, 0, 0]))
    one = dataclasses.replace(plan, seats=1, width=width)
    _add_back(run, "lounge_back", one, ((a + b) / 2, width / 2))
    run.add("lounge_back_cushion", PANEL, back_cushions(rng, one)[0].moved([(a + b) / 2, 0, 0]))
    # The arm ends where those of the seats do, or goes on to the front
    reach = plan.front if chance(rng, 0.75) else front
    for name, label, mesh in arm.meshes(b - 0.004, (plan.clearance + 0.002, arm_top), (plan.rear, reach)):
        run.add(f"{name}_lounge", label, mesh)
    spots = [(-a - 0.02, plan.rear + 0.1), (-a - 0.02, plan.front - 0.07), (a - 0.03, plan.rear + 0.1)]
    spots += [(a + 0.05, front - 0.07), (b - 0.05, front - 0.07), (b, plan.rear + 0.1)]
    _legs(run, rng, spots, plan.clearance)


def _add_return(
    run: _Run,
    rng: np.random.Generator,
    plan: BodyPlan,
    arm: ArmStyle,
    size: tuple[int, float, float],
) -> None:
    """A corner beyond the left end, and seats from there to the front, facing inwards; an arm at the end.

    Args:
        run: Where the parts go.
        rng: Where chance comes from.
        plan: Of the run.
        arm: Its style.
        size: Seats, depth of the whole, height of the arm.
    """
    seats, deep, arm_top = size
    a, b = plan.width / 2, plan.width / 2 + plan.depth
    front = plan.rear + deep
    rear = plan.rear + 0.25 * plan.back
    outer = b - 0.25 * plan.back
    run.add("corner_body", SURFACE, prim.box((a, plan.clearance, rear), (outer, plan.deck, front), 0.012))
    wide = b - 0.7 * plan.back - a
    run.add(
        "corner_cushion",
        SURFACE,
        seat_cushion(plan, wide - 0.003, (plan.rear + 0.7 * plan.back, plan.front)).moved(
            [a + wide / 2, 0, 0]
        ),
    )
    _add_back(run, "corner_back", plan, ((a + b) / 2 - 0.004, plan.depth / 2))
    corner = dataclasses.replace(plan, seats=1, width=wide)
    run.add("corner_back_cushion", PANEL, back_cushions(rng, corner)[0].moved([a + wide / 2, 0, 0]))

    length = front - plan.front
    side = dataclasses.replace(plan, seats=seats, width=length)

    def turned(mesh: Mesh, z: float) -> Mesh:
        """What was made for the run, about x = 0, now along z and looking to -x."""
        return mesh.mapped(lambda p: np.stack([b + plan.rear - p[:, 2], p[:, 1], z + p[:, 0]], 1))

    middle, pitch = plan.front + length / 2, length / seats
    for i in range(seats):
        made = seat_cushion(plan, pitch - 0.003, (plan.rear + 0.7 * plan.back, plan.front + 0.012))
        run.add(f"return_cushion_{i + 1}", SURFACE, turned(made, plan.front + pitch * (i + 0.5)))
    high = plan.v(plan.back_top) - 0.08
    reach = front - rear
    rows = panel_rows(0.0, high, (reach / 2, reach / 2), (0.03, 0.035))
    panel = padded(rows, plan.back, Quilting(), 0.0, 0.032).mapped(plan.sheet)
    run.add("return_back", PANEL, turned(panel, (front + rear) / 2))
    for i, mesh in enumerate(back_cushions(rng, side)):
        run.add(f"return_back_cushion_{i + 1}", PANEL, turned(mesh, middle))
    for name, label, mesh in arm.meshes(0.0, (plan.clearance + 0.002, arm_top), (plan.rear, plan.front)):
        run.add(f"{name}_return", label, turned(mesh, front - 0.004))
    spots = [(-a - 0.02, plan.rear + 0.1), (-a - 0.02, plan.front - 0.07), (a - 0.03, plan.rear + 0.1)]
    spots += [(a + 0.06, front - 0.05), (outer - 0.05, front - 0.05), (outer - 0.05, rear + 0.06)]
    _legs(run, rng, spots, plan.clearance)
