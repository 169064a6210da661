import math
from pathlib import Path

import numpy as np
import pytest
import torch

from looking3d.dataset.conversion import convert
from looking3d.dataset.load import Dataset
from looking3d.errors import ConfigError, DatasetError
from looking3d.evaluation.config import EvaluationConfig
from looking3d.evaluation.framing import load_photo
from looking3d.evaluation.judging import detector_of, in_photo, stored_views
from looking3d.evaluation.predict import predict
from looking3d.evaluation.predictions import load_predictions, load_settings
from looking3d.evaluation.score import score
from looking3d.evaluation.tables import tables
from looking3d.geometry.camera import orbit_angles
from looking3d.model.baselines.viewpoint import ViewpointResnet
from looking3d.model.networks import build_network, save_network
from looking3d.model.pair_detector import PairDetector
from looking3d.model.query import Window, to_tensor, whole_window
from tests.model.tiny_networks import tiny, tiny_weights
from tests.samples import digits, small_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data")
    return Dataset.open(small_dataset(folder, count=2, photos_per_shape=2, views=5, split=(0.0, 0.0, 1.0)))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_weights(tmp_path_factory.mktemp("weights")))


def test_workers_change_no_digit(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    one = predict(weights, dataset, "test", tmp_path / "one")
    two = predict(weights, dataset, "test", tmp_path / "two", workers=2)
    assert digits(one) == digits(two)
    assert len(digits(one)) == 4


def test_each_photo_is_judged_whole_by_the_stored_views(
    dataset: Dataset, weights: str, tmp_path: Path
) -> None:
    path = predict(weights, dataset, "test", tmp_path / "out")
    detector = detector_of(weights, EvaluationConfig())
    assert isinstance(detector, PairDetector)
    samples = {(sample.shape_id, sample.photo): sample for sample in dataset.samples}
    for row in digits(path):
        sample = samples[row["shape_id"], row["photo"]]
        reference = dataset.reference(sample.shape_id)
        patches = reference.patches(8, 8)
        views, cameras = stored_views(reference, 3, 64, 8)
        # Of five views by azimuth, three: the first, the second, the fourth.
        np.testing.assert_array_equal(views.images, reference.views[[0, 1, 3]])
        np.testing.assert_array_equal(views.points, patches.points[[0, 1, 3]].reshape(3, 64, 3))
        azimuths = [math.degrees(orbit_angles(camera)[0]) % 360 for camera in cameras]
        assert azimuths == pytest.approx([0, 72, 216])
        photo = load_photo(dataset, sample)
        answer = detector.answer(photo.image, whole_window(64, 64), detector.encode(views))
        assert row["probability"] == answer.probability
        assert row["window"] == [0, 0, 64]
        assert row["box_scores"] == [answer.probability]
        assert answer.box is not None
        assert row["boxes"] == [in_photo(answer.box, whole_window(64, 64), 64, 64)]
        assert row["found_view_deg"] == pytest.approx(azimuths[int(np.argmin(answer.distances))])
        assert 1 <= row["true_view_rank"] <= 3
        assert row["nearest_view_deg"] <= 36
        assert row["aligned"]
        unknown = ("alignment", "rotation_error_deg", "silhouette_iou", "named_part_id")
        assert [row[name] for name in unknown] == [None] * 4


def test_what_the_network_is_and_how_it_was_tested_is_kept(
    dataset: Dataset, weights: str, tmp_path: Path
) -> None:
    path = predict(weights, dataset, "test", tmp_path / "out", EvaluationConfig(views=2, top_k="all"))
    settings = load_settings(path)
    assert (settings["detector"], settings["views"], settings["top_k"]) == ("cmt", 2, "all")
    # The network's settings are those that it was trained with.
    assert (settings["network"]["test_views"], settings["network"]["cga"]) == (3, True)
    assert settings["notes"] == {"model": "cmt"}
    other = predict(weights, dataset, "test", tmp_path / "other")
    assert digits(path) != digits(other)


def test_scores_of_a_detector_without_cameras(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    figures = score(load_predictions(predict(weights, dataset, "test", tmp_path / "out")))
    assert figures["camera"] is None
    assert figures["verdicts"] is None
    assert figures["could_not_align"] is None
    assert figures["silhouette_iou_over_0.9"] is None
    assert figures["parts"]["true_positives"] is None
    assert "alignment" not in figures["by"]
    assert figures["viewpoint"]["all"]["photos"] == 4
    titles = [table.title for table in tables(figures)]
    assert "camera" not in titles
    assert "nearest view" in titles


def test_a_camera_for_networks_that_are_told_one(dataset: Dataset, tmp_path: Path) -> None:
    plus = str(tiny_weights(tmp_path, "cmt-plus"))
    rows = digits(predict(plus, dataset, "test", tmp_path / "out", EvaluationConfig("true")))
    for row in rows:
        assert row["rotation_error_deg"] < 1e-3
        assert row["alignment"] is None
        assert row["named_part_id"] is not None
    off = digits(predict(plus, dataset, "test", tmp_path / "off", EvaluationConfig("disturbed")))
    assert [row["probability"] for row in off] != [row["probability"] for row in rows]


def test_framed_by_the_object_as_inspect_does(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    rows = digits(predict(weights, dataset, "test", tmp_path / "out", EvaluationConfig(framing="object")))
    assert all(row["alignment"] is not None for row in rows)
    assert all(row["window"] != [0, 0, 64] for row in rows)


def test_the_published_layout_has_no_mesh_and_needs_none(
    dataset: Dataset, weights: str, tmp_path: Path
) -> None:
    convert(dataset, "brokenchairs", tmp_path / "published")
    published = Dataset.open(tmp_path / "published")
    rows = digits(predict(weights, published, "test", tmp_path / "out"))
    assert len(rows) == 4
    with pytest.raises(DatasetError, match="stores views, no mesh"):
        predict(weights, published, "test", tmp_path / "framed", EvaluationConfig(framing="object"))


@pytest.mark.parametrize("name", ["resnet18-fpn-sa", "vit-box", "lfd", "cmic"])
def test_every_network_of_the_paper_s_tables_is_judged(name: str, dataset: Dataset, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build_network(tiny(name))
    save_network(network, tmp_path / "w.safetensors")
    views = 5 if hasattr(network.config, "test_views") and "test_views" in vars(network.config) else None
    config = EvaluationConfig(views=views)
    rows = digits(predict(str(tmp_path / "w.safetensors"), dataset, "test", tmp_path / "out", config))
    assert all(0 < row["probability"] < 1 for row in rows)
    assert all(len(row["boxes"]) == (name == "vit-box") for row in rows)
    assert all(row["true_view_rank"] is None for row in rows)
    if views is None:
        with pytest.raises(ConfigError, match="views: this network looks at none"):
            detector_of(str(tmp_path / "w.safetensors"), EvaluationConfig(views=5))


def test_a_network_for_viewpoints_alone(dataset: Dataset, tmp_path: Path) -> None:
    network = build_network(tiny("resnet18-viewpoint"))
    assert isinstance(network, ViewpointResnet)
    path = tmp_path / "w.safetensors"
    save_network(network, path)
    network = network.eval()
    rows = digits(predict(str(path), dataset, "test", tmp_path / "out"))
    samples = {(sample.shape_id, sample.photo): sample for sample in dataset.samples}
    for row in rows:
        image = dataset.photo(samples[row["shape_id"], row["photo"]])
        with torch.inference_mode():
            best = int(network.bin_logits(to_tensor(image[None]))[0].argmax())
        assert row["found_view_deg"] == pytest.approx(best * 360 / network.config.bins)
        assert (row["probability"], row["boxes"]) == (0.5, [])
    assert load_settings(tmp_path / "out" / "predictions.parquet")["detector"] == "viewpoint"
    with pytest.raises(ConfigError, match="tells viewpoints from the photo alone; leave away camera"):
        detector_of(str(path), EvaluationConfig(views=5))


def test_more_views_than_there_are(dataset: Dataset, weights: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"has 5 views, which is fewer than the 6 asked for; .*--views 5"):
        predict(weights, dataset, "test", tmp_path / "out", EvaluationConfig(views=6))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EvaluationConfig(views=4), "views: is for networks of photo and views, not for align"),
        (EvaluationConfig(top_k=4), "top-k: is for networks of photo and views, not for align"),
        (EvaluationConfig(framing="object"), "framing: align frames every photo by itself"),
    ],
)
def test_options_that_align_has_not(config: EvaluationConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        detector_of("align", config)


def test_a_focal_length_that_nobody_is_told(weights: str) -> None:
    with pytest.raises(ConfigError, match="focal-error: is for align, not for cmt"):
        detector_of(weights, EvaluationConfig(focal_error=0.0))


def test_a_camera_that_nobody_is_told(weights: str) -> None:
    with pytest.raises(ConfigError, match="camera: cmt is told no camera"):
        detector_of(weights, EvaluationConfig("true"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"framing": "face"}, "unknown framing 'face'; choose one of: object, photo"),
        ({"views": 0}, "views: expected at least 1, got 0"),
        ({"top_k": 0}, "top-k: expected at least 1, or all, got 0"),
        ({"top_k": "most"}, "top-k: expected at least 1, or all, got most"),
    ],
)
def test_what_cannot_be_tested_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EvaluationConfig(**values)


def test_boxes_end_at_the_photo_s_edges() -> None:
    window = Window(-20, 0, 100)  # a photo of 60 x 100
    assert in_photo((0.5, 0.25, 0.25, 0.5), window, 60, 100) == pytest.approx([30, 25, 25, 50])
    assert in_photo((0, -0.5, 1, 1), window, 60, 100) == pytest.approx([0, 0, 60, 50])
    assert in_photo((0, 0, 0.2, 1), window, 60, 100) is None
