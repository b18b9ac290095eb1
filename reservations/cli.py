"""The `tonari` command. Each command is thin; its help text is its documentation.

Everything that takes time to import is imported inside of the command that needs it, because
`tonari --help` must answer at once (measured in tests/tidy/test_start.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from reservations.commands.accounting import day, settlement
from reservations.commands.carrying import sync
from reservations.commands.checking import verify
from reservations.commands.common import (
    answering,
    json_option,
    opened,
    print_json,
    refuse,
    settings,
)
from reservations.commands.forgetting import forget
from reservations.commands.forms import forms
from reservations.commands.letters import letters
from reservations.commands.mailboxes import prepare
from reservations.commands.money import money
from reservations.commands.nodes import node
from reservations.commands.paper import paper
from reservations.commands.printing import print_
from reservations.commands.staff import staff
from reservations.commands.trail import audit

REGIONS = ("ishikawa", "tokyo")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """隣 Tonari: lends a region's public courts, halls and rooms.

    Settings come from the environment (TONARI_DATA_DIR, TONARI_DATABASE_URL, … see .env.example).
    Every command prints one line of JSON with --json.
    """


@main.command()
@click.option(
    "--region",
    type=click.Choice(REGIONS),
    default="ishikawa",
    show_default=True,
    help="Which region is shown.",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65500),
    default=8000,
    show_default=True,
    help="Where to listen; the next free one is taken if it is in use.",
)
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
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="The port to listen on.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 32),
    default=None,
    help="Processes; default from TONARI_WORKERS.",
)
@click.option(
    "--audience",
    type=click.Choice(("resident", "counter")),
    default="resident",
    show_default=True,
    help="Whose screens; the API goes with the residents'.",
)
@click.option(
    "--jobs/--no-jobs",
    "has_jobs",
    default=None,
    help="Run the nightly jobs too; by default the residents' server does.",
)
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

    from printables.faces import MissingFont, check_fonts  # noqa: PLC0415 - reportlab
    from reservations import server  # noqa: PLC0415 - granian and the whole application
    from reservations.actions import starting  # noqa: PLC0415 - as above

    chosen = settings()
    try:
        # Found missing now, not when somebody stands at the counter and waits for a paper.
        check_fonts()
    except MissingFont as missing:
        refuse(f"印刷用の書体がありません。({missing})")
    if not server.is_free(host, port):
        refuse(f"{port}番ポートは使用中です。--port で別の番号を指定してください。")
    jobs = audience == "resident" if has_jobs is None else has_jobs
    with opened() as database:
        if jobs:
            starting.prepare(database.desk)
    line = {"url": server.base_url(host, port), "audience": audience}
    ready = partial(print_json, line) if is_json else partial(click.echo, line["url"], err=True)
    server.serve(
        chosen,
        host=host,
        port=port,
        audience=audience,
        workers=workers,
        has_jobs=jobs,
        on_ready=ready,
    )


@main.group("import")
def import_() -> None:
    """Take lists of open data in: all records of a file, or nothing.

    CSV (UTF-8, CP932 and others) and xlsx, both generations of the national formats. Every raw cell
    is kept beside its parsed value; records = imported + queued + rejected, always. What a clerk
    has to decide is queued (`tonari queue list`). A file imported again never overwrites a good
    value with a spreadsheet's damage.
    """


def import_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the three imports share."""
    for option in (
        click.argument("file", type=click.Path(path_type=Path)),
        click.option(
            "--municipality",
            metavar="CODE",
            help="Six-digit code, for a file that does not say whose it is.",
        ),
        click.option("--source", default="", metavar="NAME", help="Where the file was taken from."),
        click.option(
            "--dry-run",
            "is_dry_run",
            is_flag=True,
            help="Try everything, keep nothing; the answer is the same.",
        ),
        click.option(
            "--report",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write the clerk's sheet: a CSV with one row a record.",
        ),
        json_option,
        answering,
    ):
        command = option(command)
    return command


