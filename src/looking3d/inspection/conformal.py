"""The threshold of one reference from scores of known-good photos, by conformal p-values.

With n normal scores, the p-value of a score s is (1 + the number of normal scores >= s) / (n + 1) (Vovk,
Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005, eq. 2.18). Calling photos with a p-value of
at most `rate` anomalous gives at most that share of false alarms, whatever the scores' distribution, as long
as the calibration photos are drawn as those that come later. The threshold is then an order statistic, and
the false-alarm rate that a given calibration really has is at most Beta distributed (see `rate_below`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import stats

from looking3d.errors import ConfigError
from looking3d.model.detector import CacheableDetector, Detector
from looking3d.photos.foreground_config import ForegroundConfig
from looking3d.photos.salient import is_installed

SURE = 0.95
"""How sure the bounds are that a calibration tells about itself."""

_SLACK = 1e-9  # a rate of 0.29 with 99 photos is 29 of 100, though 0.29 * 100 is a little less than 29


@dataclass(frozen=True)
class Conditions:
    """What scores depend on besides reference and photo; a calibration holds under its own alone.

    Attributes:
        detector: Name and state of the detector.
        foreground: How the object is found.
        shadow: Whether a shadow is drawn under it.
    """

    detector: str
    foreground: str
    shadow: bool = False

    @staticmethod
    def of(detector: Detector, foreground: ForegroundConfig, shadow: bool = False) -> Conditions:
        """The conditions of an inspector's parts."""
        if isinstance(detector, CacheableDetector):
            key = f"{detector.name}-{detector.enrolment_key()[:16]}"
        else:
            key = type(detector).__name__
        method = foreground.method
        return Conditions(key, "auto with rembg" if method == "auto" and is_installed() else method, shadow)


@dataclass(frozen=True)
class Tradeoff:
    """What another threshold would have done.

    Attributes:
        rate: Of false alarms that it promises.
        threshold: The threshold.
        found: Anomalous photos at or above it.
    """

    rate: float
    threshold: float
    found: int


