"""`tonari money`: what was paid online, against the payment service's own statement."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reservations.commands.common import (
    answering,
    json_option,
    opened,
    print_json,
    refuse,
    settings,
)
from reservations.commands.nodes import NOT_ALL

if TYPE_CHECKING:
    from reservations.payments.reconciling import Reconciled

MATCHED = "matched"
WORDS = {
    MATCHED: "一致",
    "recorded": "こちらに無く、記録した",
    "differs": "金額が違う",
    "unknown": "予約や還付が見つからない",
    "repeated": "同じ行がもう一度",
    "unreadable": "読めない行",
}
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def money() -> None:
    """Online payments: the payment service asked by hand, and its statement compared with ours."""


@money.command("ask")
@json_option
@answering
def ask(is_json: bool) -> None:
    """One round by hand: ask how open payments stand, have refunds given back.

    The job of `tonari serve` does this each minute.
    """
    from reservations.payments import rounds  # noqa: PLC0415 - the database

    chosen = settings()
    _need_provider(chosen.payment_provider)
    with opened() as database:
        done = rounds.tend(database, chosen)
    if is_json:
        counts = {"asked": done.asked, "paid": done.paid}
        print_json(counts | {"given": done.given, "failed": done.failed})
        return
    click.echo(
        f"問い合わせ{done.asked:,}件、入金{done.paid:,}件、"
        f"返金{done.given:,}件、断られた返金{done.failed:,}件"
    )


@money.command("reconcile")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--first", type=DAY, metavar="YYYY-MM-DD", help="First day of the statement.")
@click.option("--last", type=DAY, metavar="YYYY-MM-DD", help="Its last day.")
@json_option
@answering
def reconcile(file: Path, first: datetime | None, last: datetime | None, is_json: bool) -> None:
    """Compare the payment service's statement FILE with the payments here, row by row.

    A payment that is missing here is recorded. Told are rows that differ, that belong to no booking
    here or cannot be read, and payments and refunds that the statement lacks. Without --first and
    --last it is of the days of its rows. Exit 1 where somebody has to look at something; read in
    twice, it changes nothing.
    """
    from reservations.payments import provider, reconciling  # noqa: PLC0415 - the database

    chosen = settings()
    at = provider(chosen)
    if at is None:
        _need_provider("")
        return
    content = file.read_bytes()
    with opened() as database:
        try:
            found = reconciling.reconcile(
                database, chosen, at, content,
                first=first.date() if first else None, last=last.date() if last else None,
            )  # fmt: skip
        except ValueError:
            refuse("この支払いサービスの明細ではありません。")
    if is_json:
        print_json(_told(found))
    else:
        _say(found)
    if not found.is_well:
        sys.exit(NOT_ALL)


def _need_provider(name: str) -> None:
    if not name:
        refuse("支払いサービスが設定されていません。TONARI_PAYMENT_PROVIDER を設定してください。")


def _told(found: Reconciled) -> dict[str, Any]:
    return {
        "first": found.first,
        "last": found.last,
        "rows": len(found.lines),
        "counts": found.counts,
        "lines": [asdict(line) for line in found.lines if line.outcome != MATCHED],
        "missing_there": [asdict(each) for each in found.missing],
    }


def _say(found: Reconciled) -> None:
    for line in found.lines:
        if line.outcome == MATCHED:
            continue
        kind = "返金" if line.is_refund else "入金"
        here = f"こちらは{line.here_yen:,}円" if line.here_yen is not None else line.why
        click.echo(
            f"{line.line}行目\t{WORDS[line.outcome]}\t{kind}\t{line.provider_id}"
            f"\t{line.amount_yen:,}円\t{here}"
        )
    for each in found.missing:
        kind = "返金" if each.is_refund else "入金"
        click.echo(f"明細に無い\t{kind}\t{each.provider_id}\t{each.amount_yen:,}円\t{each.day}")
    counted = (f"{WORDS[outcome]}{count:,}件" for outcome, count in found.counts.items() if count)
    missing = f"明細に無い{len(found.missing):,}件"
    click.echo(f"{len(found.lines):,}行: " + "、".join((*counted, missing)))