@import_.command("facilities")
@import_options
def import_facilities(**asked: Any) -> None:
    """公共施設一覧: facilities, their positions and opening hours.

    A facility is found again by the publisher's ID, else by name and address. Hours that were not
    understood wait for `tonari queue confirm`; until then its units cannot be booked.
    """
    _import("facilities", **asked)


@import_.command("rooms")
@click.option(
    "--fees",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The prices of the same rooms, where they are a file of their own.",
)
@import_options
def import_rooms(fees: Path | None, **asked: Any) -> None:
    """室場・料金: rooms, frames and prices.

    A room can be booked once its frames have times and prices; frames that overlap are queued.
    A table that changed becomes a new version from today on; bookings keep theirs.
    """
    _import("rooms", fees=fees, **asked)


@import_.command("shelters")
@import_options
def import_shelters(**asked: Any) -> None:
    """避難所・避難場所: shelters and refuges, both CSV formats and the 国土地理院 GeoJSON."""
    _import("shelters", **asked)


def _import(
    kind: str,
    *,
    file: Path,
    municipality: str | None,
    source: str,
    is_dry_run: bool,
    report: Path | None,
    is_json: bool,
    fees: Path | None = None,
) -> None:
    from reservations import intake  # noqa: PLC0415 - the parsers and the database
    from reservations.opendata import FileRefused  # noqa: PLC0415 - as above

    chosen = settings()
    try:
        asked = intake.read(
            kind,
            file,
            municipality=municipality,
            source=source,
            fees=fees,
            horizon_days=chosen.horizon_days,
            is_dry_run=is_dry_run,
        )
    except FileRefused as refused:
        refuse(refused.sentence)
    with opened() as database:
        done = intake.take(database, asked, chosen)
    if report is not None:
        intake.write_sheet(done, report)
    if is_json:
        print_json({"file": file.name, "dry_run": is_dry_run, **done.totals})
        return
    for line in intake.summary(file.name, done.totals, is_dry_run=is_dry_run):
        click.echo(line)


@main.group()
def export() -> None:
    """Write lists: open data, and a day's money for the town's book-keeping."""


@export.command("facilities")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--municipality", metavar="CODE", help="Only this town; six-digit code.")
@json_option
@answering
def export_facilities(file: Path, municipality: str | None, is_json: bool) -> None:
    """公共施設一覧 in the national format: 56 columns, UTF-8 with BOM, as towns publish it.

    Invented facilities, unconfirmed positions and mail addresses are left out. FILE - is stdout.
    """
    from reservations.opendata import facility_csv  # noqa: PLC0415 - as in import
    from reservations.queries import export as export_query  # noqa: PLC0415 - as in import

    with opened() as database, database.session() as session:
        values = export_query.facilities(session, municipality_code=municipality)
    data = facility_csv(values)
    if str(file) == "-":
        sys.stdout.buffer.write(data)
        return
    file.write_bytes(data)
    if is_json:
        print_json({"file": file.name, "records": len(values), "bytes": len(data)})
    else:
        click.echo(f"{file.name}: {len(values):,}件")


@main.group()
def queue() -> None:
    """Records of imported files that wait for a clerk."""


@queue.command("list")
@click.option("--page", type=click.IntRange(0, 10_000), default=0, help="Pages of 50, from 0.")
@json_option
@answering
def queue_list(page: int, is_json: bool) -> None:
    """What waits: kept back first, then what should be confirmed.

    Each line has the facility's number for `tonari queue confirm`, its name, and why it waits.
    """
    from reservations import intake  # noqa: PLC0415 - the database
    from reservations.queries import imports  # noqa: PLC0415 - as above

    with opened() as database, database.session() as session:
        records = imports.waiting(session, page=page)
        counts = imports.waiting_counts(session)
    if is_json:
        lines = [intake.waiting_line(record) for record in records]
        print_json({**counts, "page": page, "records": lines})
        return
    for record in records:
        named = record.facility_name or f"{record.file_name} {record.record_no}件目"
        click.echo(f"{record.facility_id or '-'}\t{named}\t{' '.join(record.reasons)}")
    click.echo(f"確認待ち{counts['queued']:,}件、案の確認{counts['proposed']:,}件")