@dataclass(frozen=True)
class Calibration:
    """A threshold, and what it rests on. Made by `calibrate_scores`.

    Attributes:
        normal: Scores (probabilities of an anomaly) of photos known to be normal; at least one.
        anomalous: Scores of photos known to be anomalous; they are for the report and decide nothing.
        false_alarm_rate: What was asked for, over 0 and under 1.
        conditions: Under which the scores were made; None if that is not known.
        created: When, in ISO format; None if that is not known.
        unused: Photos that could not be used, each with the reason.
    """

    normal: tuple[float, ...]
    anomalous: tuple[float, ...]
    false_alarm_rate: float
    conditions: Conditions | None = None
    created: str | None = None
    unused: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate < 1:
            raise ConfigError(
                f"false alarms: expected a rate over 0 and under 1, got {self.false_alarm_rate}"
            )
        if not self.normal:
            why = "".join(f"; {name}: {reason}" for name, reason in self.unused[:3])
            raise ConfigError(
                f"no score of a normal photo{why}; calibrate with photos of items that are known to be good, "
                f"{photos_for(self.false_alarm_rate)} or more for a rate of {self.false_alarm_rate:g}"
            )
        for score in (*self.normal, *self.anomalous):
            if not 0 <= score <= 1:
                raise ConfigError(f"score: expected a probability, 0 to 1, got {score}")

    @property
    def promised_rate(self) -> float:
        """The rate of false alarms that is promised: the largest that n photos can tell up to the one asked
        for; more than that if they are too few for it (see `is_kept`)."""
        return self._rank / (len(self.normal) + 1)

    @property
    def is_kept(self) -> bool:
        """Whether the rate asked for is promised."""
        return self.promised_rate <= self.false_alarm_rate + _SLACK

    @property
    def threshold(self) -> float:
        """A photo is anomalous from this probability on. A little over 1 if good photos reach 1."""
        return self._threshold_at(self._rank)

    @property
    def rate_below(self) -> float:
        """What the real rate of false alarms is below, with a certainty of SURE.

        With the threshold above the k-th largest of n scores, the rate has the distribution
        Beta(k, n + 1 - k); less if scores are equal. Its mean is what is promised.
        """
        return float(stats.beta.ppf(SURE, self._rank, len(self.normal) + 1 - self._rank))

    @property
    def found(self) -> int:
        """How many of the anomalous photos are at or above the threshold."""
        return self._found_at(self.threshold)

    @property
    def found_interval(self) -> tuple[float, float] | None:
        """The share of anomalous photos that is found, with a certainty of SURE (Clopper, Pearson 1934);
        None without anomalous photos."""
        if not self.anomalous:
            return None
        interval = stats.binomtest(self.found, len(self.anomalous)).proportion_ci(SURE, "exact")
        return float(interval.low), float(interval.high)

    @property
    def better(self) -> Tradeoff | None:
        """The rate of the largest share found less false alarms; None if it is the one in use.

        Of equally good ones, that of the fewest false alarms. It is chosen by the very photos that it is
        judged by, so it will do a little worse on others.
        """
        if not self.anomalous:
            return None
        size = len(self.normal) + 1
        options = [
            Tradeoff(rank / size, threshold, self._found_at(threshold))
            for rank in range(1, size)
            for threshold in [self._threshold_at(rank)]
        ]
        best = max(options, key=lambda option: (self._gain(option.rate, option.found), -option.rate))
        gained = self._gain(best.rate, best.found) - self._gain(self.promised_rate, self.found)
        return best if gained > _SLACK else None

    def p_value(self, score: float) -> float:
        """How unusual a score is for a normal photo: at most a share p of them has a p-value of p or less."""
        return (1 + sum(normal >= score for normal in self.normal)) / (len(self.normal) + 1)

    def mismatch(self, conditions: Conditions) -> str | None:
        """Why the calibration does not hold under other conditions; None if it does."""
        mine = self.conditions
        if mine is None:
            return "it does not say with which weights it was made"
        if mine.detector != conditions.detector:
            return f"it was made with other weights ({mine.detector}, not {conditions.detector})"
        if mine.foreground != conditions.foreground:
            return f"it was made with --foreground {mine.foreground}, not {conditions.foreground}"
        if mine.shadow != conditions.shadow:
            return f"it was made {'with' if mine.shadow else 'without'} --shadow"
        return None

    def to_json(self) -> dict[str, Any]:
        """A dict of plain values; `from_json` is its inverse."""
        interval = self.found_interval
        return {
            "threshold": self.threshold,
            "false_alarm_rate": self.false_alarm_rate,
            "promised_rate": self.promised_rate,
            "rate_below": self.rate_below,
            "normal": list(self.normal),
            "anomalous": list(self.anomalous),
            "found": self.found if self.anomalous else None,
            "found_interval": None if interval is None else list(interval),
            "counts": {
                "normal": len(self.normal),
                "anomalous": len(self.anomalous),
                "unused": len(self.unused),
            },
            "unused": [{"name": name, "reason": reason} for name, reason in self.unused],
            "conditions": None if self.conditions is None else vars(self.conditions).copy(),
            "created": self.created,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Calibration:
        """The calibration that `to_json` wrote.

        Raises:
            ConfigError: It is damaged.
        """
        try:
            conditions = data["conditions"]
            made = calibrate_scores(
                [float(score) for score in data["normal"]],
                [float(score) for score in data["anomalous"]],
                float(data["false_alarm_rate"]),
                conditions=None if conditions is None else Conditions(**conditions),
                created=data["created"],
                unused=[(str(photo["name"]), str(photo["reason"])) for photo in data["unused"]],
            )
            stored = data["threshold"]
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"a calibration is damaged ({type(error).__name__}: {error})") from error
        # A threshold that was edited by hand would promise what its scores do not.
        if stored != made.threshold:
            raise ConfigError(f"a calibration's threshold {stored} does not follow from its scores")
        return made

    @property
    def _rank(self) -> int:
        """How many normal scores there may be at or above a score that is anomalous, plus one."""
        return max(1, math.floor(self.false_alarm_rate * (len(self.normal) + 1) + _SLACK))

    @cached_property
    def _descending(self) -> list[float]:
        return sorted(self.normal, reverse=True)

    def _threshold_at(self, rank: int) -> float:
        """The least score with fewer than `rank` normal scores at or above it."""
        return float(np.nextafter(self._descending[rank - 1], np.inf))

    def _found_at(self, threshold: float) -> int:
        return sum(score >= threshold for score in self.anomalous)

    def _gain(self, rate: float, found: int) -> float:
        """Youden's index."""
        return found / len(self.anomalous) - rate


def calibrate_scores(
    normal: Sequence[float],
    anomalous: Sequence[float] = (),
    false_alarm_rate: float = 0.05,
    *,
    conditions: Conditions | None = None,
    created: str | None = None,
    unused: Sequence[tuple[str, str]] = (),
) -> Calibration:
    """The calibration by scores of photos whose truth is known.

    Args:
        normal: Probabilities of an anomaly that an inspector gave photos known to be normal.
        anomalous: The same of photos known to be anomalous.
        false_alarm_rate: The share of normal photos that may be called anomalous.
        conditions: Under which the scores were made.
        created: The time to note, in ISO format.
        unused: Photos that could not be used, each with the reason.

    Raises:
        ConfigError: No normal score, or a rate or a score out of range.
    """
    return Calibration(
        tuple(float(score) for score in normal),
        tuple(float(score) for score in anomalous),
        float(false_alarm_rate),
        conditions,
        created,
        tuple(unused),
    )


def photos_for(false_alarm_rate: float) -> int:
    """The fewest normal photos that can promise a rate: n with 1 / (n + 1) at most the rate."""
    return max(1, math.ceil(1 / false_alarm_rate - _SLACK) - 1)
