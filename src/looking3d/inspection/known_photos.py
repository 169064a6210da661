"""Calibrating by photos whose truth is known, and saying in plain words how far that can be trusted."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from looking3d.inspection.conformal import SURE, Calibration, calibrate_scores, photos_for
from looking3d.inspection.inspector import Inspector, inspect_paths
from looking3d.inspection.result import Failure
from looking3d.inspection.words import count_of
from looking3d.shapes.source_file import shown


def calibrate_photos(
    inspector: Inspector,
    normal: Sequence[Path],
    anomalous: Sequence[Path] = (),
    false_alarm_rate: float = 0.05,
    created: str | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Calibration:
    """Calibrate by photos. Those that cannot be read or aligned, or are there twice, are not used.

    Args:
        inspector: What will inspect later photos.
        normal: Files of photos of items that are as they should be.
        anomalous: Files of photos that show an anomaly.
        false_alarm_rate: The share of normal photos that may be called anomalous.
        created: The time to note, in ISO format.
        on_progress: Called with (photos done, photos in all).

    Raises:
        ConfigError: No normal photo can be used, or the rate is out of range.
    """
    unused: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    total, scores = len(normal) + len(anomalous), []
    for paths, before in ((normal, 0), (anomalous, len(normal))):

        def tell(done: int, _: int, before: int = before) -> None:
            on_progress(before + done, total)

        scores.append(_scores(inspector, paths, seen, unused, tell))
    return calibrate_scores(
        scores[0],
        scores[1],
        false_alarm_rate,
        conditions=inspector.conditions,
        created=created,
        unused=unused,
    )


def _scores(
    inspector: Inspector,
    paths: Sequence[Path],
    seen: dict[str, str],
    unused: list[tuple[str, str]],
    on_progress: Callable[[int, int], None],
) -> list[float]:
    """Probabilities of the photos that can be used; the others are added to `unused`."""
    scores = []
    for done, path in enumerate(paths, 1):
        # One photo counted twice would promise more than was seen.
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else str(path)
        if digest in seen:
            unused.append((shown(path), f"is the same file as {seen[digest]}"))
        else:
            seen[digest] = shown(path)
            (result,) = inspect_paths(inspector, [path])
            if isinstance(result, Failure):
                unused.append((shown(path), result.message.removeprefix(f"{shown(path)}: ")))
            elif not result.aligned:
                unused.append(
                    (shown(path), f"could not be aligned ({int(result.alignment * 100)} % overlap)")
                )
            else:
                scores.append(result.probability)
        on_progress(done, len(paths))
    return scores


def told(calibration: Calibration) -> list[str]:
    """A calibration in lines for a terminal: threshold, what it promises, how far that can be trusted."""
    lines = _told_of_normal(calibration) + _told_of_anomalous(calibration)
    if calibration.unused:
        lines.append(f"not used: {count_of(len(calibration.unused), 'photo', 'photos')}")
        lines += [f"  {name}: {reason}" for name, reason in calibration.unused]
    conditions = calibration.conditions
    if conditions is not None:
        shadow = ", shadow" if conditions.shadow else ""
        lines.append(f"holds for: {conditions.detector}, foreground {conditions.foreground}{shadow}")
    if calibration.created is not None:
        lines.append(f"made: {calibration.created}")
    return lines


def _told_of_normal(made: Calibration) -> list[str]:
    photos = count_of(len(made.normal), "good photo", "good photos")
    promised, asked = _percent(made.promised_rate), _percent(made.false_alarm_rate)
    lines = [
        f"threshold: {_score(made.threshold)}, by {photos} with probabilities from "
        f"{_score(min(made.normal))} to {_score(max(made.normal))}",
        f"false alarms: {promised} promised, {asked} asked for; {SURE:.0%} sure that the rate is below "
        f"{_percent(made.rate_below)}",
    ]
    if not made.is_kept:
        lines.append(
            f"warning: {photos} cannot promise {asked}: {promised} is the least that they can, and is used; "
            f"it takes {photos_for(made.false_alarm_rate)} or more"
        )
    if made.threshold > 1:
        lines.append(
            "warning: a good photo has a probability of 1, so nothing will be called anomalous; look at it: "
            "is the item good, is the reference right?"
        )
    return lines


def _told_of_anomalous(made: Calibration) -> list[str]:
    interval = made.found_interval
    if interval is None:
        return []
    count = len(made.anomalous)
    lines = [
        f"anomalous photos found: {made.found} of {count}; {SURE:.0%} sure that the share is "
        f"{_percent(interval[0])} to {_percent(interval[1])}"
    ]
    better = made.better
    if better is not None:
        option = _as_option(made, better.rate)
        lines.append(
            f"a better trade-off: --false-alarms {option} would find {better.found} of {count} (threshold "
            f"{_score(better.threshold)}); chosen by these photos, so a little too good"
        )
    return lines


def _as_option(made: Calibration, rate: float) -> str:
    """A rate in the fewest digits, 2 or more, that ask for just that rate."""
    for digits in range(2, 17):
        rounded = math.ceil(rate * 10**digits) / 10**digits
        if rounded < 1 and dataclasses.replace(made, false_alarm_rate=rounded).promised_rate == rate:
            return f"{rounded:.{digits}f}"
    return repr(rate)


def _score(score: float) -> str:
    return f"{score:.3f}"


def _percent(share: float) -> str:
    """A share with the digits that matter: `5 %`, `9.1 %`, `0.3 %`."""
    return f"{share * 100:.2g} %" if share < 0.0995 else f"{share * 100:.0f} %"
