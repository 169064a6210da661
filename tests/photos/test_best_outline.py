import numpy as np
import pytest

from looking3d.geometry.camera import orbit
from looking3d.model.detector import Detection
from looking3d.model.query import Query, Window
from looking3d.photos.best_outline import detect_best
from looking3d.photos.foreground import ForegroundFinder
from looking3d.photos.foreground_config import ForegroundConfig
from looking3d.render.raycast import Raycaster

TETRAHEDRON = Raycaster.from_arrays(
    np.array([[0, 0.8, 0], [0.7, -0.4, 0.4], [-0.7, -0.4, 0.4], [0, -0.4, -0.8]], np.float32),
    np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]], np.int32),
    np.zeros(4, np.int32),
)


@pytest.mark.parametrize(
    ("alignments", "kept"), [((0.96, 0.99), 0.96), ((0.8, 0.9), 0.9), ((0.9, 0.8), 0.9), ((0.94, 0.95), 0.95)]
)
def test_a_well_aligned_idea_is_enough(alignments: tuple[float, float], kept: float) -> None:
    image = np.full((64, 64, 3), 200, np.uint8)
    image[20:40, 20:40] = 60
    answers = iter(alignments)
    asked = []

    def detect(query: Query) -> Detection:
        asked.append(query)
        heat = np.zeros((32, 32), np.float32)
        return Detection(0.5, heat, Window(0.0, 0.0, 64.0), orbit(0.3, 0.2, 64), next(answers))

    finder = ForegroundFinder(ForegroundConfig(), None)
    detection, idea = detect_best(Query(image, None, "photo"), finder, detect, TETRAHEDRON)
    assert detection.alignment == kept
    assert len(asked) == (1 if alignments[0] > 0.95 else 2)
    assert idea.foreground.method == ("grabcut" if kept == alignments[0] else "plain")
