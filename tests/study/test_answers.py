"""No answer is lost, none counts twice."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")

from looking3d.errors import ConfigError
from looking3d.study.answers import Answers, Outcome, Standing, load_judgements
from looking3d.study.draws import Draws
from looking3d.study.subset import Subset


@pytest.fixture
def answers(tmp_path: Path, subset: Subset):
    opened = Answers(tmp_path / "some" / "study.sqlite", subset.digest, 4, 0)
    yield opened
    opened.close()


@pytest.fixture
def draws(subset: Subset) -> Draws:
    return Draws(subset, 4, 0)


def test_pairs_come_one_after_the_other(answers: Answers, draws: Draws) -> None:
    assert answers.standing("a") is None
    assert answers.show("a") is None
    assert answers.join("a", draws.of) == Standing(1, 1, 4, draws.of(1)[0])
    assert answers.join("a", draws.of) == Standing(1, 1, 4, draws.of(1)[0])
    for position in range(1, 5):
        assert answers.show("a") == Standing(1, position, 4, draws.of(1)[position - 1])
        assert answers.answer("a", position, True, 100) is Outcome.TAKEN
    assert answers.show("a") == Standing(1, 5, 4, None)
    assert answers.answer("a", 5, True, 100) is Outcome.REFUSED


def test_the_first_answer_counts_and_none_out_of_order(
    answers: Answers, draws: Draws, subset: Subset
) -> None:
    answers.join("a", draws.of)
    assert answers.answer("a", 1, True, 1) is Outcome.REFUSED  # not shown yet
    answers.show("a")
    assert answers.answer("a", 2, True, 2) is Outcome.REFUSED
    assert answers.answer("a", 0, True, 2) is Outcome.REFUSED
    assert answers.answer("b", 1, True, 3) is Outcome.REFUSED
    assert answers.answer("a", 1, False, 4) is Outcome.TAKEN
    assert answers.answer("a", 1, True, 5) is Outcome.BEFORE
    assert answers.answer("a", 2, True, 6) is Outcome.REFUSED
    found = load_judgements(answers.path, subset.digest)
    assert (found.pair.tolist(), found.anomalous.tolist()) == ([draws.of(1)[0]], [False])
    assert found.milliseconds.tolist() == [4]


def test_many_at_once(answers: Answers, draws: Draws, subset: Subset) -> None:
    def take_part(token: str) -> None:
        while (standing := answers.show(token)) is None or standing.pair is not None:
            if standing is None:
                answers.join(token, draws.of)
            else:
                answers.answer(token, standing.position, bool(subset.labels[standing.pair]), 50)

    # Each of eight participants in three tabs.
    with ThreadPoolExecutor(24) as pool:
        for done in [pool.submit(take_part, f"token {i % 8}") for i in range(24)]:
            done.result()
    found = load_judgements(answers.path, subset.digest)
    assert found.participants.tolist() == list(range(1, 9))
    assert found.incomplete == {}
    assert len(found.pair) == 32
    given = sorted(zip(found.participant.tolist(), found.pair.tolist(), strict=True))
    assert given == sorted((number, pair) for number in range(1, 9) for pair in draws.of(number))
    assert (found.anomalous == subset.labels[found.pair]).all()


def test_the_clock_of_what_was_shown_again_does_not_count(
    answers: Answers, draws: Draws, subset: Subset
) -> None:
    answers.join("a", draws.of)
    answers.show("a")
    answers.answer("a", 1, True, 900)
    answers.show("a")
    answers.show("a")
    answers.answer("a", 2, True, 30)
    answers.show("a")
    answers.answer("a", 3, True, None)
    measured = load_judgements(answers.path, subset.digest).milliseconds
    assert measured[0] == 900
    assert measured[1] != measured[1]
    assert measured[2] != measured[2]


def test_it_goes_on_after_a_restart_and_refuses_what_is_not_its_own(
    answers: Answers, draws: Draws, subset: Subset
) -> None:
    answers.join("a", draws.of)
    answers.show("a")
    answers.answer("a", 1, True, 1)
    path = answers.path
    answers.close()
    again = Answers(path, subset.digest, 4, 0)
    assert again.standing("a") == Standing(1, 2, 4, draws.of(1)[1])
    again.close()
    for changed in (("another", 4, 0), (subset.digest, 5, 0), (subset.digest, 4, 1)):
        with pytest.raises(ConfigError, match=r"holds answers to another subset .* name another --database"):
            Answers(path, *changed)
    with pytest.raises(ConfigError, match=r"holds answers to another subset .* than the one beside it"):
        load_judgements(path, "another")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE study SET schema = 9")
    database.close()
    with pytest.raises(ConfigError, match="has schema 9, expected 1"):
        Answers(path, subset.digest, 4, 0)


def test_files_that_are_no_database_of_a_study(tmp_path: Path, subset: Subset) -> None:
    with pytest.raises(ConfigError, match="no database of a study here; make one"):
        load_judgements(tmp_path / "none.sqlite", subset.digest)
    (tmp_path / "text.sqlite").write_text("this is no database, but some text " * 40)
    with pytest.raises(ConfigError, match="cannot be opened"):
        load_judgements(tmp_path / "text.sqlite", subset.digest)
    with sqlite3.connect(tmp_path / "other.sqlite") as database:
        database.execute("CREATE TABLE inspections (number INTEGER)")
    database.close()
    with pytest.raises(ConfigError, match="is no database of a study"):
        load_judgements(tmp_path / "other.sqlite", subset.digest)


def test_nothing_is_stored_that_tells_who(answers: Answers, draws: Draws) -> None:
    answers.join("a", draws.of)
    with sqlite3.connect(answers.path) as database:
        columns = {
            table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            for table in ("participants", "shown", "answers")
        }
        (day,) = database.execute("SELECT day FROM participants").fetchone()
    database.close()
    assert columns == {
        "participants": ["number", "token", "day"],
        "shown": ["participant", "position", "pair", "showings"],
        "answers": ["participant", "position", "anomalous", "milliseconds"],
    }
    assert len(day) == len("2026-01-01")
