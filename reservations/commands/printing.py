"""`tonari print`: papers from the command line, on any node, with the line cut."""

from __future__ import annotations

import sys
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

if TYPE_CHECKING:
    from reservations.queries.catalogue import Place
    from reservations.queries.memory import Memory
    from reservations.queries.papers import IssuedView

# The page under which people read of it (web/looks.py).
SHOWS = "print"
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Where the PDF goes; - is stdout.",
)


@click.group("print")
def print_() -> None:
    """Papers as PDF, by the town's own forms.

    As long as a town has not confirmed its forms, its papers are marked 見本. `tonari doctor` says
    whether fonts and forms are in order.
    """


@print_.command("permit")
@click.argument("booking", metavar="NUMBER|ID")
@out_option
@json_option
@answering
def permit(booking: str, out: Path, is_json: bool) -> None:
    """使用許可書 of a confirmed booking, by its number (01-000123-7) or its id.

    Issued when it is first asked for, here or on a screen; from then on the same bytes.
    """
    _print_paper(booking, "permit", out, is_json)


NOTICES = (
    "change", "cancellation", "refund", "revocation", "refusal", "reduction", "reduction-refusal",
)  # fmt: skip


@print_.command("notice")
@click.argument("kind", type=click.Choice(NOTICES))
@click.argument("booking", metavar="NUMBER|ID")
@out_option
@json_option
@answering
def notice(kind: str, booking: str, out: Path, is_json: bool) -> None:
    """What a booking has beside its permit, by its number (01-000123-7) or its id.

    change: 変更許可書 of one that was changed. cancellation: 取消届, and refund: 還付決定通知書, of
    one that was given back. revocation: 許可取消通知書 of one that the town took back. refusal:
    不許可通知書 of 仮受付 that lost its place. reduction: 減免決定通知書, and reduction-refusal:
    減免不承認通知書, the latter at the node where it was decided. Issued once, then the same bytes.
    """
    from reservations.actions.notices import SLUGS  # noqa: PLC0415 - the database

    _print_paper(booking, SLUGS[kind.replace("-", "_")], out, is_json)


@print_.command("timetable")
@click.argument("facility", metavar="ID|NAME")
@click.option("--day", "view", flag_value="day", default=True, help="One day; the usual.")
@click.option("--week", "view", flag_value="week", help="Seven days.")
@click.option(
    "--date",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day, or the first of seven; today if left out, and no day that is over.",
)
@click.option(
    "--audience",
    type=click.Choice(("public", "staff")),
    default="public",
    show_default=True,
    help="掲示用 without names, or 職員用 with names and telephones: not to be posted.",
)
@out_option
@json_option
@answering
def timetable(
    facility: str, view: str, first: datetime | None, audience: str, out: Path, is_json: bool
) -> None:
    """利用日程表 of a facility, by its number or its name: what is used when."""
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.actions import papers  # noqa: PLC0415 - the database
    from reservations.documents import Board  # noqa: PLC0415 - as above
    from reservations.queries import memory  # noqa: PLC0415 - as above

    now = clock.now()
    day = clock.local_day(now)
    if first is not None:
        day = max(day, first.date())
    board = Board(now, audience == "staff", settings().node_name)
    with opened(shows=SHOWS) as database, database.session() as session:
        known = memory.newest(database)
        place = _place(known, facility)
        document = papers.timetable(session, known, place, day, board, is_week=view == "week")
    drawn = document.draw()
    line = {"facility_id": place.id, "date": day, "view": view, "audience": audience}
    _write(drawn.pdf, out, is_json, {**line, "pages": drawn.pages})


@print_.command("pack")
@click.argument("facility", metavar="ID|NAME")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="The folder for the PDF, the plain text and their hashes.",
)
@click.option(
    "--forms",
    type=click.IntRange(1, 400),
    default=60,
    show_default=True,
    help="How many numbered application forms.",
)
@json_option
@answering
def pack(facility: str, out: Path, forms: int, is_json: bool) -> None:
    """紙運用セット of a facility: all that its desk needs while no machine runs.

    For staff only: names stand in it. Each pack has numbers of its own, which are never given
    again; `tonari paper open` lets it write on the ledger. Copied to TONARI_PACK_DIR if that is
    there.
    """
    from reservations.actions import packs  # noqa: PLC0415 - the database
    from reservations.queries import memory  # noqa: PLC0415 - as above

    with opened(shows=SHOWS) as database:
        known = memory.newest(database)
        place = _place(known, facility)
        made = packs.make(
            database, settings(), known, place, context_of_command(), out=out, forms=forms
        )
    if is_json:
        line = {"pad": made.pad, "facility_id": made.facility_id, "file": made.pdf.name}
        more = {"sha256": made.sha256, "pages": made.pages, "copied": bool(made.copied_to)}
        more["volumes"] = [made.pdf.name, *(each.name for each in made.more)]
        print_json({**line, **more})
    else:
        names = "、".join(each.name for each in (made.pdf, *made.more))
        click.echo(f"{made.pad}: {names}、{made.pages}ページ")


