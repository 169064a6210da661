import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from looking3d.dataset.build import build_dataset
from looking3d.dataset.engine import LocalEngine
from looking3d.dataset.recipe import Recipe
from looking3d.errors import DatasetError

RECIPE = Recipe(
    count=3, photos_per_shape=2, renderer="preview", image_px=64, views=2, views_px=64, split=(1.0, 0.0, 0.0)
)


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """URL of a dataset in a bucket; this process serves it, and workers find it by the environment."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    fsspec.core.url_to_fs("s3://datasets")[0].mkdir("datasets")
    yield "s3://datasets/chairs"
    server.stop()


def test_a_bucket_gets_the_same_bytes(bucket: str, tmp_path: Path) -> None:
    build_dataset(RECIPE, tmp_path / "local")
    assert build_dataset(RECIPE, bucket, LocalEngine(2)).built == 3
    fs, root = fsspec.core.url_to_fs(bucket)
    fs.get(root, str(tmp_path / "first"), recursive=True)
    assert digest(tmp_path / "first") == digest(tmp_path / "local")

    # What was killed before its record was written is built again, over what is there
    fs.rm([f"{root}/{name}" for name in ("shapes/chair_000001/shape.json", "samples.parquet")])
    assert build_dataset(RECIPE, bucket, LocalEngine(2)).built == 1
    fs.get(root, str(tmp_path / "second"), recursive=True)
    assert digest(tmp_path / "second") == digest(tmp_path / "local")
    with pytest.raises(DatasetError, match="s3://datasets/chairs: holds another dataset"):
        build_dataset(dataclasses.replace(RECIPE, seed=1), bucket)
