"""How fast a training step of CMT is, and how much memory it needs: candidates gathered, or all masked.

The same step, photos through the encoder, losses back to every weight, is taken with the attention of the
package, which gathers keys and values of the k candidates, and with two dense forms that score every
reference token and mask all but the candidates: the equation as it stands, and PyTorch's fused attention
under the same mask. Each runs in a process of its own, in turn, so that each has its own peak of memory.

    python benchmarks/cmt_step.py
    python benchmarks/cmt_step.py --preset cmt-small --views 8 --rounds 5
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional as F

from looking3d.model.cmt import attention
from looking3d.model.cmt.attention import Candidates
from looking3d.model.cmt.cmt import Cmt
from looking3d.model.cmt.config import preset


@dataclass(frozen=True)
class Settings:
    """What to measure."""

    preset: str = "paper"
    """Settings of the model."""

    batch: int = 2
    """Photos in a step, each with its own reference."""

    views: int = 5
    """Views of each reference."""

    steps: int = 2
    """Steps that are timed in each process, after one that is not."""

    rounds: int = 2
    """How often the forms take turns; the fastest step counts, since other work on the machine only adds."""

    threads: int = 2
    """Threads of PyTorch."""


def dense(q: Tensor, keys: Tensor, values: Tensor, candidates: Candidates, heads: int) -> Tensor:
    """Equations 10 and 11 as they stand."""
    q, keys, values, chosen = _masked(q, keys, values, candidates, heads)
    scores = (q @ keys.transpose(2, 3)) / math.sqrt(q.shape[-1])
    found = scores.masked_fill(~chosen, -torch.inf).softmax(-1) @ values
    return found.transpose(1, 2).flatten(2)


def fused(q: Tensor, keys: Tensor, values: Tensor, candidates: Candidates, heads: int) -> Tensor:
    """The same by PyTorch's fused attention, which keeps no scores."""
    q, keys, values, chosen = _masked(q, keys, values, candidates, heads)
    return F.scaled_dot_product_attention(q, keys, values, chosen).transpose(1, 2).flatten(2)


FORMS: dict[str, Callable[..., Tensor]] = {
    "dense, masked": dense,
    "dense, masked, fused": fused,
    "gathered": attention.sparse_attention,
}


def main(settings: Settings) -> None:
    """Print a table of the forms."""
    steps: dict[str, list[tuple[float, float]]] = {name: [] for name in FORMS}
    memory = dict.fromkeys(FORMS, 0)
    for _ in range(settings.rounds):
        for name in FORMS:
            # A process each: the peak of memory is the process's, and never falls.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                timed, grown = pool.apply(measure, (settings, name))
            steps[name] += timed
            memory[name] = max(memory[name], grown)
    table = Table(
        title=f"{settings.preset}, batch {settings.batch}, N = {settings.views}, {settings.threads} threads"
    )
    for column in (
        "",
        "s a step",
        "photos/s",
        "speed",
        "CPU s a step",
        "speed by CPU",
        "memory of steps, GB",
    ):
        table.add_column(column, justify="right" if column else "left")
    fastest = {name: tuple(map(min, zip(*timed, strict=True))) for name, timed in steps.items()}
    wall, cpu = fastest["dense, masked"]
    for name, (seconds, cpu_seconds) in fastest.items():
        table.add_row(
            name,
            f"{seconds:.2f}",
            f"{settings.batch / seconds:.2f}",
            f"{wall / seconds:.2f} x",
            f"{cpu_seconds:.2f}",
            f"{cpu / cpu_seconds:.2f} x",
            f"{memory[name] / 1e9:.2f}",
        )
    Console(width=110).print(table)


def measure(settings: Settings, form: str) -> tuple[list[tuple[float, float]], int]:
    """Seconds and CPU seconds of each step, and bytes that the steps needed at most."""
    torch.set_num_threads(settings.threads)
    config = preset(settings.preset)
    attention.sparse_attention = FORMS[form]
    torch.manual_seed(0)
    model = Cmt(config).train()
    optimizer = torch.optim.Adam(model.parameters(), 2e-5)
    size, patches = (3, config.image_px, config.image_px), config.grid**2
    photos, views = torch.randn(settings.batch, *size), torch.randn(settings.batch, settings.views, *size)
    points = torch.rand(settings.batch, settings.views, patches, 3) - 0.5
    valid = torch.rand(settings.batch, settings.views, patches) < 0.5
    labels, boxes = torch.arange(settings.batch) % 2.0, torch.rand(settings.batch, 4)

    def step() -> tuple[float, float]:
        start, start_cpu = time.perf_counter(), time.process_time()
        out = model(photos, views, points, valid)
        loss = F.binary_cross_entropy_with_logits(out.logit, labels) + F.l1_loss(out.box, boxes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return time.perf_counter() - start, time.process_time() - start_cpu

    before = _peak_bytes()
    step()
    timed = [step() for _ in range(settings.steps)]
    return timed, _peak_bytes() - before


def _masked(
    q: Tensor, keys: Tensor, values: Tensor, candidates: Candidates, heads: int
) -> tuple[Tensor, ...]:
    chosen = torch.zeros(len(q), q.shape[1], keys.shape[1], dtype=torch.bool)
    chosen.scatter_(2, candidates.index, candidates.allowed)
    return (*(x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (q, keys, values)), chosen[:, None])


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(tyro.cli(Settings))
