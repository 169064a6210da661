"""The README's commands parse, its example runs, its links lead somewhere."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.cli import main
from looking3d.shapes.procedural import generate
from looking3d.shapes.write import save_glb

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GROUPS = ("study",)
"""Commands that have commands of their own."""


@pytest.mark.parametrize("command", re.findall(r"^    looking3d (.+)$", README, re.MULTILINE))
def test_commands_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    # With --help last, all options before it are checked by name, and nothing runs.
    words = shlex.split(command)
    names = words[:2] if words[0] in GROUPS else words[:1]
    with pytest.raises(SystemExit) as stop:
        main([*names, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert option in text


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)$", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).is_file(), target


def test_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    save_glb(generate("chair", 12), tmp_path / "chair.glb")
    (tmp_path / "photos").mkdir()
    photo = np.full((90, 120, 3), 255, np.uint8)
    photo[20:80, 40:90] = (90, 60, 30)
    for name in ("1.jpg", "2.jpg"):
        Image.fromarray(photo).save(tmp_path / "photos" / name)
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "1.jpg" in out
    assert "2.jpg" in out
