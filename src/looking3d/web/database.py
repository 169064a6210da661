"""Opening a database that SQLAlchemy knows, and saying in a line why it cannot be used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from looking3d.errors import ConfigError


def connect(url: str) -> Engine:
    """What talks to a database; the folder of a SQLite file is made if need be."""
    where = make_url(url)
    is_file = where.get_backend_name() == "sqlite" and where.database not in (None, "", ":memory:")
    if is_file:
        Path(str(where.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(where)
    if is_file:
        event.listen(engine, "connect", _for_many_writers)
    return engine


@contextlib.contextmanager
def opening(url: str) -> Iterator[None]:
    """While a database is opened: its errors become the user's.

    Raises:
        ConfigError: The URL is none, its driver is missing, or the database cannot be opened.
    """
    try:
        yield
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(f"database: its driver is not installed ({error}); install it by pip") from error
    except ArgumentError as error:
        raise ConfigError("database: expected a URL as sqlite:///history.sqlite") from error
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        shown = make_url(url).render_as_string(hide_password=True)
        raise ConfigError(f"database {shown}: cannot be opened ({reason})") from error


def _for_many_writers(connection: Any, _: object) -> None:
    """Let SQLite's readers go on beside a writer, and writers wait for each other."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()
