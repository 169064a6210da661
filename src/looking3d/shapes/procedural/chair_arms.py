"""Arms of chairs: rails on posts, loops, office arms, sofa arms, a writing table."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.procedural import outlines
from looking3d.shapes.procedural import primitives as prim
from looking3d.shapes.procedural.assembly import Assembly, chance, lerp
from looking3d.shapes.procedural.chair_back import BackPlan
from looking3d.shapes.procedural.chair_legs import LEG, RUNNER, STRETCHER
from looking3d.shapes.procedural.chair_seat import SeatPlan

RAIL = "chair_arm/arm_horizontal_bar"
POST = "chair_arm/arm_near_vertical_bar"
LOOP = "chair_arm/arm_holistic_frame"
SOFA = "chair_arm/arm_sofa_style"
TABLE = "chair_arm/arm_writing_table"
CONNECTOR = "chair_arm/arm_connector"


def _bar_section(rng: np.random.Generator, radius: float) -> np.ndarray:
    if chance(rng, 0.4):
        return outlines.circle(radius, count=12)
    return outlines.rectangle(2 * radius, 2 * radius * rng.uniform(0.7, 1.0), 0.35 * radius)


def _pad_section(rng: np.random.Generator) -> np.ndarray:
    """Flat and wide; its axes are across and up for a bar that runs to the front."""
    return outlines.rectangle(rng.uniform(0.035, 0.08), rng.uniform(0.018, 0.035), 0.008, steps=3)


def add_rail_arms(
    assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, back: BackPlan | None
) -> None:
    """Add rails from the back's stiles (or from rear posts) to front posts."""
    height = seat.top + rng.uniform(0.16, 0.25)
    radius = rng.uniform(0.01, 0.019)
    z_post = seat.depth / 2 * rng.uniform(0.35, 0.85) if seat.outline == "rect" else 0.15 * seat.depth
    x_post = seat.half_width(z_post) - radius - 0.006
    flare = rng.uniform(0.0, 0.04)
    top = np.array([x_post + flare, height, z_post + rng.uniform(-0.02, 0.04)])
    section = _bar_section(rng, radius)
    foot = np.array([x_post, seat.rail_y, z_post])
    post = prim.post(lerp(foot, top, np.linspace(0, 1, 4)[:, None]), section)
    assembly.add_pair("arm_post_front", POST, post)
    if back is not None:
        v = (height - seat.rail_y) / np.cos(back.recline_rad)
        rear = back.point(back.half(v), v)
    else:
        z_rear = -0.3 * seat.depth
        x_rear = seat.half_width(z_rear) - radius - 0.006
        rear = np.array([x_rear + flare, height, z_rear])
        post = prim.post(np.array([[x_rear, seat.rail_y, z_rear], rear]), section)
        assembly.add_pair("arm_post_back", POST, post)
    over = rng.uniform(0.02, 0.07)
    end = top + np.array([0.0, 0.0, over])
    t = np.linspace(0, 1, 12)
    path = lerp(rear, end, t[:, None])
    path[:, 0] += rng.uniform(0.0, 0.03) * np.sin(np.pi * t)
    rail_section = _pad_section(rng) if chance(rng, 0.6) else section
    rail = prim.sweep(path, rail_section, (0.0, 1.0, 0.0), bevel=0.004)
    assembly.add_pair("arm_rail", RAIL, rail)
    if chance(rng, 0.3):
        _add_arm_bars(assembly, rng, seat, foot, top, rear)


def _add_arm_bars(
    assembly: Assembly,
    rng: np.random.Generator,
    seat: SeatPlan,
    foot: np.ndarray,
    top: np.ndarray,
    rear: np.ndarray,
) -> None:
    """Thin uprights between the seat and the rail."""
    count = int(rng.integers(1, 5))
    section = outlines.circle(rng.uniform(0.006, 0.009), count=10)
    for i in range(count):
        t = (i + 1) / (count + 1)
        z = float(lerp(foot[2], max(rear[2], -0.4 * seat.depth), t))
        low = np.array([seat.half_width(z) - 0.025, seat.rail_y, z])
        high = lerp(rear, top, (z - rear[2]) / (top[2] - rear[2]))
        assembly.add_pair(f"arm_bar_{i + 1}", POST, prim.post(np.array([low, high]), section))


