import json
import subprocess
import sys
from pathlib import Path

import pytest

from looking3d.errors import ConfigError
from looking3d.inspection.calibration import (
    FILE,
    HISTORY,
    calibrate_scores,
    load_calibration,
    save_calibration,
    undo_calibration,
)

FIRST, SECOND = calibrate_scores([0.1]), calibrate_scores([0.2], [0.9])


def test_the_last_one_counts_and_undo_goes_back(tmp_path: Path) -> None:
    assert load_calibration(tmp_path) is None
    save_calibration(tmp_path, FIRST)
    save_calibration(tmp_path, SECOND)
    assert load_calibration(tmp_path) == SECOND
    assert undo_calibration(tmp_path) == FIRST
    assert load_calibration(str(tmp_path)) == FIRST
    assert undo_calibration(tmp_path) is None
    assert load_calibration(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="has no calibration; there is nothing to undo"):
        undo_calibration(tmp_path)


def test_history_ends_somewhere(tmp_path: Path) -> None:
    for number in range(HISTORY + 5):
        save_calibration(tmp_path, calibrate_scores([number / 100]))
    for number in range(HISTORY + 3, 3, -1):
        assert undo_calibration(tmp_path) == calibrate_scores([number / 100])
    assert undo_calibration(tmp_path) is None


def test_damage_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / FILE
    save_calibration(tmp_path, FIRST)
    good = json.loads(path.read_text())
    edited = {**good["calibrations"][0], "threshold": 0.7}
    for text, words in [
        ("{", "damaged"),
        ("[]", "damaged"),
        (json.dumps({**good, "schema": 7}), "has schema 7, expected 1"),
        (json.dumps({**good, "calibrations": [edited]}), "does not follow from its scores"),
        (json.dumps({**good, "calibrations": [3]}), "damaged"),
        (json.dumps({**good, "calibrations": 3}), "damaged|not iterable"),
    ]:
        path.write_text(text)
        for action in (load_calibration, undo_calibration, lambda entry: save_calibration(entry, SECOND)):
            with pytest.raises(ConfigError, match=rf"calibration\.json: .*({words}).*calibrate again"):
                action(tmp_path)
        assert path.read_text() == text


def test_an_entry_that_is_gone(tmp_path: Path) -> None:
    for action in (undo_calibration, lambda entry: save_calibration(entry, FIRST)):
        with pytest.raises(ConfigError, match="gone: is no reference of a gallery"):
            action(tmp_path / "gone")
    (tmp_path / (FILE + ".partial")).mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        save_calibration(tmp_path, FIRST)


_SAVE = """
import sys
from looking3d.inspection.calibration import calibrate_scores, save_calibration
for step in range(5):
    save_calibration(sys.argv[1], calibrate_scores([0.1]))
"""


def test_processes_that_save_at_once_lose_nothing(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", _SAVE, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    assert len(json.loads((tmp_path / FILE).read_text())["calibrations"]) == 10
