import math

import numpy as np
import pytest
import trimesh
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from looking3d.anomalies import AnomalyImpossible, rotation
from looking3d.anomalies.base import attachment
from looking3d.anomalies.rotation import ANGLE_DEG
from looking3d.shapes.part_shape import Part, PartShape


@pytest.mark.parametrize("seed", range(8))
def test_a_turn_by_the_severity_about_the_attachment(stool: PartShape, seed: int) -> None:
    result = rotation(stool, [], np.random.default_rng(seed))
    assert result.after is not None
    before, after = result.before.vertices, result.after.vertices
    np.testing.assert_allclose(pdist(after), pdist(before), atol=1e-9)
    # The point where the part is held stays, so what is left about it is a rotation.
    pivot = attachment(stool, result.before)
    R, distance = Rotation.align_vectors(after - pivot, before - pivot)
    assert distance == pytest.approx(0, abs=1e-6)
    assert R.magnitude() == pytest.approx(result.severity)
    assert math.radians(ANGLE_DEG[0]) <= result.severity <= math.radians(ANGLE_DEG[1])
    np.testing.assert_array_equal(result.after.faces, result.before.faces)


def test_a_single_part_has_nothing_to_be_held_by(sheet: PartShape) -> None:
    with pytest.raises(AnomalyImpossible, match="only one part"):
        rotation(sheet, [], np.random.default_rng(0))


def test_a_post_is_held_at_the_end_that_touches() -> None:
    def box(id: str, size: list[float], at: list[float]) -> Part:
        mesh = trimesh.creation.box(size)
        return Part(id, "part/" + id, mesh.vertices + at, mesh.faces)

    post, slab = box("post", [0.1, 0.8, 0.1], [0.2, 0.4, 0.3]), box("slab", [0.1, 0.1, 0.1], [0.2, 0.85, 0.3])
    np.testing.assert_allclose(attachment(PartShape("t", (post, slab)), post), [0.2, 0.8, 0.3], atol=1e-12)