@queue.command("confirm")
@click.argument("facility_id", type=int)
@click.option("--days", default="", help="利用可能曜日, as in 火水木金土日.")
@click.option("--start", default="", help="開始時間, as in 9:00.")
@click.option("--end", default="", help="終了時間, as in 21:30.")
@click.option("--notes", default="", help="特記事項, as in 月曜休館（祝日の場合は翌日）.")
@json_option
@answering
def queue_confirm(
    facility_id: int, days: str, start: str, end: str, notes: str, is_json: bool
) -> None:
    """Confirm the opening hours of a facility: as they were read, or as typed here.

    Typed hours are read like those of a list. From then on its units can be booked.
    """
    from reservations import intake  # noqa: PLC0415 - the database

    chosen = settings()
    with opened() as database:
        intake.confirm(database, chosen, facility_id, days, start, end, notes)
    if is_json:
        print_json({"facility_id": facility_id, "confirmed": True})
    else:
        click.echo(f"{facility_id}: 開館時間を確認済みにしました。")


@main.group()
def feedback() -> None:
    """What people said on a page or after a booking."""


@feedback.command("list")
@click.option("--page", type=click.IntRange(0, 10_000), default=0, help="Pages of 50, from 0.")
@json_option
@answering
def feedback_list(page: int, is_json: bool) -> None:
    """Problems (with their ticket) and ratings, newest first."""
    from dataclasses import asdict  # noqa: PLC0415 - with the query

    from reservations.queries import feedback as feedback_query  # noqa: PLC0415 - the database

    with opened() as database, database.session() as session:
        voices = feedback_query.voices(session, page=page)
    if is_json:
        print_json({"page": page, "voices": [asdict(voice) for voice in voices]})
        return
    for voice in voices:
        kind = voice.ticket or f"満足度{voice.score}"
        click.echo(f"{voice.at:%Y-%m-%d %H:%M}\t{kind}\t{voice.about}\t{voice.words}")
    click.echo(f"{len(voices)}件")


@main.command()
@json_option
@answering
def horizon(is_json: bool) -> None:
    """Make the day masks as far ahead as TONARI_HORIZON_DAYS says; the nightly job by hand."""
    from reservations import jobs  # noqa: PLC0415 - the scheduler and the database

    chosen = settings()
    with opened() as database:
        until = jobs.extend(database, chosen)
    if is_json:
        print_json({"until": until})
    else:
        click.echo(f"{until:%Y-%m-%d}まで予約を受けられます。")


@main.command()
@json_option
@answering
def doctor(is_json: bool) -> None:
    """Look whether all is well: settings, database, masks against bookings, what waits.

    The audit is the two sums: the bookings of a part do not overlap, and its mask is their union.
    Exit 0 when every check is well, 1 when one is not.
    """
    from reservations import jobs  # noqa: PLC0415 - the scheduler and the database

    chosen = settings()
    with opened() as database:
        checks = jobs.check_up(database, chosen)
    is_well = all(check.is_well for check in checks)
    if is_json:
        shown = {check.name: {"ok": check.is_well, "seen": check.seen} for check in checks}
        print_json({"ok": is_well, "checks": shown})
    else:
        for check in checks:
            click.echo(f"{'ok' if check.is_well else 'NG':<3} {check.name}: {check.seen}")
    sys.exit(0 if is_well else 1)


export.add_command(day)
export.add_command(settlement)
sync.add_command(prepare)
node.add_command(forget)
for command in (audit, forms, letters, money, node, paper, print_, staff, sync, verify):
    main.add_command(command)


if __name__ == "__main__":
    main()
