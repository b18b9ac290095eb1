"""What every command shares: --json, the settings, the database, and one clear line when refused.

What takes time to import is imported inside, because `tonari --help` must answer at once.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reservations.config import Settings
    from reservations.db import Database

REFUSED = 2
_TROUBLES: dict[type[OSError], str] = {
    FileNotFoundError: "ファイルがありません",
    IsADirectoryError: "ファイルではなくフォルダーです",
    PermissionError: "読み書きする権限がありません",
}


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json, the same on every command."""
    return click.option(
        "--json", "is_json", is_flag=True, help="One line of JSON on stdout, nothing else."
    )(command)


def settings() -> Settings:
    """The settings; a wrong one stops the start with its name."""
    from pydantic import ValidationError  # noqa: PLC0415 - dear; most of a second on a slow machine

    from reservations.config import Settings  # noqa: PLC0415 - pydantic, as above

    try:
        return Settings()
    except ValidationError as error:
        named = (
            f"TONARI_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        )
        refuse("設定が正しくありません。" + "; ".join(named))


def refuse(sentence: str) -> NoReturn:
    """One clear line, and exit 2."""
    click.echo(sentence, err=True)
    sys.exit(REFUSED)


def answering(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a person can mend into one line and exit 2; anything else is a bug and is shown."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - dear, and --help needs none

        from reservations.errors import Refusal  # noqa: PLC0415 - with the other one

        if kwargs.get("is_json"):
            _log_to_stderr()
        try:
            return command(*args, **kwargs)
        except Refusal as refusal:
            refuse(sentence_of(refusal))
        except OperationalError as error:
            refuse(
                f"データベースを使えません。接続先と権限を確認してください。({_first(error.orig)})"
            )
        except OSError as error:
            refuse(f"{_TROUBLES.get(type(error), error.strerror)}: {error.filename or ''}")

    return run


def _log_to_stderr() -> None:
    """stdout is for the one line of JSON."""
    import structlog  # noqa: PLC0415 - a fifth of a second

    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def sentence_of(refusal: Any) -> str:
    """A refusal in the web layer's words, in Japanese."""
    from reservations.app import create_app  # noqa: PLC0415 - only for a refusal
    from reservations.web.refusals import sentence  # noqa: PLC0415 - only for a refusal

    with create_app(settings()).test_request_context():
        return sentence(refusal)


def _first(error: Any) -> str:
    return (str(error).strip().splitlines() or [""])[0]


@contextmanager
def opened(*, is_durable: bool = True, shows: str = "") -> Iterator[Database]:
    """The database with its tables made or brought up to date.

    shows    for a command that puts names of people on paper or on a screen: what it shows
             (web/looks.py: PAGES). Whose they were is written down at the end, before anything
             leaves the house.
    """
    from reservations.db import Database  # noqa: PLC0415 - SQLAlchemy takes 0.2 s
    from reservations.models import schema  # noqa: PLC0415 - as above
    from reservations.projection import open_desk  # noqa: PLC0415 - as above
    from reservations.queries import parties  # noqa: PLC0415 - as above

    chosen = settings()
    database = Database(chosen.url, threads=chosen.threads, is_durable=is_durable)
    try:
        schema.ensure(database)
        open_desk(database, chosen)
        looked_at = parties.gather(database) if shows else set()
        yield database
        if looked_at:
            _note_looks(database, looked_at, shows)
    finally:
        database.dispose()


def _note_looks(database: Database, looked_at: set[str], shows: str) -> None:
    """A look of whoever sits at this machine."""
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.actions.step import Context  # noqa: PLC0415 - the database
    from reservations.actions.trail import note_looks  # noqa: PLC0415 - as above

    chosen = settings()
    context = Context(operator(), clock.now(), chosen.node_name, chosen.node_no)
    with database.session() as session:
        note_looks(session, looked_at, shows, context)


def operator() -> str:
    """Who gave the command, as the operating system knows them: whoever signed in at this
    terminal, also where they work as somebody else (sudo), or whose process it is."""
    try:
        return f"os:{os.getlogin()}"
    except OSError:
        return f"os:{getpass.getuser()}"


def print_json(line: dict[str, Any]) -> None:
    click.echo(json.dumps(line, ensure_ascii=False, default=str))
