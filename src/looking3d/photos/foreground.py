"""Where the object is in a photo: the ways to find it, and the choice among them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from looking3d.errors import ConfigError, PhotoError
from looking3d.model.detector import FindsForeground
from looking3d.model.query import Query
from looking3d.photos.foreground_config import ForegroundConfig
from looking3d.photos.grabcut import Box, cut_out_of_box, inside, refine
from looking3d.photos.mask_files import load_mask, read_boxes
from looking3d.photos.on_white import on_white, whitened
from looking3d.photos.plain_ground import PlainGround, segment_plain
from looking3d.photos.salient import is_installed, salient_object

_OPEN = 0.7  # likelihood of object where only the drawing of the model shows it: GrabCut decides


@dataclass(frozen=True)
class Foreground:
    """How the object was found.

    Attributes:
        method: One of METHODS but `auto`.
        reason: Why so, in a few words.
        is_doubtful: Whether the ground is of a kind that this way fails on.
    """

    method: str
    reason: str
    is_doubtful: bool = False

    @property
    def is_rough(self) -> bool:
        """Whether it pays to mend the mask once the model is aligned."""
        return self.is_doubtful or self.method == "box"

    def __str__(self) -> str:
        return f"{self.method} ({self.reason})"

    def to_json(self) -> dict[str, str]:
        """A dict of plain values."""
        return {"method": self.method, "reason": self.reason}


@dataclass(frozen=True, eq=False)
class Candidate:
    """One idea of where the object is.

    Attributes:
        foreground: How it was found.
        query: What a detector gets: the object on white; or the photo as it is, without a mask, if the
            detector's own network is to look for it.
        mask: (height, width) bool.
        ground: (height, width, 3) float32, the colour of an even ground, which is made white; None where the
            object is laid on white.
    """

    foreground: Foreground
    query: Query
    mask: np.ndarray
    ground: np.ndarray | None = None


class ForegroundFinder:
    """Finds the object in photos as a config says, with the help of a detector that can."""

    def __init__(self, config: ForegroundConfig, detector: object) -> None:
        """Prepare.

        Raises:
            ConfigError: The detector has no network for it, or the file of boxes cannot be read.
        """
        self.config = config
        self.network = detector if isinstance(detector, FindsForeground) else None
        if config.method == "network" and self.network is None:
            raise ConfigError("--foreground network: this detector has none; use plain, grabcut or auto")
        self._boxes: Mapping[str, Box] = {} if config.boxes is None else read_boxes(config.boxes)

    def candidates(self, photo: Query) -> Iterator[Candidate]:
        """Ideas of where the object is, the likeliest first; all but `auto` and `box` have one.

        Each is worked out when it is asked for.

        Raises:
            PhotoError: No object is found, or what the way needs is missing.
            MissingExtraError: rembg is asked for and not installed.
        """
        yield from _Search(self, photo).candidates(self.config.method)

    def box_of(self, photo: Query) -> Box:
        """The box around a photo's object.

        Raises:
            PhotoError: The file of boxes has none.
        """
        box = self.config.box or self._boxes.get(photo.name)
        if box is None:
            raise PhotoError(f"{photo.name}: no box in {self.config.boxes}; add a line for it")
        return box


def redrawn(photo: Query, idea: Candidate, drawn: np.ndarray) -> Candidate:
    """A better idea of where the object is, from what its 3D model looks like there.

    GrabCut starts again, from the drawing: sure of where it agrees with the first mask, open in the rest.
    Parts that are missing stay ground if they have the ground's colours.

    Args:
        photo: The photo.
        idea: The first idea, from which the model was aligned.
        drawn: (height, width) bool, the aligned model's silhouette.
    """
    likely = np.where(drawn, np.where(idea.mask, 1.0, _OPEN), 0.0).astype(np.float32)
    mask = refine(photo.image, likely)
    reason = f"{idea.foreground.reason}, then against the 3D model"
    return _prepared(photo, dataclasses.replace(idea.foreground, reason=reason), mask, idea.ground)


def _prepared(photo: Query, foreground: Foreground, mask: np.ndarray, ground: np.ndarray | None) -> Candidate:
    """The photo as detectors learn from: on white, since a ground of its own misleads them.

    Args:
        photo: The photo.
        foreground: How the object was found.
        mask: (height, width) bool.
        ground: See `Candidate`.
    """
    white = on_white(photo.image, mask) if ground is None else whitened(photo.image, mask, ground)
    query = dataclasses.replace(photo, image=white, mask=mask)
    return Candidate(foreground, query, mask, ground)


class _Search:
    """What is known of one photo; each thing is found out when it is first needed."""

    def __init__(self, finder: ForegroundFinder, photo: Query) -> None:
        self.finder = finder
        self.photo = photo
        self.bare = dataclasses.replace(photo, mask=None)

    def candidates(self, method: str) -> Iterator[Candidate]:
        if method == "auto":
            return self.auto()
        if method == "box":
            return self.in_box()
        return iter([getattr(self, method)("asked for")])

    def auto(self) -> Iterator[Candidate]:
        if self.photo.mask is not None:
            yield self.alpha("the photo is cut out")
            return
        why, refusals, found = "even ground" if self.plain_ground.is_even else "busy ground", [], 0
        for way in self._ways():
            try:
                idea = way(why)
            except PhotoError as error:
                refusals.append(error)
            except ConfigError:
                why += ", and no weights for rembg"
            else:
                found += 1
                yield idea
        if not found:
            raise refusals[0]

    def _ways(self) -> list[Callable[[str], Candidate]]:
        """What `auto` tries, the likeliest first. rembg takes seconds, and an even ground seldom needs it."""
        rembg = [self.rembg] if is_installed() else []
        if self.plain_ground.is_even:
            return [self.grabcut, self.plain, *rembg]
        return [*rembg, self.grabcut, self.plain if self.finder.network is None else self.network]

    def alpha(self, why: str) -> Candidate:
        if self.photo.mask is None:
            raise PhotoError(
                f"{self.photo.name}: has no alpha channel, or one that is opaque everywhere; cut the object "
                "out, or choose another --foreground"
            )
        return self._masked("alpha", why, self.photo.mask)

    def network(self, why: str) -> Candidate:
        foreground = Foreground("network", why, not self.plain_ground.is_even)
        return Candidate(foreground, self.bare, self._filled(self.likely > 0.5))

    def plain(self, why: str) -> Candidate:
        if not self.plain_ground.is_even:
            why = f"uneven ground: {1 - self.plain_ground.evenness:.0%} of the border has another colour"
        return self._masked("plain", why, self.plain_ground.mask, not self.plain_ground.is_even)

    def grabcut(self, why: str) -> Candidate:
        guess = self.likely if self.finder.network else self.plain_ground.mask.astype(np.float32)
        return self._masked("grabcut", why, refine(self.bare.image, guess), not self.plain_ground.is_even)

    def rembg(self, why: str) -> Candidate:
        return self._masked("rembg", why, salient_object(self.bare.image))

    def mask(self, why: str) -> Candidate:
        assert self.finder.config.masks is not None
        height, width = self.bare.image.shape[:2]
        return self._masked("mask", why, load_mask(self.finder.config.masks, self.photo.name, width, height))

    def in_box(self) -> Iterator[Candidate]:
        box = self.finder.box_of(self.photo)
        left, top, right, bottom = inside(box, self.bare.image, self.photo.name)
        doubtful = not self.plain_ground.is_even
        if self.finder.network is not None:
            likely = np.zeros(self.bare.image.shape[:2], np.float32)
            part = np.ascontiguousarray(self.bare.image[top:bottom, left:right])
            # Where the network sees nothing, the colours around the box may still tell.
            with contextlib.suppress(PhotoError):
                seen = self.finder.network.foreground(Query(part, None, self.photo.name))
                likely[top:bottom, left:right] = seen
                why = "network and GrabCut inside the box"
                yield self._masked("box", why, refine(self.bare.image, likely), doubtful)
        around = cut_out_of_box(self.bare.image, box, self.photo.name)
        why = "GrabCut against the ground around the box"
        yield self._masked("box", why, around, doubtful)

    @cached_property
    def plain_ground(self) -> PlainGround:
        return segment_plain(self.bare.image)

    @cached_property
    def likely(self) -> np.ndarray:
        assert self.finder.network is not None
        return self.finder.network.foreground(self.bare)

    def _masked(self, method: str, why: str, mask: np.ndarray, doubtful: bool = False) -> Candidate:
        """An outline that was cut by hand is believed. One that was found loses thin parts, which a detector
        would take for missing; on an even ground they need not be lost."""
        mask = self._filled(mask)
        believed = method in ("alpha", "mask") or not self.plain_ground.is_even
        ground = None if believed else self.plain_ground.colour
        return _prepared(self.photo, Foreground(method, why, doubtful), mask, ground)

    def _filled(self, mask: np.ndarray) -> np.ndarray:
        """The mask, if anything is in it."""
        if not mask.any():
            raise PhotoError(
                f"{self.photo.name}: no object found; photograph it on a plain ground, or cut it out "
                "(PNG with alpha)"
            )
        return mask
