"""Figures of a study: people, and detectors on the same photos; `docs/study.md` defines each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from looking3d.errors import DatasetError
from looking3d.evaluation.auroc import auroc_over_shapes
from looking3d.evaluation.score import THRESHOLD
from looking3d.study.agreement import agreement
from looking3d.study.intervals import mean_of, over
from looking3d.study.judgements import Judgements
from looking3d.study.models import ModelAnswers
from looking3d.study.subset import Subset

_QUARTILES = (0.25, 0.5, 0.75)


def study_figures(
    subset: Subset,
    judgements: Judgements,
    models: Sequence[ModelAnswers] = (),
    include_incomplete: bool = False,
    seed: int = 0,
) -> dict:
    """All figures, as plain values.

    Args:
        subset: What was judged.
        judgements: By people.
        models: By detectors.
        include_incomplete: Whether answers of those who did not finish count.
        seed: Of the intervals.

    Raises:
        DatasetError: No answer counts.
    """
    incomplete = judgements.incomplete
    counted = judgements if include_incomplete else judgements.without(incomplete)
    if not len(counted.pair):
        raise DatasetError(
            f"no answers to report: of {len(judgements.participants)} participants none finished"
            + ("" if include_incomplete else "; --include-incomplete counts what there is")
        )
    right = counted.anomalous == subset.labels[counted.pair]
    figures = {
        "subset": {
            "digest": subset.digest,
            "dataset": subset.dataset,
            "split": subset.split,
            "seed": subset.seed,
            "photos": len(subset.pairs),
            "anomalous": int(subset.labels.sum()),
            "kinds": dict(sorted(Counter(pair.kind for pair in subset.pairs).items())),
        },
        "participants": len(np.unique(counted.participant)),
        "answers": len(right),
        "pairs_each": counted.asked,
        "incomplete": {"counted": include_incomplete, "answers": incomplete},
        "answers_per_photo": _spread(counted, len(subset.pairs)),
        "people": _people(subset, counted, right, seed),
        "models": [_model(subset, counted, right, model, seed) for model in models],
    }
    return {**figures, "notes": _notes(figures)}


def _people(subset: Subset, counted: Judgements, right: np.ndarray, seed: int) -> dict:
    labels = subset.labels[counted.pair]
    kinds = np.array([subset.pairs[pair].kind for pair in counted.pair])
    alpha = agreement(counted.anomalous, counted.pair, seed)
    groups = {"accuracy": np.ones(len(right), bool), "found": labels, "normal_right": ~labels}
    return {
        **{name: _mean(counted, right, rows, seed) for name, rows in groups.items()},
        "by_kind": {str(kind): _mean(counted, right, kinds == kind, seed) for kind in _in_order(kinds)},
        "seconds": _seconds(counted.milliseconds),
        "agreement": {
            "krippendorff_alpha": alpha.alpha,
            "over_pairs": alpha.interval,
            "photos_with_two_answers": alpha.pairs,
        },
    }


def _mean(counted: Judgements, right: np.ndarray, rows: np.ndarray, seed: int) -> dict:
    mean = mean_of(right[rows].astype(float), counted.participant[rows], counted.pair[rows], seed)
    return {**mean._asdict(), "answers": int(rows.sum())}


def _in_order(kinds: np.ndarray) -> list[str]:
    """Kinds, normal last, as in the paper's table 1."""
    return sorted({str(kind) for kind in kinds}, key=lambda kind: (kind == "normal", kind))


def _model(subset: Subset, counted: Judgements, right: np.ndarray, model: ModelAnswers, seed: int) -> dict:
    each = np.arange(len(subset.pairs))
    model_right = ((model.probability >= THRESHOLD) == subset.labels).astype(float)
    # A pair a group, so that this interval is over the same as the others.
    auroc = auroc_over_shapes(subset.labels, model.probability, each, seed)
    ahead = right - model_right[counted.pair]
    kinds = np.array([pair.kind for pair in subset.pairs])
    return {
        "name": model.name,
        "path": model.path,
        "accuracy": {"value": float(model_right.mean()), "over_pairs": over(model_right, each, seed)},
        "auroc": {"value": auroc.value, "over_pairs": auroc.interval},
        "found": float(model_right[subset.labels].mean()),
        "normal_right": float(model_right[~subset.labels].mean()),
        "by_kind": {kind: float(model_right[kinds == kind].mean()) for kind in _in_order(kinds)},
        "people_ahead_by": mean_of(ahead, counted.participant, counted.pair, seed)._asdict(),
    }


def _seconds(milliseconds: np.ndarray) -> dict:
    known = milliseconds[np.isfinite(milliseconds)] / 1000
    if not len(known):
        return {"median": None, "quartiles": None, "answers": 0}
    low, middle, high = (float(np.quantile(known, level)) for level in _QUARTILES)
    return {"median": middle, "quartiles": [low, high], "answers": len(known)}


def _spread(counted: Judgements, pairs: int) -> dict[str, int]:
    each = np.bincount(counted.pair, minlength=pairs)
    return {"fewest": int(each.min()), "most": int(each.max()), "without": int((each == 0).sum())}


def _notes(figures: dict) -> list[str]:
    """What to know besides, in sentences."""
    people, spread, incomplete = figures["people"], figures["answers_per_photo"], figures["incomplete"]
    notes = [
        f"{figures['participants']} participants gave {figures['answers']} answers to "
        f"{figures['subset']['photos']} photos, {spread['fewest']} to {spread['most']} each."
    ]
    if incomplete["answers"]:
        names = ", ".join(
            f"number {number} ({given} of {figures['pairs_each']})"
            for number, given in incomplete["answers"].items()
        )
        counted = "their answers count" if incomplete["counted"] else "their answers are left out"
        notes.append(f"{len(incomplete['answers'])} did not finish, {counted}: {names}.")
    if spread["without"]:
        notes.append(f"{spread['without']} photos of the subset have no answer that counts.")
    alpha = people["agreement"]
    if alpha["krippendorff_alpha"] is None:
        notes.append("Krippendorff's alpha is not defined: too few answers to the same photos, or all alike.")
    unmeasured = figures["answers"] - people["seconds"]["answers"]
    if unmeasured:
        notes.append(f"{unmeasured} answers have no time: their pair was loaded again, or nothing measured.")
    return notes
