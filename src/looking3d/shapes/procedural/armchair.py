"""The procedural family of upholstered and bent-wood seats: armchairs, sofas, recliners, lounge chairs."""

from __future__ import annotations

import numpy as np

from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.procedural.armchair_bentwood import add_bentwood
from looking3d.shapes.procedural.armchair_bow import add_bow_back, add_wishbone
from looking3d.shapes.procedural.armchair_cantilever import add_cantilever
from looking3d.shapes.procedural.armchair_easy import add_easy_chair
from looking3d.shapes.procedural.armchair_fauteuil import add_fauteuil
from looking3d.shapes.procedural.armchair_lounge import add_chaise, add_slipper, add_wave
from looking3d.shapes.procedural.armchair_recliner import add_recliner
from looking3d.shapes.procedural.armchair_rocker import add_bent_rocker
from looking3d.shapes.procedural.armchair_sectional import add_sectional
from looking3d.shapes.procedural.armchair_shell import add_lounge_shells, add_moulded
from looking3d.shapes.procedural.armchair_sofa import add_sofa, add_wing_chair
from looking3d.shapes.procedural.armchair_tub import add_tub
from looking3d.shapes.procedural.assembly import Assembly, pick

BUILDERS = {
    "sofa": (add_sofa, 20),
    "bent rocker": (add_bent_rocker, 4),
    "bentwood": (add_bentwood, 10),
    "bow back": (add_bow_back, 6),
    "cantilever": (add_cantilever, 6),
    "chaise": (add_chaise, 7),
    "easy chair": (add_easy_chair, 7),
    "fauteuil": (add_fauteuil, 8),
    "lounge shells": (add_lounge_shells, 6),
    "moulded": (add_moulded, 7),
    "recliner": (add_recliner, 10),
    "sectional": (add_sectional, 9),
    "slipper": (add_slipper, 8),
    "tub": (add_tub, 12),
    "wave": (add_wave, 6),
    "wishbone": (add_wishbone, 6),
    "wing": (add_wing_chair, 9),
}
"""What adds each sort of seat to an assembly, and how often it is drawn, by weight."""


def armchair(seed: int) -> PartShape:
    """The armchair of a seed: the same parts for the same seed, everywhere.

    Args:
        seed: At least 0.

    Returns:
        A shape in metres that stands on y = 0 and faces +Z. Its category and labels are those of PartNet's
        chairs, every part is a closed mesh, and every part touches another.
    """
    rng = np.random.default_rng(seed)
    assembly = Assembly("chair")
    kind = pick(rng, {name: weight for name, (_, weight) in BUILDERS.items()})
    BUILDERS[kind][0](assembly, rng)
    return PartShape(f"armchair_{seed:06d}", assembly.grounded(), "chair", f"procedural:armchair seed={seed}")
