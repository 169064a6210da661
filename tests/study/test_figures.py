"""Figures against values by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from looking3d.errors import DatasetError
from looking3d.study.figures import study_figures
from looking3d.study.models import ModelAnswers
from looking3d.study.subset import Subset

# Participant, pair, answer, milliseconds; odd pairs are anomalous, 1 and 5 miss a part, 3 and 7 are broken.
ROWS = [
    *((1, 0, False, 1000.0), (1, 1, True, 2000.0), (1, 2, True, 3000.0), (1, 3, True, 4000.0)),
    *((2, 4, False, 5000.0), (2, 5, False, 6000.0), (2, 0, False, 7000.0), (2, 1, True, np.nan)),
    *((3, 6, True, 100.0), (3, 7, False, 100.0)),
]


def test_people_by_hand(subset: Subset, judged: Callable) -> None:
    figures = study_figures(subset, judged(ROWS, 4, 4))
    people = figures["people"]
    # Wrong: 2 of participant 1, 5 of participant 2. Participants 3 and 4 did not finish.
    assert figures["participants"] == 2
    assert figures["answers"] == people["accuracy"]["answers"] == 8
    assert people["accuracy"]["value"] == 6 / 8
    assert people["accuracy"]["over_participants"] == (0.75, 0.75)
    assert people["found"]["value"] == people["normal_right"]["value"] == 3 / 4
    by_kind = {kind: (mean["value"], mean["answers"]) for kind, mean in people["by_kind"].items()}
    assert by_kind == {"broken": (1.0, 1), "missing": (2 / 3, 3), "normal": (0.75, 4)}
    assert list(by_kind) == ["broken", "missing", "normal"]
    assert people["seconds"] == {"median": 4.0, "quartiles": [2.5, 5.5], "answers": 7}
    # Pairs 0 and 1 have two answers each: no no, yes yes.
    agreement = people["agreement"]
    assert (agreement["krippendorff_alpha"], agreement["photos_with_two_answers"]) == (1.0, 2)
    assert figures["incomplete"] == {"counted": False, "answers": {3: 2, 4: 0}}
    assert figures["answers_per_photo"] == {"fewest": 0, "most": 2, "without": 2}
    assert figures["notes"] == [
        "2 participants gave 8 answers to 8 photos, 0 to 2 each.",
        "2 did not finish, their answers are left out: number 3 (2 of 4), number 4 (0 of 4).",
        "2 photos of the subset have no answer that counts.",
        "1 answers have no time: their pair was loaded again, or nothing measured.",
    ]


def test_the_incomplete_count_if_asked_for(subset: Subset, judged: Callable) -> None:
    figures = study_figures(subset, judged(ROWS, 4, 4), include_incomplete=True)
    assert (figures["participants"], figures["answers"]) == (3, 10)
    assert figures["people"]["accuracy"]["value"] == 6 / 10
    assert "their answers count: number 3 (2 of 4)" in figures["notes"][1]


def test_models_beside_people_by_hand(subset: Subset, judged: Callable) -> None:
    # Right on all but 1 (a missing part at 0.4) and 4 (a normal one at 0.5).
    probability = np.array([0.1, 0.4, 0.2, 0.9, 0.5, 0.8, 0.0, 0.7])
    figures = study_figures(subset, judged(ROWS, 4), [ModelAnswers("align", "p", probability)])
    (model,) = figures["models"]
    assert model["accuracy"]["value"] == 6 / 8
    assert (model["found"], model["normal_right"]) == (3 / 4, 3 / 4)
    assert model["by_kind"] == {"broken": 1.0, "missing": 0.5, "normal": 0.75}
    # Of 16 pairs of an anomalous and a normal photo, 0.4 against 0.5 alone is lost.
    assert model["auroc"]["value"] == 15 / 16
    # To the same eight answers the model is right on 0, 2, 3 and 5, 0: five of eight, people on six.
    ahead = model["people_ahead_by"]
    assert ahead["value"] == 1 / 8
    # Participant 1 is level with it (1 against 1 wrong), participant 2 one of four ahead.
    assert ahead["over_participants"] == (0.0, 0.25)


def test_no_answers_are_an_error(subset: Subset, judged: Callable) -> None:
    unfinished = judged(ROWS, 5)
    with pytest.raises(DatasetError, match="of 3 participants none finished; --include-incomplete"):
        study_figures(subset, unfinished)
    assert study_figures(subset, unfinished, include_incomplete=True)["answers"] == 10
