"""Who was shown what and what they answered: a SQLite file that knows nobody's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import numpy as np
from sqlalchemy import (
    Engine,
    ForeignKeyConstraint,
    Integer,
    String,
    UniqueConstraint,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from looking3d.errors import ConfigError
from looking3d.study.judgements import Judgements
from looking3d.web.database import connect, opening

SCHEMA = 1
"""Version of the tables; a database of another one is refused."""


class _Base(DeclarativeBase):
    """All tables."""


class _Study(_Base):
    """One row: what the answers are about."""

    __tablename__ = "study"

    schema: Mapped[int] = mapped_column(Integer, primary_key=True)
    subset: Mapped[str] = mapped_column(String(16))
    pairs: Mapped[int]
    seed: Mapped[int]


class _Participant(_Base):
    __tablename__ = "participants"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    day: Mapped[str] = mapped_column(String(10))


class _Shown(_Base):
    """A pair that a participant is to judge; `position` counts from 1, `showings` how often it was shown."""

    __tablename__ = "shown"
    __table_args__ = (UniqueConstraint("participant", "pair"),)

    participant: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    pair: Mapped[int]
    showings: Mapped[int] = mapped_column(default=0)


class _Answer(_Base):
    """An answer; the primary key keeps a second one to the same pair out, whoever sends it."""

    __tablename__ = "answers"
    __table_args__ = (
        ForeignKeyConstraint(["participant", "position"], ["shown.participant", "shown.position"]),
    )

    participant: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    anomalous: Mapped[bool]
    milliseconds: Mapped[int | None]


@dataclass(frozen=True)
class Standing:
    """How far a participant is.

    Attributes:
        number: The participant's.
        position: The pair that is next, from 1 on.
        total: Pairs that the participant judges.
        pair: Number of that pair in the subset; None once all are judged.
    """

    number: int
    position: int
    total: int
    pair: int | None


class Outcome(Enum):
    """What became of an answer."""

    TAKEN = "taken"
    BEFORE = "there was an answer before, which counts"
    REFUSED = "that pair was not shown yet"


class Answers:
    """The database. Any number of threads may use it."""

    def __init__(self, path: Path, subset: str, pairs: int, seed: int) -> None:
        """Open the answers to a subset; the file is made if need be.

        Args:
            path: A SQLite file.
            subset: Digest of the subset.
            pairs: That each participant judges.
            seed: Of the draws.

        Raises:
            ConfigError: It cannot be opened, or is of another study.
        """
        self.path, self.pairs = path, pairs
        url = f"sqlite:///{path}"
        with opening(url):
            self._engine = connect(url)
            _Base.metadata.create_all(self._engine)
            with Session(self._engine) as session:
                if session.scalar(select(func.count()).select_from(_Study)) == 0:
                    session.add(_Study(schema=SCHEMA, subset=subset, pairs=pairs, seed=seed))
                    session.commit()
            found = _study(path, self._engine)
        if (found.subset, found.pairs, found.seed) != (subset, pairs, seed):
            raise ConfigError(
                f"{path}: holds answers to another subset ({found.subset}, {found.pairs} pairs each, seed "
                f"{found.seed}; not {subset}, {pairs}, {seed}); name another --database"
            )

    def join(self, token: str, draw: Callable[[int], tuple[int, ...]]) -> Standing:
        """Take a participant in, or find one who was.

        Args:
            token: That the participant bears.
            draw: The pairs of a participant, by number.
        """
        with Session(self._engine) as session:
            participant = _Participant(token=token, day=datetime.now(UTC).date().isoformat())
            session.add(participant)
            try:
                session.flush()
                for position, pair in enumerate(draw(participant.number), 1):
                    session.add(_Shown(participant=participant.number, position=position, pair=pair))
                session.commit()
            except IntegrityError:
                # The same participant began in another tab, or pressed twice.
                session.rollback()
        standing = self.standing(token)
        assert standing is not None
        return standing

    def standing(self, token: str) -> Standing | None:
        """How far a participant is; None if nobody bears the token."""
        with Session(self._engine) as session:
            number = session.scalar(select(_Participant.number).where(_Participant.token == token))
            return None if number is None else self._standing(session, number)

    def show(self, token: str) -> Standing | None:
        """As `standing`, and note that the next pair is shown."""
        standing = self.standing(token)
        if standing is not None and standing.pair is not None:
            with Session(self._engine) as session:
                session.execute(
                    update(_Shown)
                    .where(_Shown.participant == standing.number, _Shown.position == standing.position)
                    .values(showings=_Shown.showings + 1)
                )
                session.commit()
        return standing

    def answer(self, token: str, position: int, anomalous: bool, milliseconds: int | None) -> Outcome:
        """Note an answer to the pair that is next; nothing ever changes or doubles one.

        Args:
            token: The participant's.
            position: Of the pair, from 1 on.
            anomalous: What the participant says.
            milliseconds: From when the pictures were there to the answer; None if nobody measured.
        """
        with Session(self._engine) as session:
            number = session.scalar(select(_Participant.number).where(_Participant.token == token))
            if number is None:
                return Outcome.REFUSED
            due = self._standing(session, number).position
            showings = session.scalar(
                select(_Shown.showings).where(_Shown.participant == number, _Shown.position == position)
            )
            if 1 <= position < due:
                return Outcome.BEFORE
            if position != due or not showings:
                return Outcome.REFUSED
            # Reading is over before writing begins, so that SQLite lets a writer wait for its turn.
            session.rollback()
            session.add(
                _Answer(participant=number, position=position, anomalous=anomalous, milliseconds=milliseconds)
            )
            try:
                session.commit()
            except IntegrityError:
                return Outcome.BEFORE
            return Outcome.TAKEN

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _standing(self, session: Session, number: int) -> Standing:
        answered = select(func.count()).select_from(_Answer).where(_Answer.participant == number)
        position = (session.scalar(answered) or 0) + 1
        pair = session.scalar(
            select(_Shown.pair).where(_Shown.participant == number, _Shown.position == position)
        )
        return Standing(number, position, self.pairs, pair)


def load_judgements(path: Path, subset: str) -> Judgements:
    """All answers in a database.

    Args:
        path: The SQLite file.
        subset: Digest of the subset that they should be about.

    Raises:
        ConfigError: There is none, or it is of another subset.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: no database of a study here; make one: looking3d study serve")
    url = f"sqlite:///{path}"
    with opening(url):
        engine = connect(url)
        try:
            return _read(path, engine, subset)
        finally:
            engine.dispose()


