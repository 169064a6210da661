"""Commands that bring in weights from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console


def convert_released(
    checkpoint: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="The authors' model.pt.")],
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(help="The .safetensors file to write.")],
) -> int:
    """Carry the published CMT checkpoint over to the preset `released`; nothing in it can run code."""
    from looking3d.model.networks import save_network
    from looking3d.model.released import LICENCE, NOTICE
    from looking3d.model.released import convert_released as convert
    from looking3d.model.stored_weights import check_target

    check_target(out)  # before the work, not after it
    converted = convert(checkpoint)
    save_network(converted.model, out, notes={"source": checkpoint.name, "licence": LICENCE})
    console = Console()
    for name in converted.unused:
        console.print(f"left out: {name} (the published network never uses it)", highlight=False)
    for name in converted.unknown:
        console.print(f"left out: {name} (no part of the published network)", highlight=False, markup=False)
    count = sum(parameter.numel() for parameter in converted.model.parameters())
    console.print(f"{out}: {count / 1e6:.1f} M numbers", highlight=False, soft_wrap=True)
    console.print(NOTICE, highlight=False)
    return 0
