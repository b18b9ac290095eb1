"""The `tonari` command. Each command is thin; its help text is its documentation.

Everything that takes time to import is imported inside of the command that needs it, because
`tonari --help` must answer at once (measured in tests/tidy/test_start.py).
"""

from __future__ import annotations

import json
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
REGIONS = ("ishikawa", "tokyo")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """隣 Tonari: lends a region's public courts, halls and rooms.

    Settings come from the environment (TONARI_DATA_DIR, TONARI_DATABASE_URL, … see .env.example).
    Every command prints one line of JSON with --json.
    """


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

        try:
            return command(*args, **kwargs)
        except Refusal as refusal:
            refuse(sentence_of(refusal))
        except OperationalError as error:
            refuse(
                f"データベースを使えません。接続先と権限を確認してください。({_first(error.orig)})"
            )
        except OSError as error:
            refuse(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))

    return run


def sentence_of(refusal: Any) -> str:
    """A refusal in the web layer's words, in Japanese."""
    from flask_babel import force_locale  # noqa: PLC0415 - only for a refusal

    from reservations.app import create_app  # noqa: PLC0415 - only for a refusal
    from reservations.web.refusals import sentence  # noqa: PLC0415 - only for a refusal

    with create_app(settings()).test_request_context(), force_locale("ja"):
        return sentence(refusal)


def _first(error: Any) -> str:
    return (str(error).strip().splitlines() or [""])[0]


@contextmanager
def opened(*, is_durable: bool = True) -> Iterator[Database]:
    """The database with its tables made or brought up to date."""
    from reservations.db import Database  # noqa: PLC0415 - SQLAlchemy takes 0.2 s
    from reservations.models import schema  # noqa: PLC0415 - as above

    chosen = settings()
    database = Database(chosen.url, threads=chosen.threads, is_durable=is_durable)
    try:
        schema.ensure(database)
        yield database
    finally:
        database.dispose()


def print_json(line: dict[str, Any]) -> None:
    click.echo(json.dumps(line, ensure_ascii=False, default=str))


@main.command()
@click.option("--region", type=click.Choice(REGIONS), default="ishikawa", show_default=True,
              help="Which region is shown.")  # fmt: skip
@click.option("--port", type=click.IntRange(1024, 65500), default=8000, show_default=True,
              help="Where to listen; the next free one is taken if it is in use.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another town.")
@click.option("--fresh", is_flag=True, help="Make the demonstration's data anew.")
@json_option
@answering
def demo(region: str, port: int, seed: int, fresh: bool, is_json: bool) -> None:
    """Fill a region from open data and serve it: a running town in one command.

    Facilities are real (open data of the region's towns); units, fees and bookings are invented
    and say so. All state lies under TONARI_DATA_DIR; the next start uses it again and adds the
    days that have come since. Prints links that sign in once. With --json prints one line as soon
    as it serves: hub, resident, counter, token.
    """
    from reservations.demo import OtherContents, command  # noqa: PLC0415 - the whole application

    wanted = command.Wanted(region, port, seed, is_json, fresh)
    try:
        command.run(settings(), wanted)
    except OtherContents as other:
        refuse(
            f"{other}。デモで上書きはしません。TONARI_DATA_DIR で別のフォルダーを指定するか、"
            "デモのデータなら --fresh で作り直してください。"
        )


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True,
              help="The port to listen on.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 32), default=None,
              help="Processes; default from TONARI_WORKERS.")  # fmt: skip
@click.option("--audience", type=click.Choice(("resident", "counter")), default="resident",
              show_default=True, help="Whose screens; the API goes with the residents'.")  # fmt: skip
@click.option("--jobs/--no-jobs", "has_jobs", default=None,
              help="Run the nightly jobs too; by default the residents' server does.")  # fmt: skip
@json_option
@answering
def serve(
    host: str, port: int, workers: int | None, audience: str, has_jobs: bool | None, is_json: bool
) -> None:
    """Serve the application until SIGTERM or Ctrl-C.

    Counter staff get a process, a port and database connections of their own, so that a rush on
    the web never takes the counter with it: run a second `tonari serve --audience counter`.
    """
    from functools import partial  # noqa: PLC0415 - with what it is used for

    from reservations import server  # noqa: PLC0415 - granian and the whole application

    chosen = settings()
    if not server.is_free(host, port):
        refuse(f"{port}番ポートは使用中です。--port で別の番号を指定してください。")
    with opened():
        pass
    line = {"url": server.base_url(host, port), "audience": audience}
    ready = partial(print_json, line) if is_json else partial(click.echo, line["url"], err=True)
    jobs = audience == "resident" if has_jobs is None else has_jobs
    server.serve(
        chosen, host=host, port=port, audience=audience, workers=workers, has_jobs=jobs,
        on_ready=ready,
    )  # fmt: skip


if __name__ == "__main__":
    main()
