"""`tonari paper`: a pack begins to write on the ledger, its forms come back, and it is closed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reservations.commands.common import answering, json_option, opened, print_json, refuse
from reservations.commands.printing import context_of_command

if TYPE_CHECKING:
    from reservations.actions.returning import Account
    from reservations.actions.scanning import Leaf

FATES = ("used", "void", "lost", "blank")
WORDS = {
    "entered": "入力しました。",
    "same": "同じ内容が入力済みです。何も変わりません。",
    "conflict": "同じ番号に別の内容があります。窓口の画面で、正しいほうを選んでください。",
}


@click.group("paper")
def paper() -> None:
    """紙の後日入力: open a pack of paper, type its forms in, close it.

    First the 受付台帳: which numbers are void, lost or blank. Then the used forms. Any order and
    any repetition gives the same result; a form becomes a booking when every number before it is
    accounted for.
    """


@paper.command("open")
@click.argument("pack", metavar="PACK")
@click.option("--why", default="", help="Why, as the master grid's seal says.")
@json_option
@answering
def open_(pack: str, why: str, is_json: bool) -> None:
    """Let a pack (N014-P07) write on its sheets: what is free there is lent to it.

    If the node was dead, this types in the master grids' seal; do it before anything else is
    booked on these days.
    """
    from reservations import clock, sheets  # noqa: PLC0415 - with the rest
    from reservations.actions import returning  # noqa: PLC0415 - the database

    with opened() as database:
        at = sheets.milliseconds(clock.now())
        found = returning.open_pack(database.desk, pack, at=at, why=why)
    if is_json:
        days = [day.isoformat() for day in found.days]
        print_json({"days": days, "kept": {d.isoformat(): why for d, why in found.kept.items()}})
        return
    click.echo(f"{pack}: {len(found.days)}日分の台帳を紙に渡しました。")
    for day, reason in found.kept.items():
        click.echo(f"  {day}: 渡せません（{reason}）")


@paper.command("enter")
@click.argument("number", metavar="NUMBER|CODE|IMAGE|PDF")
@click.option("--fate", type=click.Choice(FATES), default="used", help="What became of the form.")
@click.option("--unit", type=int, default=0, help="The room's number, for a used form.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day of use.")
@click.option("--from", "start", default="", help="Beginning, as in 18:00.")
@click.option("--to", "end", default="", help="End, as in 21:00.")
@click.option("--people", type=click.IntRange(1, 100_000), help="How many people.")
@click.option("--name", default="", help="Who wrote the form; stays at this node.")
@click.option("--phone", default="", help="Their telephone; stays at this node.")
@json_option
@answering
def enter(
    number: str,
    fate: str,
    unit: int,
    day: datetime | None,
    start: str,
    end: str,
    people: int | None,
    name: str,
    phone: str,
    is_json: bool,
) -> None:
    """Type in one form, by its printed number, the text of its code, or a picture or PDF of it.

    A code is proved where it was printed: form_forged says that it was not printed here. A number
    that is typed has only its two check digits.
    """
    from reservations.actions import returning  # noqa: PLC0415 - the database
    from reservations.actions.form_texts import FormText  # noqa: PLC0415 - as above
    from reservations.queries import memory  # noqa: PLC0415 - as above
    from reservations.rules.period import period_of  # noqa: PLC0415 - with the rest

    with opened() as database, database.session() as session:
        form = _form(database, session, number)
        period = period_of(start, end) if start and end else None
        date = day.date() if day else None
        text = FormText(form.pack.pad, form.number, fate, unit, date, period, people, name, phone)
        outcome = returning.enter(
            database.desk, session, memory.newest(database), text, context_of_command()
        )
        found = returning.account(database.desk, text.pad)
    if is_json:
        print_json({"pad": text.pad, "number": text.number, "outcome": outcome} | _line(found))
    else:
        click.echo(WORDS[outcome])


@paper.command("scan")
@click.argument("file", metavar="IMAGE|PDF", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@answering
def scan(file: Path, is_json: bool) -> None:
    """Say which forms are in a picture or a scanner's PDF of up to 50 pages, and what is ticked.

    Nothing is entered and nothing is kept: type each form in with `tonari paper enter`. Exit 1
    where a page has a form that cannot be taken.
    """
    from reservations.actions import scanning  # noqa: PLC0415 - the database
    from reservations.queries import memory  # noqa: PLC0415 - as above

    if not file.is_file():
        refuse(f"{file.name}: ファイルがありません。")
    with opened() as database, database.session() as session, file.open("rb") as stream:
        leaves = scanning.scan_all(database.desk, session, memory.newest(database), stream)
        lines = [_leaf(leaf) for leaf in leaves]
    if is_json:
        print_json({"pages": lines})
    else:
        for line in lines:
            click.echo(f"{line['page']}ページ: {_in_words(line)}")
    sys.exit(1 if any(line["refused"] not in ("", "no_code") for line in lines) else 0)


def _leaf(leaf: Leaf) -> dict[str, Any]:
    from printables import qr  # noqa: PLC0415 - with the rest
    from reservations.queries import packs  # noqa: PLC0415 - the database

    line: dict[str, Any] = {"page": leaf.page, "number": "", "refused": "", "whole": False}
    if leaf.refusal is not None:
        return line | {"refused": leaf.refusal.code.value}
    if leaf.scan is None:
        return line
    form = leaf.scan.form
    number = qr.form_number(packs.node_label(form.pack.node_no), form.number)
    ticks = {
        each.label: {"ticked": list(each.ticked), "doubtful": list(each.doubtful)}
        for each in leaf.scan.ticks or ()
    }
    whole = leaf.scan.is_whole
    return line | {"pad": form.pack.pad, "number": number, "whole": whole, "ticks": ticks}


def _in_words(line: dict[str, Any]) -> str:
    if line["refused"]:
        return f"入れられません（{line['refused']}）"
    if not line["number"]:
        return "白紙"
    half = "" if line["whole"] else "（半分しか写っていません）"
    ticked = (
        f"{label}={'・'.join(each['ticked'])}"
        for label, each in line["ticks"].items()
        if each["ticked"]
    )
    return "　".join([f"{line['number']}{half}", *ticked])


def _form(database: Any, session: Any, asked: str) -> Any:
    """raises   Refusal"""
    from reservations.actions import scanning  # noqa: PLC0415 - the database
    from reservations.queries import memory, packs  # noqa: PLC0415 - as above

    picture = Path(asked)
    if picture.suffix and picture.is_file():
        with picture.open("rb") as file:
            return scanning.scan(database.desk, session, memory.newest(database), file).form
    return packs.form_of(database.desk, session, asked)


def _account(pack: str, is_json: bool, work: Callable[[Any], Account]) -> None:
    with opened() as database:
        found = work(database.desk)
    if is_json:
        print_json({"pad": pack, **_line(found)})
        return
    fates = dict(zip(("使用", "書損", "紛失", "未使用"), found.fates.values(), strict=True))
    told = "、".join(f"{word}{count}" for word, count in fates.items())
    click.echo(f"{pack}: 全{found.count}枚のうち{told}、未入力{len(found.missing)}")
    for words, numbers in (
        ("別の内容が入力されている番号", found.conflicts),
        ("前の番号を待っている番号", found.waiting),
        ("場所が取れていない番号", found.no_place),
    ):
        if numbers:
            click.echo(f"  {words}: {'、'.join(map(str, numbers))}")


@paper.command("status")
@click.argument("pack", metavar="PACK")
@json_option
@answering
def status(pack: str, is_json: bool) -> None:
    """用紙受払簿 of a pack: used, void, lost, blank, and what is still missing."""
    from reservations.actions import returning  # noqa: PLC0415 - the database

    _account(pack, is_json, lambda desk: returning.account(desk, pack))


@paper.command("close")
@click.argument("pack", metavar="PACK")
@json_option
@answering
def close(pack: str, is_json: bool) -> None:
    """Give back what a pack was lent, once all of its forms are accounted for."""
    from reservations import clock, sheets  # noqa: PLC0415 - with the rest
    from reservations.actions import returning  # noqa: PLC0415 - the database

    def work(desk: Any) -> Account:
        found = returning.account(desk, pack)
        if not found.is_balanced:
            open_ = (*found.missing, *found.conflicts, *found.waiting)
            numbers = "、".join(map(str, open_[:20]))
            refuse(f"{pack}: まだ閉じられません。番号 {numbers} が残っています。")
        return returning.close_pack(desk, pack, at=sheets.milliseconds(clock.now()))

    _account(pack, is_json, work)


def _line(found: Account) -> dict[str, Any]:
    line = asdict(found)
    line["open_days"] = [day.isoformat() for day in found.open_days]
    return line | {"balanced": found.is_balanced}
