import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError, DatasetError
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.figures.attention import attention_of, chooses_patches
from looking3d.evaluation.figures.chosen_photos import taking_turns
from looking3d.evaluation.figures.extremes import extremes, ranked
from looking3d.evaluation.figures.matches import compares_patches, matches_of
from looking3d.evaluation.figures.qualitative import qualitative
from looking3d.evaluation.predict import predict
from looking3d.evaluation.runs import Run
from tests.model.tiny_networks import tiny_weights
from tests.samples import small_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data")
    return Dataset.open(small_dataset(folder, count=2, photos_per_shape=2, views=3, split=(0.0, 0.0, 1.0)))


def run_of(dataset: Dataset, folder: Path, name: str = "cmt", config: EvaluationConfig | None = None) -> Run:
    weights = str(tiny_weights(folder, name))
    return Run("run", predict(weights, dataset, "test", folder / "run", config))


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_kinds_take_turns_and_are_gone_through_evenly() -> None:
    kinds = np.array(["normal"] * 6 + ["broken"] * 2)
    assert taking_turns(kinds, 5) == [6, 0, 7, 2, 4]
    assert taking_turns(kinds, 8) == [6, 0, 7, 1, 2, 3, 4, 5]
    assert taking_turns(kinds, 99) == taking_turns(kinds, 8)
    assert taking_turns(kinds, 1) == [6]


def test_right_answers_are_green_and_wrong_ones_red(dataset: Dataset, tmp_path: Path) -> None:
    run = run_of(dataset, tmp_path)
    labels = run.predictions["anomalous"].astype(float)
    red, green = np.array([0xC0, 0x18, 0x18]), np.array([0x2A, 0x7A, 0x2A])
    for probability, wrong in ((labels, False), (1 - labels, True)):
        run.predictions["probability"] = probability
        picture = pixels(qualitative(run, dataset))
        assert (picture == red).all(-1).any() == wrong
        assert (picture == green).all(-1).any() != wrong


def test_photos_of_another_dataset_or_frame(dataset: Dataset, tmp_path: Path) -> None:
    run = run_of(dataset, tmp_path)
    run.settings["dataset_fingerprint"] = "other"
    with pytest.raises(DatasetError, match="judged another dataset"):
        qualitative(run, dataset)
    run.settings["reframe"] = 0.1
    with pytest.raises(ConfigError, match="draw a run without --reframe"):
        qualitative(run, dataset)


def test_what_a_patch_attends_to_is_marked(dataset: Dataset, tmp_path: Path) -> None:
    run = run_of(dataset, tmp_path)
    picture = pixels(attention_of(run, dataset))
    other = pixels(attention_of(run, dataset, at=(0.99, 0.99)))
    assert picture.shape == other.shape
    assert (picture != other).any()
    with pytest.raises(ConfigError, match=r"has none called 'no/photo'; choose one as chair"):
        attention_of(run, dataset, "no/photo")


def test_the_best_the_middle_and_the_worst() -> None:
    labels = np.array([True, False, True, False, True])
    probability = np.array([0.9, 0.3, 0.2, 0.6, 0.95])
    found = {name: list(chosen) for name, chosen in ranked(labels, probability, 2).items()}
    assert found == {"best": [4, 0], "median": [0, 1], "worst": [2, 3]}
    assert list(ranked(labels, probability, 9)["worst"]) == [2, 3, 1, 0, 4]


def test_extremes_show_heat_the_outline_that_was_found_and_the_true_box(
    dataset: Dataset, tmp_path: Path
) -> None:
    run = run_of(dataset, tmp_path, "cmt-plus")
    run.predictions["heat_map"] = np.array([np.zeros(64, np.float16).tobytes()] * 4, object)
    run.predictions["window"] = np.array([[0.0, 0.0, 64.0]] * 4)
    cold = pixels(extremes(run, dataset, 1))
    run.predictions["heat_map"] = np.array([np.ones(64, np.float16).tobytes()] * 4, object)
    hot = pixels(extremes(run, dataset, 1))
    assert hot.shape == cold.shape
    assert (hot[..., 0] - hot[..., 1] > 100).sum() > (cold[..., 0] - cold[..., 1] > 100).sum() + 1000
    run.predictions["found_camera"] = np.array([None] * 4)
    assert (pixels(extremes(run, dataset, 1)) != hot).any()
    run.settings["reframe"] = 0.1
    with pytest.raises(ConfigError, match="draw a run without --reframe"):
        extremes(run, dataset)


@pytest.mark.parametrize(("name", "message"), [("cmt-a", "chooses no patches"), ("cmt-plus", "by geometry")])
def test_networks_that_rank_by_no_similarity(
    name: str, message: str, dataset: Dataset, tmp_path: Path
) -> None:
    run = run_of(dataset, tmp_path, name)
    assert not chooses_patches(run)
    with pytest.raises(ConfigError, match=message):
        attention_of(run, dataset)


@pytest.mark.parametrize("name", ["cmt", "cmt-plus"])
def test_matches_are_drawn_for_as_many_photos_as_are_asked_for(
    name: str, dataset: Dataset, tmp_path: Path
) -> None:
    run = run_of(dataset, tmp_path, name)
    assert compares_patches(run)
    one, three = (pixels(matches_of(run, dataset, count)) for count in (1, 3))
    assert three.shape[0] > one.shape[0]
    assert three.shape[1] > one.shape[1]
    chosen = "/".join(run.predictions[column][-1] for column in ("shape_id", "photo"))
    assert pixels(matches_of(run, dataset, 3, chosen)).shape == one.shape
    green = (one[..., 1] > 150) & (one[..., 0] < 100)
    assert green.any()
    with pytest.raises(ConfigError, match="has none called 'no/photo'"):
        matches_of(run, dataset, 1, "no/photo")


def test_a_network_that_compares_no_patches_has_no_matches(dataset: Dataset, tmp_path: Path) -> None:
    run = run_of(dataset, tmp_path, "cmt-a")
    assert not compares_patches(run)
    with pytest.raises(ConfigError, match="compares no patches"):
        matches_of(run, dataset)
