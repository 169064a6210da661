import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from looking3d.errors import ConfigError
from looking3d.inspection.item import ItemVerdict, items_by_folder, join
from looking3d.inspection.photo_quality import QualityWarning
from looking3d.inspection.reference import Reference
from looking3d.inspection.result import Failure, Inspection

Make = Callable[..., Inspection]
FAILED = Failure("b.jpg", Path("in/b.jpg"), "b.jpg: is empty")


def doubtful(inspection: Inspection, count: int = 1) -> Inspection:
    return dataclasses.replace(inspection, warnings=(QualityWarning("dark", "Too dark."),) * count)


def test_one_photo_says_what_it_says_alone(inspection: Make) -> None:
    for probability in (0.1, 0.5, 0.9):
        joined = join([inspection(probability=probability)])
        assert joined.probability == pytest.approx(probability)


def test_photos_are_joined_by_the_mean_of_logits(inspection: Make) -> None:
    # Odds of 9 and 1/9 cancel each other; of 9 and 1 give 3.
    assert join([inspection(probability=0.9), inspection(probability=0.1)]).probability == pytest.approx(0.5)
    assert join([inspection(probability=0.9), inspection(probability=0.5)]).probability == pytest.approx(0.75)
    # One that is sure beyond measure does not settle it alone.
    joined = join([inspection(probability=1.0), *(inspection(probability=0.001) for _ in range(3))])
    assert joined.verdict == "normal"


def test_doubtful_photos_weigh_less_and_unaligned_ones_nothing(inspection: Make) -> None:
    sure, other = inspection(probability=0.9), inspection(probability=0.1)
    weighed = join([sure, doubtful(other)])
    # (1 * log 9 - 0.5 * log 9) / 1.5
    assert weighed.probability == pytest.approx(1 / (1 + 9 ** (-1 / 3)))
    less = join([sure, doubtful(other, 2)]).probability
    assert less is not None
    assert less > (weighed.probability or 1)
    joined = join([sure, inspection(probability=0.001, alignment=0.2), FAILED])
    assert joined.probability == pytest.approx(0.9)
    assert [photo["weight"] for photo in joined.to_json()["photos"]] == [1.0, 0.0, 0.0]  # pyright: ignore


def test_verdicts_and_sentences(inspection: Make) -> None:
    odd = join([inspection("a.jpg", probability=0.6), inspection("c.jpg", probability=0.9), FAILED], "7")
    assert (odd.verdict, odd.threshold, odd.threshold_from) == ("anomalous", 0.5, "default")
    assert odd.summary == "Differs from the model at the foot, by 2 of 3 photos; c.jpg shows it best."
    good = join([inspection(probability=0.1)])
    assert (good.verdict, good.summary) == ("normal", "Looks as the model says, by 1 of 1 photo.")
    far = join([inspection(alignment=0.1), FAILED])
    assert (far.verdict, far.probability) == ("unsure", None)
    assert far.summary == "None of the photos could be aligned."
    failed = join([FAILED])
    assert (failed.verdict, failed.threshold, failed.strongest) == ("error", None, None)
    assert failed.summary == "None of the photos could be inspected."
    bare = join([inspection(hot=False)])
    assert bare.summary == "Differs from the model, by 1 of 1 photo; photo.png shows it best."


def test_the_part_is_voted_for(inspection: Make, reference: Reference) -> None:
    foot = inspection(probability=0.9)
    drawn = reference.raycaster.draw(foot.detection.window.camera(foot.detection.camera, 32)).part
    post = dataclasses.replace(foot.detection, heat_map=(drawn == 1).astype("float32"), probability=0.6)
    posts = [dataclasses.replace(foot, detection=post) for _ in range(2)]
    assert posts[0].part is not None
    assert posts[0].part.id == "post"

    def named(joined: ItemVerdict) -> str:
        assert joined.part is not None
        return joined.part.id

    assert named(join([foot, *posts])) == "post"
    assert named(join([foot, posts[0]])) == "foot"
    assert named(join([foot, *map(doubtful, posts)])) == "foot"


def test_json_lists_the_photos(inspection: Make) -> None:
    joined = join([inspection("a.jpg"), FAILED], "chair 7")
    data = json.loads(json.dumps(joined.to_json(), allow_nan=False))
    assert (data["item"], data["verdict"], data["counted"]) == ("chair 7", "anomalous", 1)
    assert [photo["name"] for photo in data["photos"]] == ["a.jpg", "b.jpg"]
    assert data["part"]["id"] == "foot"
    assert math.isclose(data["probability"], 0.9)


def test_an_item_for_each_folder(inspection: Make) -> None:
    photos = [
        dataclasses.replace(inspection(), source=Path(folder) / "a.jpg") for folder in ("x/1", "y/1", "x/1")
    ]
    items = items_by_folder([photos[0], photos[1], Failure("b.jpg", Path("x/1/b.jpg"), "-"), photos[2]])
    assert [(item.name, len(item.results)) for item in items] == [("1", 3), ("1", 1)]


def test_mistakes(inspection: Make) -> None:
    with pytest.raises(ConfigError, match="chair: no photos to judge together"):
        join([], "chair")
    with pytest.raises(
        ConfigError, match=r"expected photos of one reference .* ell\.glb at 0\.5, ell\.glb at 0\.7"
    ):
        join([inspection(), dataclasses.replace(inspection(), threshold=0.7)])
