"""The demo as `make demo` runs it, with the weights that ship."""

from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from looking3d.demo import run_demo
from looking3d.model.checkpoint import SHIPPED, load_detector


@pytest.mark.slow
def test_demo_tells_most_anomalies_from_normal_photos(tmp_path: Path) -> None:
    page = run_demo(tmp_path / "a demo", Console(quiet=True))
    text = page.read_text()
    for chair in ("chair_900000", "chair_900001", "chair_900002"):
        assert f'href="{chair}/inspection.html"' in text
        assert (page.parent / chair / "inspection.html").is_file()
    with Image.open(page.parent / "overview.jpg") as picture:
        assert picture.size == (1200, 1200)
    verdicts = [line.split(" is ") for line in text.replace(",", "\n").splitlines() if " is " in line]
    truths = [("normal" in name, verdict.split("<")[0].strip() == "normal") for name, verdict in verdicts]
    truths = [pair for pair, (name, _) in zip(truths, verdicts, strict=True) if "_" in name]
    assert len(truths) == 12
    assert sum(truth == said for truth, said in truths) >= 9


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_load_and_are_small(name: str) -> None:
    import looking3d.model

    assert load_detector(name).name == "align"
    path = Path(looking3d.model.__path__[0]) / "weights" / f"{name}.safetensors"
    assert path.stat().st_size < 16e6
