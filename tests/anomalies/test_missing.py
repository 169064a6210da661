import numpy as np
import pytest

from looking3d.anomalies import AnomalyImpossible, missing
from looking3d.shapes.part_shape import PartShape


def test_one_part_is_gone(stool: PartShape) -> None:
    result = missing(stool, stool["leg_1"], [], np.random.default_rng(0))
    assert result.after is None
    assert result.before is stool["leg_1"]
    assert result.severity == 1
    assert {part.id for part in stool.parts} - {part.id for part in result.shape.parts} == {result.before.id}


def test_the_only_part_cannot_go(sheet: PartShape) -> None:
    with pytest.raises(AnomalyImpossible, match="only one part"):
        missing(sheet, sheet.parts[0], [], np.random.default_rng(0))
