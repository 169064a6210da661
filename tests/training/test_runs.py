import json
from pathlib import Path

import pytest

from looking3d.cli import main
from looking3d.errors import CheckpointError
from looking3d.training.runs import find_runs, summarize


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of which the first stage is done and the second is on its way."""
    folder = tmp_path / "runs" / "first"
    folder.mkdir(parents=True)
    config = {"model": "cmt-small", "seed": 3, "alignment": {"steps": 100}, "joint": {"steps": 900}}
    known = {"config": config, "dataset_paths": ["/somewhere/chairs", "tables"]}
    (folder / "config.json").write_text(json.dumps(known))
    (folder / "log-alignment-train.csv").write_text("step,loss,photos_per_second\n50,2.5,30\n100,1.5,31\n")
    (folder / "log-alignment-val.csv").write_text("step,loss\n100,1.4\n")
    (folder / "log-joint-train.csv").write_text("step,loss,photos_per_second\n50,3.5,20\n100,3.25,21\n")
    (folder / "log-joint-val.csv").write_text("step,loss,auroc\n40,3,0.5\n80,2,0.75\n100,2,0.625\n")
    return folder


def test_a_run_is_summed_up(run: Path) -> None:
    summary = summarize(run)
    assert (summary.model, summary.seed, summary.data) == ("cmt-small", 3, ("chairs", "tables"))
    assert not summary.finished
    first, second = summary.stages
    assert (first.stage, first.step, first.steps, first.loss, first.best_step) == (
        "alignment",
        100,
        100,
        1.5,
        0,
    )
    assert (second.auroc, second.best_auroc, second.best_step) == (0.625, 0.75, 80)
    assert second.photos_per_second == 21
    (run / "weights.safetensors").write_bytes(b"")
    assert summarize(run).finished


def test_a_row_that_is_being_written_does_no_harm(run: Path) -> None:
    with (run / "log-joint-train.csv").open("a") as file:
        file.write("150,3")
    stage = summarize(run).stages[1]
    assert stage.step == 150
    assert stage.loss == 3


def test_runs_are_found_by_their_folder_or_the_one_around(run: Path, tmp_path: Path) -> None:
    assert find_runs([run]) == find_runs([run.parent]) == [run]
    with pytest.raises(CheckpointError, match="no training run here; start one: looking3d train"):
        find_runs([tmp_path])


def test_the_command_lists_runs(run: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as end:
        main(["runs", str(run.parent), "--json"])
    assert end.value.code == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["run"] == str(run)
    assert listed["stages"][0]["auroc"] is None
    assert listed["stages"][1]["best_auroc"] == 0.75
    with pytest.raises(SystemExit) as end:
        main(["runs", str(run.parent)])
    out = capsys.readouterr().out
    assert end.value.code == 0
    assert "cmt-small" in out
    assert "0.750 at 80" in out