@print_.command("receipt")
@click.argument("number")
@click.option("--copy", "is_copy", is_flag=True, help="再発行: marked as a copy, the same number.")
@out_option
@json_option
@answering
def receipt(number: str, is_copy: bool, out: Path, is_json: bool) -> None:
    """領収書 by its number (01-R000123), at the node that received the money.

    The bytes of the receipt as it was issued, however often it is asked for.
    """
    from reservations.actions import receipts  # noqa: PLC0415 - the database
    from reservations.errors import Refusal, RefusalCode  # noqa: PLC0415 - as above
    from reservations.queries import memory, money  # noqa: PLC0415 - as above

    with opened(shows=SHOWS) as database, database.session() as session:
        known = memory.newest(database)
        payment_id = money.payment_of(session, number.strip().upper())
        if payment_id is None:
            raise Refusal(RefusalCode.NOT_FOUND)
        context = context_of_command()
        issued = receipts.receipt(session, known, payment_id, context, is_copy=is_copy)
    _write(issued.pdf, out, is_json, _issued_line(issued))


@print_.command("day-end")
@click.option(
    "--date",
    "asked",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day; today if left out.",
)
@out_option
@json_option
@answering
def day_end(asked: datetime | None, out: Path, is_json: bool) -> None:
    """現金日計表 of this node: what came in by budget code, the coins, the difference.

    Of a day that was closed the bytes as they were issued; before that with an empty table of
    coins, to be counted by hand, and nothing is kept.
    """
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.actions import receipts  # noqa: PLC0415 - the database
    from reservations.queries import memory  # noqa: PLC0415 - as above

    context = context_of_command()
    day = asked.date() if asked is not None else clock.local_day(context.now)
    with opened(shows=SHOWS) as database, database.session() as session:
        known = memory.newest(database)
        issued = receipts.day_sheet(session, known, day, context)
        if issued is not None:
            line = {"date": day, "closed": True, **_issued_line(issued)}
            _write(issued.pdf, out, is_json, line)
            return
        document = receipts.day_document(session, known, day, context)
    drawn = document.draw()
    _write(drawn.pdf, out, is_json, {"date": day, "closed": False, "pages": drawn.pages})


def _issued_line(issued: IssuedView) -> dict[str, Any]:
    return {
        "number": issued.number,
        "sha256": issued.sha256,
        "issued_at": issued.issued_at,
        "pages": issued.pages,
    }


def _print_paper(booking: str, kind: str, out: Path, is_json: bool) -> None:
    from reservations.actions import papers  # noqa: PLC0415 - the database
    from reservations.errors import Refusal, RefusalCode  # noqa: PLC0415 - as above
    from reservations.queries import bookings, memory, parties  # noqa: PLC0415 - as above

    with opened(shows=SHOWS) as database, database.session() as session:
        known = memory.newest(database)
        found = bookings.by_number(session, known, booking) or bookings.one(session, known, booking)
        if found is None:
            raise Refusal(RefusalCode.NOT_FOUND)
        issued = papers.paper(session, known, found, kind, context_of_command())
        # Also where the bytes are those that were kept.
        parties.looked_at(session, [found.party_id])
    line = {
        "number": issued.number,
        "booking": found.number,
        "sha256": issued.sha256,
        "issued_at": issued.issued_at,
        "pages": issued.pages,
    }
    _write(issued.pdf, out, is_json, line)


def _place(known: Memory, asked: str) -> Place:
    """The one facility with this number or name that lends something."""
    lending = [known.catalogue.places[place_id] for place_id in known.catalogue.units_of_place]
    found = [place for place in lending if asked in (str(place.id), place.name)]
    if len(found) > 1:
        numbers = "、".join(f"{place.id}（{place.town.name}）" for place in found)
        refuse(f"{asked}は{len(found)}か所あります。番号で指定してください: {numbers}")
    if not found:
        refuse(f"{asked}という施設は見つからないか、貸し出す室場がありません。")
    return found[0]


def context_of_command() -> Any:
    from reservations import clock  # noqa: PLC0415 - with the rest
    from reservations.actions.step import Context  # noqa: PLC0415 - the database

    chosen = settings()
    return Context("system", clock.now(), chosen.node_name, chosen.node_no)


def _write(pdf: bytes, out: Path, is_json: bool, line: dict[str, Any]) -> None:
    if str(out) == "-":
        sys.stdout.buffer.write(pdf)
        return
    out.write_bytes(pdf)
    if is_json:
        print_json({"file": out.name, "bytes": len(pdf), **line})
    else:
        click.echo(f"{out.name}: {line['pages']}ページ、{len(pdf):,}バイト")