def _read(path: Path, engine: Engine, subset: str) -> Judgements:
    if _Study.__tablename__ not in inspect(engine).get_table_names():
        raise ConfigError(f"{path}: is no database of a study; name one that looking3d study serve made")
    found = _study(path, engine)
    if found.subset != subset:
        raise ConfigError(
            f"{path}: holds answers to another subset ({found.subset}) than the one beside it ({subset}); "
            "put back the one that was there"
        )
    is_same = (_Shown.participant == _Answer.participant) & (_Shown.position == _Answer.position)
    rows = (
        select(_Answer.participant, _Shown.pair, _Answer.anomalous, _Answer.milliseconds, _Shown.showings)
        .join(_Shown, is_same)
        .order_by(_Answer.participant, _Answer.position)
    )
    with Session(engine) as session:
        answers = session.execute(rows).all()
        numbers = session.scalars(select(_Participant.number).order_by(_Participant.number)).all()
    return Judgements(
        participants=np.array(numbers, int),
        asked=found.pairs,
        participant=np.array([row.participant for row in answers], int),
        pair=np.array([row.pair for row in answers], int),
        anomalous=np.array([row.anomalous for row in answers], bool),
        # The clock begins again with each showing, so that only one of the first tells.
        milliseconds=np.array(
            [np.nan if row.milliseconds is None or row.showings != 1 else row.milliseconds for row in answers]
        ),
    )


def _study(path: Path, engine: Engine) -> _Study:
    """What a database is about."""
    with Session(engine, expire_on_commit=False) as session:
        found = session.scalars(select(_Study)).one()
    if found.schema != SCHEMA:
        raise ConfigError(f"{path}: has schema {found.schema}, expected {SCHEMA}; name another --database")
    return found