def add_loop_arms(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add one bent bar a side: up from the seat, forwards and down into it again, perhaps with a pad."""
    radius = rng.uniform(0.009, 0.016)
    height = seat.top + rng.uniform(0.15, 0.24)
    reach = (0.36, -0.36) if seat.outline == "rect" else (0.2, -0.2)
    z_front, z_back = seat.depth * reach[0] * rng.uniform(0.8, 1.1), seat.depth * reach[1]
    x_front, x_back = (seat.half_width(z) - radius - 0.008 for z in (z_front, z_back))
    lean, flare = rng.uniform(-0.04, 0.06), rng.uniform(0.0, 0.04)
    y = seat.rail_y
    points = [(x_front, y, z_front), (x_front + flare, height, z_front + lean)]
    points += [(x_back + flare, height, z_back - 0.3 * lean), (x_back, y, z_back)]
    path = prim.filleted(np.array(points), rng.uniform(0.04, 0.14), steps=8)
    section = (
        outlines.circle(radius, count=12)
        if chance(rng, 0.6)
        else outlines.rectangle(2.4 * radius, 1.6 * radius, 0.5 * radius)
    )
    assembly.add_pair("arm_loop", LOOP, prim.sweep(path, section, (1.0, 0.0, 0.0)))
    if chance(rng, 0.5):
        a, b = np.array(points[1]), np.array(points[2])
        lift = np.array([0.0, 0.6 * radius, 0.0])
        pad = prim.bar(lerp(a, b, 0.15) + lift, lerp(a, b, 0.85) + lift, _pad_section(rng), bevel=0.005)
        assembly.add_pair("arm_pad", RAIL, pad)


def add_side_frames(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add legs beside the seat that rise up to the arms, and so carry both; perhaps runners under them."""
    radius = rng.uniform(0.013, 0.022)
    height = seat.top + rng.uniform(0.13, 0.24)
    aspect = rng.uniform(1.0, 2.4)
    section = outlines.rectangle(2 * radius, 2 * radius * aspect, 0.3 * radius)
    inset = radius * aspect + max(0.01, seat.corner)
    splay = rng.uniform(0.0, 0.12) if chance(rng, 0.5) else 0.0
    feet, heads = {}, {}
    for name, sign in (("front", 1), ("back", -1)):
        z = sign * (seat.depth / 2 - inset)
        x = seat.half_width(z) + radius - 0.006
        feet[name] = np.array([x, 0.0, z + sign * splay * seat.rail_y])
        heads[name] = np.array([x, height, z - sign * splay * (height - seat.rail_y)])
        leg = prim.post(np.array([feet[name], heads[name]]), section)
        assembly.add_pair(f"leg_{name}", LEG, leg)
    past = np.array([0.0, 0.0, radius * aspect])
    pad = outlines.rectangle(2 * radius * rng.uniform(1.0, 2.4), rng.uniform(0.02, 0.035), 0.006)
    ends = heads["front"] + past * rng.uniform(0.8, 3.0), heads["back"] - past * rng.uniform(0.8, 2.0)
    assembly.add_pair("arm_rail", RAIL, prim.bar(*ends, pad, bevel=0.004))
    if chance(rng, 0.4):
        lift = np.array([0.0, radius, 0.0])
        runner = prim.bar(
            feet["front"] + lift + past,
            feet["back"] + lift - past,
            outlines.rectangle(2.2 * radius, 2 * radius, 0.003),
        )
        assembly.add_pair("runner", RUNNER, runner)
    if chance(rng, 0.5):
        y = seat.board_bottom - rng.uniform(0.03, 0.2)
        foot, head = feet["front"], heads["front"]
        spot = lerp(foot, head, y / height)
        bar = prim.bar(spot * [-1, 1, 1], spot, outlines.rectangle(1.2 * radius, 3 * radius, 0.004))
        assembly.add("stretcher_front", STRETCHER, bar)


def add_office_arms(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add a bracket from under the seat out and up to a pad, on each side."""
    height = seat.top + rng.uniform(0.16, 0.25)
    z = rng.uniform(-0.06, 0.03) * seat.depth
    outside = seat.half_width(z) + rng.uniform(0.02, 0.045)
    low = seat.board_bottom - 0.006
    points = np.array([(0.1, low, z), (outside, low, z), (outside + 0.01, height, z + 0.02)])
    bent = prim.filleted(points, rng.uniform(0.02, 0.05), steps=6)
    section = outlines.rectangle(rng.uniform(0.014, 0.02), rng.uniform(0.03, 0.06), 0.005)
    split = len(bent) - 2
    connector = prim.sweep(bent[: split + 1], section, (0.0, 0.0, 1.0))
    assembly.add_pair("arm_connector", CONNECTOR, connector)
    start = bent[split] + (bent[split - 1] - bent[split]) * 0.5
    post = prim.bar(start, bent[-1], section * 0.96, up=(0.0, 0.0, 1.0))
    assembly.add_pair("arm_post", POST, post)
    length = rng.uniform(0.2, 0.3)
    width, thick = rng.uniform(0.06, 0.095), rng.uniform(0.02, 0.035)
    outline = outlines.rectangle(width, length, 0.45 * width, steps=5)
    pad = prim.flat(prim.slab(outline, thick, 0.45 * thick, 3), height - 0.006).moved([outside, 0, z + 0.03])
    assembly.add_pair("arm_pad", RAIL, pad)


def add_sofa_arms(
    assembly: Assembly, rng: np.random.Generator, seat: SeatPlan, low: float, back_z: float
) -> float:
    """Add a solid block on each side of a rectangular seat; returns the blocks' width.

    Args:
        assembly: Where the parts go.
        rng: Where chance comes from.
        seat: A seat as wide at the back as at the front.
        low: Height of the blocks' undersides.
        back_z: Where the blocks end at the back.
    """
    width = rng.uniform(0.07, 0.22)
    height = seat.top + rng.uniform(0.1, 0.24)
    z_front = seat.depth / 2 + rng.uniform(-0.04, 0.01)
    slope = rng.uniform(-0.05, 0.08)
    corners = np.array([(back_z, low), (z_front, low), (z_front, height - slope), (back_z, height)])
    outline = outlines.rounded(corners, [0.03, 0.03, rng.uniform(0.03, 0.1), 0.03], steps=6)
    block = prim.slab(outline, width, rng.uniform(0.004, 0.028), bevel_steps=3)
    x = seat.width / 2 - 0.006
    block = block.mapped(lambda p: np.stack([p[:, 2] + x, p[:, 1], p[:, 0]], 1))
    assembly.add_pair("arm", SOFA, block)
    if chance(rng, 0.35):
        # A padded bar lies along the top.
        thick = rng.uniform(0.03, 0.06)
        section = outlines.rectangle(width * rng.uniform(1.02, 1.2), thick, 0.45 * thick, steps=4)
        back, front = np.array([0.0, height, back_z + 0.02]), np.array([0.0, height - slope, z_front - 0.03])
        middle = np.array([x + width / 2, 0.0, 0.0])
        assembly.add_pair("arm_pad", RAIL, prim.bar(back + middle, front + middle, section, bevel=0.01))
    return width


def add_writing_table(assembly: Assembly, rng: np.random.Generator, seat: SeatPlan) -> None:
    """Add a table on a post at the sitter's right."""
    height = seat.top + rng.uniform(0.2, 0.27)
    radius = rng.uniform(0.01, 0.016)
    z = 0.1 * seat.depth
    x = -(seat.half_width(z) - radius - 0.006)
    foot, top = np.array([x, seat.rail_y, z]), np.array([x - 0.02, height, z + 0.05])
    assembly.add("arm_post_right", POST, prim.post(np.array([foot, top]), outlines.circle(radius)))
    width, length = rng.uniform(0.22, 0.32), rng.uniform(0.3, 0.45)
    outline = outlines.rectangle(width, length, rng.uniform(0.03, 0.1), steps=5)
    board = prim.flat(prim.slab(outline, rng.uniform(0.012, 0.02), 0.003), height - 0.004)
    assembly.add("writing_table", TABLE, board.moved([x + 0.25 * width, 0, z + 0.05 + 0.25 * length]))
