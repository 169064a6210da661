"""What was inspected and what people said of it, in any database that SQLAlchemy knows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    JSON,
    Float,
    Integer,
    Select,
    String,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from looking3d.errors import ConfigError
from looking3d.web.database import connect, opening

SCHEMA = 1
"""Version of the tables; a database of another one is refused."""

Mark = Literal["right", "wrong", "normal", "anomalous"]
MARKS: tuple[str, ...] = get_args(Mark)

MarkFilter = Literal["right", "wrong", "normal", "anomalous", "none", "any"]

_QUOTED = re.compile('"([^"]+)"')
_OPPOSITE = {"normal": "anomalous", "anomalous": "normal"}


class _Base(DeclarativeBase):
    """All tables."""


class _Version(_Base):
    __tablename__ = "looking3d"

    schema: Mapped[int] = mapped_column(Integer, primary_key=True)


class Record(_Base):
    """One photo that was inspected.

    Attributes:
        number: Grows with time.
        id: What it is called outside.
        created: ISO 8601, in UTC.
        reference: Id of the reference.
        content: Hash of the reference's content, which may be replaced under the same id.
        detector, foreground: What scores depend on besides, as `Conditions` has it.
        verdict, probability, threshold, name: Of the inspection.
        mark: What a person said of the verdict, or of the object.
        together: Shared by photos of one item that were judged together.
        result: The inspection as `Inspection.to_json` gives it.
        pictures: File names of the pictures in their store.
    """

    __tablename__ = "inspections"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: uuid.uuid4().hex)
    created: Mapped[str] = mapped_column(String(32), default=lambda: _written(datetime.now(UTC)))
    reference: Mapped[str] = mapped_column(String(64), index=True)
    content: Mapped[str] = mapped_column(String(64))
    detector: Mapped[str] = mapped_column(String(80))
    foreground: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255))
    verdict: Mapped[str] = mapped_column(String(16), index=True)
    probability: Mapped[float] = mapped_column(Float)
    threshold: Mapped[float] = mapped_column(Float)
    mark: Mapped[str | None] = mapped_column(String(16), default=None)
    together: Mapped[str | None] = mapped_column(String(32), default=None)
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    pictures: Mapped[dict[str, str]] = mapped_column(JSON)

    @property
    def truth(self) -> str | None:
        """`normal` or `anomalous`, as far as the mark tells it."""
        if self.mark in ("right", "wrong"):
            if self.verdict not in _OPPOSITE:
                return None
            return self.verdict if self.mark == "right" else _OPPOSITE[self.verdict]
        return self.mark


@dataclass(frozen=True)
class Page:
    """A page of the history.

    Attributes:
        records: The latest first.
        total: How many there are on all pages.
    """

    records: list[Record]
    total: int


class History:
    """The database. Any number of threads may use it."""

    def __init__(self, url: str) -> None:
        """Open it; tables are made if need be.

        Raises:
            ConfigError: The URL is none, its driver is missing, or the database cannot be opened.
        """
        with opening(url):
            self._engine = connect(url)
            _Base.metadata.create_all(self._engine)
            with Session(self._engine) as session:
                found = session.scalar(select(func.max(_Version.schema)))
                if found is None:
                    session.add(_Version(schema=SCHEMA))
                    session.commit()
        if found not in (None, SCHEMA):
            raise ConfigError(f"database: has schema {found}, expected {SCHEMA}; name another --database")

    def add(self, record: Record) -> Record:
        """Keep what came of a photo."""
        with Session(self._engine, expire_on_commit=False) as session:
            session.add(record)
            session.commit()
        return record

    def get(self, id: str) -> Record | None:
        """A record; None if there is none."""
        with Session(self._engine) as session:
            return session.scalar(select(Record).where(Record.id == id))

    def page(
        self,
        limit: int = 50,
        offset: int = 0,
        reference: str | None = None,
        verdict: str | None = None,
        mark: MarkFilter | None = None,
    ) -> Page:
        """The latest records, of those that are asked for."""
        wanted = _filtered(select(Record), reference, verdict, mark)
        with Session(self._engine) as session:
            total = session.scalar(select(func.count()).select_from(wanted.subquery()))
            rows = session.scalars(wanted.order_by(Record.number.desc()).limit(limit).offset(offset))
            return Page(list(rows), total or 0)

    def mark(self, id: str, mark: Mark | None) -> Record | None:
        """Note what a person said; None if there is no such record."""
        with Session(self._engine, expire_on_commit=False) as session:
            # One statement, because somebody may delete it meanwhile.
            session.execute(update(Record).where(Record.id == id).values(mark=mark))
            session.commit()
            return session.scalar(select(Record).where(Record.id == id))

    def marked(self, reference: str, content: str, detector: str, foreground: str) -> Sequence[Record]:
        """All that were marked, of a reference as it is now, under the same conditions; the oldest first."""
        wanted = _filtered(select(Record), reference, None, "any").order_by(Record.number)
        wanted = wanted.where(
            Record.content == content, Record.detector == detector, Record.foreground == foreground
        )
        with Session(self._engine) as session:
            return session.scalars(wanted).all()

    def delete(self, id: str) -> Record | None:
        """Delete a record, marked or not; None if there is none."""
        with Session(self._engine, expire_on_commit=False) as session:
            record = session.scalar(select(Record).where(Record.id == id))
            if record is not None:
                session.execute(delete_from(Record).where(Record.id == id))
                session.commit()
            return record

    def delete_old(
        self, before: datetime | None, most: int | None, keep_marked: bool = True
    ) -> tuple[int, set[str]]:
        """Delete old records.

        Args:
            before: Those made before this; None: of any time.
            most: Those that are not among the latest so many; None: any number stays.
            keep_marked: Not those that were marked.

        Returns:
            How many were deleted, and their pictures' file names, which other records may have, too.
        """
        with Session(self._engine) as session:
            is_old = [] if before is None else [Record.created < _written(before)]
            if most is not None:
                latest = select(Record.number).order_by(Record.number.desc()).offset(most).limit(1)
                is_old.append(Record.number <= (session.scalar(latest) or 0))
            doomed = or_(*is_old) & Record.mark.is_(None) if keep_marked else or_(*is_old)
            pictures = session.scalars(select(Record.pictures).where(doomed)).all()
            if pictures:
                session.execute(
                    delete_from(Record).where(doomed).execution_options(synchronize_session=False)
                )
                session.commit()
            return len(pictures), {file for files in pictures for file in files.values()}

    def used_of(self, files: set[str]) -> set[str]:
        """Those of the pictures that a record has."""
        used: set[str] = set()
        if files:
            with Session(self._engine) as session:
                # As text, since parsing a hundred thousand of them takes seconds.
                rows = session.execute(
                    select(cast(Record.pictures, String)).execution_options(yield_per=1000)
                )
                for (text,) in rows:
                    used.update(files.intersection(_QUOTED.findall(text)))
        return used

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _written(time: datetime) -> str:
    """A time in UTC, so that earlier ones are first in the order of letters."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")


def _filtered(
    query: Select[Record], reference: str | None, verdict: str | None, mark: MarkFilter | None
) -> Select[Record]:
    if reference is not None:
        query = query.where(Record.reference == reference)
    if verdict is not None:
        query = query.where(Record.verdict == verdict)
    if mark == "none":
        return query.where(Record.mark.is_(None))
    if mark == "any":
        return query.where(Record.mark.is_not(None))
    return query if mark is None else query.where(Record.mark == mark)
