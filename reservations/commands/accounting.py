"""`tonari export day` and `settlement`: money as tables for a town's book-keeping."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from reservations.commands.common import answering, json_option, opened, print_json


@click.command("day")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--date",
    "asked",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day; today if left out.",
)
@json_option
@answering
def day(file: Path, asked: datetime | None, is_json: bool) -> None:
    """収納と還付 of a day by budget code, of all nodes that were heard; CSV, UTF-8 with BOM.

    No names stand in it. FILE - is stdout.
    """
    from reservations import clock, documents  # noqa: PLC0415 - the database
    from reservations.queries import memory, money  # noqa: PLC0415 - the database

    on = asked.date() if asked is not None else clock.local_day(clock.now())
    with opened() as database, database.session() as session:
        lines = money.of_day(session, on)
        data = documents.day_csv(lines, memory.newest(database).catalogue.towns, on)
    if str(file) == "-":
        sys.stdout.buffer.write(data)
        return
    file.write_bytes(data)
    if is_json:
        print_json({"file": file.name, "date": on, "lines": len(lines), "bytes": len(data)})
    else:
        click.echo(f"{file.name}: {len(lines):,}行")


@click.command("settlement")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--month",
    "asked",
    type=click.DateTime(["%Y-%m"]),
    metavar="YYYY-MM",
    required=True,
    help="The month.",
)
@json_option
@answering
def settlement(file: Path, asked: datetime, is_json: bool) -> None:
    """精算 between towns of a month: who has whose money, line by line; CSV, UTF-8 with BOM.

    As it was closed, or as it stands until then. Bookings stand there by number, nobody by name.
    FILE - is stdout.
    """
    from reservations import documents  # noqa: PLC0415 - the database
    from reservations.queries import memory  # noqa: PLC0415 - the database
    from reservations.queries import settlement as query  # noqa: PLC0415 - the database

    month = asked.date()
    with opened() as database, database.session() as session:
        desk = database.desk
        is_home = desk is None or desk.is_home
        pairs = query.pairs(session, month, is_home=is_home)
        data = documents.settlement_csv(pairs, month, memory.newest(database).catalogue.towns)
    if str(file) == "-":
        sys.stdout.buffer.write(data)
        return
    file.write_bytes(data)
    yen = sum(pair.yen for pair in pairs)
    if is_json:
        line = {"file": file.name, "month": f"{month:%Y-%m}", "pairs": len(pairs), "yen": yen}
        print_json({**line, "bytes": len(data)})
    else:
        click.echo(f"{file.name}: {len(pairs):,}組、{yen:,}円")
