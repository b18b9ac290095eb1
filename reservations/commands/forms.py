"""`tonari forms`: a town changes its forms by a file, which is checked before it holds."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reservations.commands.common import answering, json_option, opened, print_json, refuse
from reservations.commands.printing import context_of_command

if TYPE_CHECKING:
    from reservations.queries.catalogue import Town
    from reservations.queries.memory import Memory

town_option = click.option(
    "--town", required=True, metavar="CODE|NAME", help="Six-digit code, or the town's name."
)


@click.group("forms")
def forms() -> None:
    """様式: what a town's papers say, as a file that the town edits itself.

    `tonari forms export` gives the file that holds now; change it in any editor, look at it with
    `tonari forms check`, and `tonari forms import` lets it hold from a day on. The papers are
    marked 見本 until the file is imported with --confirmed.
    """


@forms.command("export")
@town_option
@click.option("--out", type=click.Path(path_type=Path), required=True, help="- is stdout.")
@click.option(
    "--paper",
    "whole",
    multiple=True,
    metavar="NAME",
    help="Every block and field of this paper too, such as permit; may be given again.",
)
@json_option
@answering
def export(town: str, out: Path, whole: tuple[str, ...], is_json: bool) -> None:
    """Write a town's forms as they hold today: words, issuers, texts, every change to a form."""
    from printables import town_file  # noqa: PLC0415 - reportlab
    from printables.forms import merged, model_form  # noqa: PLC0415 - as above
    from printables.registry import PAPERS  # noqa: PLC0415 - as above
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.queries import memory  # noqa: PLC0415 - the database
    from reservations.rules import papers  # noqa: PLC0415 - with the rest

    with opened() as database:
        found = _town(memory.newest(database), town)
    rules = found.rules_on(clock.local_day(clock.now()))
    base = papers.forms(found.name, rules, contact=found.name)
    for name in whole:
        if name not in PAPERS:
            refuse(f"{name}という紙はありません。使えるのは: {'、'.join(PAPERS)}")
    models = {"forms": {name: model_form(name) for name in whole}}
    text = town_file.write(merged(merged(models, base), rules.forms))
    if str(out) == "-":
        click.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    if is_json:
        print_json({"town": found.code, "file": out.name})
    else:
        click.echo(f"{out.name}: {found.name}の様式を書きました。")


@forms.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@town_option
@json_option
@answering
def check(file: Path, town: str, is_json: bool) -> None:
    """Look whether a file holds together: every paper is put together from it.

    Each fault names its line and what to do. Exit 1 where there is one.
    """
    from reservations.queries import memory  # noqa: PLC0415 - the database

    with opened() as database:
        found = _town(memory.newest(database), town)
    _, faults = _read(file, found)
    _tell(file, faults, is_json)
    sys.exit(1 if faults else 0)


@forms.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@town_option
@click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Papers issued from this day on; tomorrow if left out, so that today's stay as they are.",
)
@click.option(
    "--confirmed",
    "is_confirmed",
    is_flag=True,
    help="The town's own people have read the texts: its papers lose the mark 見本.",
)
@json_option
@answering
def import_(
    file: Path, town: str, first: datetime | None, is_confirmed: bool, is_json: bool
) -> None:
    """Let a town's file hold from a day on. A file with a fault changes nothing."""
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.actions.town_forms import FormsRequest, import_forms  # noqa: PLC0415 - as above
    from reservations.queries import memory  # noqa: PLC0415 - the database

    tomorrow = clock.local_day(clock.now()) + timedelta(days=1)
    valid_from = first.date() if first else tomorrow
    with opened() as database, database.session() as session:
        found = _town(memory.newest(database), town)
        changes, faults = _read(file, found)
        if faults:
            _tell(file, faults, is_json)
            sys.exit(1)
        text = file.read_text(encoding="utf-8-sig")
        request = FormsRequest(found.code, changes, text, valid_from, is_confirmed)
        import_forms(session, request, context_of_command())
    if is_json:
        print_json({"town": found.code, "valid_from": valid_from, "confirmed": is_confirmed})
    else:
        click.echo(f"{found.name}の様式は、{valid_from}に発行する紙から変わります。")


def _read(file: Path, town: Town) -> tuple[Any, list[Any]]:
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.actions import town_forms  # noqa: PLC0415 - the database

    rules = town.rules_on(clock.local_day(clock.now()))
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        refuse(f"{file.name}: 文字コードをUTF-8にして保存してください。")
    found = town_forms.read(town, rules, text, file.parent)
    return found.changes, list(found.faults)


def _tell(file: Path, faults: list[Any], is_json: bool) -> None:
    if is_json:
        listed = [{"line": each.line, "words": each.words} for each in faults]
        print_json({"ok": not faults, "faults": listed})
        return
    for each in faults:
        click.echo(f"{file.name} {each}", err=True)
    if not faults:
        click.echo(f"{file.name}: すべての紙を組み立てられます。")


def _town(known: Memory, asked: str) -> Town:
    """The town of this code or name."""
    found = [each for each in known.catalogue.towns.values() if asked in (each.code, each.name)]
    if len(found) != 1:
        refuse(f"{asked}という市区町村はありません。6けたのコードか、名前で指定してください。")
    return found[0]
