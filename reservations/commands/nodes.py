"""`tonari node`: who holds which sheets, and how a machine joins, leaves and begins again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
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
    from reservations.actions.moving import Moved
    from reservations.desk import Desk
    from reservations.mail import Unprepared
    from sync.document import SigningKey

file_argument = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
NOT_ALL = 1
# Why a sheet stayed where it was; the library's other words are shown as they are.
REASONS = {
    "not the holder": "ここにはありません",
    "suspended": "この拠点は停止中です",
    "forked": "台帳が分かれています",
    "may not adopt": "引き取る資格がないか、署名が足りません",
}


@click.group()
def node() -> None:
    """Nodes of a region: who holds which facility's day, and may promise there.

    The hub admits a node, which gives one file for a stick; `tonari node init` makes a new machine
    that node. From then on the near dates of its facilities are handed to it each evening, and it
    goes on lending while the line is cut.
    """


@contextmanager
def at_desk() -> Iterator[Desk]:
    """This machine's desk; what cannot be done is one clear line."""
    from reservations.stick import NotAdmitted  # noqa: PLC0415 - the whole application

    with opened() as database:
        with database.session() as session:
            database.desk.learn(session)
        try:
            yield database.desk
        except NotAdmitted as reason:
            refuse(str(reason))


def now() -> tuple[date, int]:
    """Today, and this moment as the ledger's lines have it."""
    from reservations import clock, sheets  # noqa: PLC0415 - the ledger

    instant = clock.now()
    return clock.local_day(instant), sheets.milliseconds(instant)


@node.command("admit")
@click.argument("name")
@click.option(
    "--facility", "facilities", type=int, multiple=True, metavar="ID",
    help="A facility that the node serves; may be given several times.",
)  # fmt: skip
@click.option(
    "--number", type=click.IntRange(2, 99), metavar="NN",
    help="First part of its booking numbers; default: the next that is free.",
)  # fmt: skip
@click.option("--witness", default="", metavar="NAME", help="Where its lines are kept twice.")
@click.option(
    "--request", type=click.Path(path_type=Path, exists=True), metavar="FILE",
    help="What `tonari node restore --request` wrote on a machine that begins again.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="The file for the stick.",
)  # fmt: skip
@json_option
@answering
def admit(
    name: str,
    facilities: tuple[int, ...],
    number: int | None,
    witness: str,
    request: Path | None,
    out: Path,
    is_json: bool,
) -> None:
    """At the hub: certify the node NAME and write its file, for `tonari node init`.

    The file holds what is lent, the sheets of its facilities, and its key under a one-time code
    that is printed here once. Tell the code on another way than the file. A name that is there
    already becomes its next incarnation: with --request for a restored machine, without it for a
    new machine in place of a lost one.
    """
    from reservations import stick  # noqa: PLC0415 - the whole application

    with at_desk() as desk:
        done = stick.admit(
            desk, name, out, number=number or stick.free_number(desk), facilities=facilities,
            witness=witness, request=request, at=now()[1],
        )  # fmt: skip
    if is_json:
        line = {"node": done.node, "incarnation": done.incarnation, "code": done.code or None}
        print_json({**line, "facilities": done.facilities, "documents": done.documents})
        return
    click.echo(f"{out.name}: {name} 第{done.incarnation}世代、記録{done.documents:,}件")
    if done.code:
        click.echo(f"合言葉(この1回だけ表示します): {done.code}")


@node.command("officer")
@click.argument("name")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="Where the officer's key goes: a stick of the officer's own.",
)  # fmt: skip
@json_option
@answering
def officer(name: str, out: Path, is_json: bool) -> None:
    """At the hub: certify somebody whose signature counts where two people have to agree.

    Two officers together can have lost sheets adopted (`tonari node adopt --officer`) and a person
    forgotten (`tonari node forget`).
    """
    from reservations import stick  # noqa: PLC0415 - the whole application

    with at_desk() as desk:
        key = stick.officer(desk, name, out)
    if is_json:
        print_json({"officer": name, "key": key})
    else:
        click.echo(f"{out.name}: {name}の鍵です。本人が保管してください。")


@node.command("init")
@file_argument
@click.option("--code", default="", metavar="CODE", help="The one-time code; asked for without it.")
@json_option
@answering
def init(file: Path, code: str, is_json: bool) -> None:
    """On a new machine: become the node that FILE is for. Then `tonari serve` serves.

    FILE is what `tonari node admit` wrote. Name and number of the node come with it. Where the
    node has a witness, TONARI_WITNESSES says where that lies.
    """
    from reservations import stick  # noqa: PLC0415 - the whole application
    from sync.document import Malformed  # noqa: PLC0415 - as above

    code = code or click.prompt("合言葉", err=True)
    try:
        desk = stick.begin(settings(), file, code, at=now()[1])
    except stick.NotAdmitted as reason:
        refuse(str(reason))
    except Malformed as reason:
        refuse(f"拠点のファイルが壊れています。({reason})")
    line = {"node": desk.name, "number": desk.settings.node_no}
    line |= {"incarnation": desk.node.me.incarnation}
    desk.database.dispose()
    if is_json:
        print_json(line)
    else:
        click.echo(f"この機械は{line['node']}です。tonari serve で始められます。")


@node.command("status")
@json_option
@answering
def status(is_json: bool) -> None:
    """Which sheets are held here, who was heard last, what waits, and what people must look at.

    Exit 0 when all is well, 1 when the node is suspended, a sheet is forked, documents are kept
    apart, or a mailbox is lacking that days to be booked need. The next fiscal year's is asked for
    a month early; `tonari sync prepare` makes it.
    """
    from reservations import clock  # noqa: PLC0415 - with the queries
    from reservations.queries import forgetting, ledger, letters  # noqa: PLC0415 - the database

    with at_desk() as desk:
        with desk.database.session() as session:
            found = ledger.standing(session, desk, today=now()[0])
            outgoing = letters.counts(session)
            undestroyed = forgetting.undestroyed(session, desk) if desk.is_home else {}
        lacking = _lacking(desk)
        contact, suspended = ledger.contact(desk), desk.why_suspended()
        line: dict[str, Any] = {"node": desk.name, "incarnation": desk.node.me.incarnation}
        line |= {"is_hub": desk.is_home, "region": desk.directory.region, "suspended": suspended}
        line |= {"witness": desk.node.me.witness if desk.has_witness else None}
        line |= {"cut_off": contact.is_cut_off(clock.now())}
        line |= {"last_contact": contact.last and clock.local(contact.last)}
    line |= {"held": [name.text for name in found.held_here]}
    line |= {"held_elsewhere": len(found.held_elsewhere), "waiting": found.waiting}
    line |= {"unwitnessed": found.unwitnessed, "forked": found.forked}
    line |= {"quarantine": found.quarantine, "undestroyed": undestroyed}
    line |= {"letters": {state: outgoing[state] for state in letters.OPEN}}
    line |= {"mailboxes_lacking": [each.mailbox for each in lacking]}
    is_lacking = any(each.is_due for each in lacking)
    is_well = not (suspended or found.forked or found.quarantine or is_lacking)
    if is_json:
        print_json({"ok": is_well, **line})
    else:
        _show(line)
    sys.exit(0 if is_well else NOT_ALL)


def _lacking(desk: Desk) -> list[Unprepared]:
    if not desk.settings.has_mailboxes:
        return []
    from reservations.mail import unprepared  # noqa: PLC0415 - the client of CouchDB

    return unprepared(desk, desk.settings, now()[0])


def _show(line: dict[str, Any]) -> None:
    whole = "(ほかの拠点にない台帳はすべてここです)" if line["is_hub"] else ""
    last = f"{line['last_contact']:%Y-%m-%d %H:%M:%S}" if line["last_contact"] else "なし"
    for name, seen in (
        ("拠点", f"{line['node']} 第{line['incarnation']}世代"),
        ("停止", line["suspended"] or "していません"),
        ("通信", "回線なし" if line["cut_off"] else "通常"),
        ("最後の通信", last),
        ("保持する台帳", f"{len(line['held']):,}件{whole}"),
        ("ほかの拠点の台帳", f"{line['held_elsewhere']:,}件"),
        ("返事待ちの仮受付", f"{line['waiting']:,}件"),
        ("控えを待つ記入", f"{line['unwitnessed']:,}件"),
        ("分かれた台帳", f"{line['forked']:,}件"),
        ("保留した文書", f"{sum(line['quarantine'].values()):,}件"),
        ("窓口から伝える知らせ", f"{line['letters']['to_hand_over']:,}件"),
        ("送信を待つ知らせ", f"{line['letters']['to_send'] + line['letters']['failed']:,}件"),
        ("消去の返事待ち", f"{len(line['undestroyed']):,}人"),
    ):
        click.echo(f"{name}: {seen}")
    for mailbox in line["mailboxes_lacking"]:
        click.echo(f"通信先がありません: {mailbox} (本部の管理者が tonari sync prepare で作ります)")


@node.command("hand-over")
@click.argument("sheets", nargs=-1, metavar="[FACILITY DATE]…")
@click.option("--to", metavar="NODE", help="Who holds them next; default: who should.")
@json_option
@answering
def hand_over(sheets: tuple[str, ...], to: str | None, is_json: bool) -> None:
    """Hand sheets to another node: these facilities' days, or by itself what is due.

    Without sheets the hub hands the near dates to the nodes that serve them, as each evening, and
    a node hands everything from today on back. Dates are YYYY-MM-DD.
    """
    from reservations.actions import moving  # noqa: PLC0415 - the database

    today, at = now()
    with at_desk() as desk:
        if sheets:
            receiver = to or _home(desk)
            moved = moving.hand_over(desk, dict.fromkeys(_names(desk, sheets), receiver), at=at)
        elif desk.is_home:
            wanted = moving.near_sheets(desk, today)
            near = {name: n for name, n in wanted.items() if n != desk.name and to in (None, n)}
            moved = moving.hand_over(desk, near, at=at)
        else:
            moved = moving.hand_back(desk, today, at=at)
    _report(moved, "引継ぎ", is_json)


def _home(desk: Desk) -> str:
    home = desk.directory.member(desk.directory.home)
    if home is None or desk.is_home:
        refuse("--to で引継ぎ先の拠点を指定してください。")
    return home.node


def _names(desk: Desk, words: tuple[str, ...]) -> list[Any]:
    from reservations.models import Facility  # noqa: PLC0415 - the database
    from reservations.sheets import SheetName  # noqa: PLC0415 - as above

    if len(words) % 2:
        refuse("施設番号と日付を組にして指定してください。例: 12 2026-06-13")
    found = []
    with desk.database.session() as session:
        for facility, day in zip(words[::2], words[1::2], strict=True):
            try:
                row, when = session.get(Facility, int(facility)), date.fromisoformat(day)
            except ValueError:
                refuse(f"施設番号と日付を読めません: {facility} {day}")
            if row is None:
                refuse(f"施設番号{facility}がありません。")
            found.append(SheetName(row.municipality_code, row.id, when))
    return found


def _report(moved: Moved, word: str, is_json: bool) -> None:
    kept = {name.text: REASONS.get(why, why) for name, why in moved.kept.items()}
    if is_json:
        print_json({"moved": [name.text for name in moved.given], "kept": kept})
    else:
        for name, why in kept.items():
            click.echo(f"{name}: {why}", err=True)
        click.echo(f"{word}{len(moved.given):,}件、できなかったもの{len(kept):,}件")
    sys.exit(NOT_ALL if kept else 0)


def officer_key(file: Path) -> SigningKey:
    """What lies on an officer's stick."""
    from sync.document import SigningKey  # noqa: PLC0415 - the ledger

    try:
        return SigningKey(bytes.fromhex(file.read_text(encoding="utf-8").strip()))
    except ValueError:
        refuse("--officer のファイルが鍵ではありません。")


@node.command("adopt")
@click.argument("name")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="The first date; default: today.",
)  # fmt: skip
@click.option(
    "--officer", "officers", type=click.Path(path_type=Path, exists=True), multiple=True,
    metavar="FILE", help="An officer's key file; two are needed.",
)  # fmt: skip
@json_option
@answering
def adopt(name: str, since: Any, officers: tuple[Path, ...], is_json: bool) -> None:
    """Take over the sheets of the lost node NAME, through its witness.

    The witness is read to its last line, and the adoption is appended there: if the node is alive
    after all, its next line is refused by that. TONARI_WITNESSES says where the witness lies.

    Where the witness is lost as well, two officers sign: each brings the key file that `tonari node
    officer` wrote, and gives it with --officer. Their signatures stand under one statement a sheet,
    which names the sheet, the number and hash of its last line that is known here, and the node
    that takes it over; so they can be used nowhere else. What the lost node promised after that
    line is known from the permits in people's hands only. Exit 1 where a sheet could not be taken.
    """
    from reservations.actions import moving  # noqa: PLC0415 - the database

    today, at = now()
    if officers and len(officers) != 2:
        refuse("--officer は2人分を指定してください。")
    with at_desk() as desk:
        if not desk.directory.incarnations(name) or name == desk.name:
            refuse(f"{name}は、引き取れる拠点ではありません。")
        keys = [officer_key(file) for file in officers]
        first = since.date() if since else today
        moved = moving.adopt(desk, name, since=first, at=at, officers=keys)
    _report(moved, "引取り", is_json)


@node.command("restore")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]…")
@click.option(
    "--request", type=click.Path(path_type=Path), metavar="OUT",
    help="First step at a node: make a new key and write the request for the hub.",
)  # fmt: skip
@json_option
@answering
def restore(files: tuple[Path, ...], request: Path | None, is_json: bool) -> None:
    """Begin again on a machine that was restored from a copy: the only way that is safe.

    Stop `tonari serve` first. At a node run this with --request OUT, take OUT to the hub, run
    `tonari node admit NAME --request OUT --out FILE` there, and this again with FILE. The witness
    is read, what the earlier incarnation held is taken over, and a copy of it that still runs is
    fenced off.

    At the hub run it without --request, after database and data folder are back. It reads the
    witness, the mailboxes, and each FILE that `tonari sync export` wrote at a node, and promises
    nothing until all of that has been read; where it stops, mend what it names and run it again.
    """
    from reservations import stick  # noqa: PLC0415 - the whole application

    with at_desk() as desk:
        if desk.is_home:
            if request is not None:
                refuse("本部では --request は要りません。node restore だけを実行してください。")
            line, words = _restore_hub(desk, files)
        elif request is not None and not files:
            stick.ask_again(desk, request)
            line = {"node": desk.name, "request": request.name}
            words = f"{request.name}を本部へ届けてください。それまで、この拠点は停止します。"
        elif request is None and len(files) == 1:
            renewed = stick.restore(desk, files[0], at=now()[1])
            line = {"node": renewed.name, "incarnation": renewed.node.me.incarnation}
            words = f"{renewed.name}は第{line['incarnation']}世代として再開できます。"
        else:
            refuse("--request OUT か FILE のどちらかを指定してください。")
    if is_json:
        print_json(line)
    else:
        click.echo(words)


def _restore_hub(desk: Desk, files: tuple[Path, ...]) -> tuple[dict[str, Any], str]:
    from reservations import renewal  # noqa: PLC0415 - the whole application
    from sync.document import Malformed  # noqa: PLC0415 - as above

    today, at = now()

    def carry(renewed: Desk) -> dict[str, str]:
        if not renewed.settings.has_mailboxes:
            return {}
        from reservations.mail import Mail  # noqa: PLC0415 - the client of CouchDB

        mail = Mail(renewed, renewed.settings)
        try:
            return mail.once(today).errors
        finally:
            mail.stop()

    try:
        done = renewal.restore_hub(desk, files=files, carry=carry, at=at)
    except Malformed as reason:
        refuse(f"持ち運びファイルを読めません。({reason})")
    line = {"node": done.desk.name, "incarnation": done.desk.node.me.incarnation}
    line |= {"came_back": done.came_back}
    words = f"本部は第{line['incarnation']}世代として再開できます。戻った予約{done.came_back:,}件。"
    return line, words


@node.command("retire")
@click.argument("name", required=False)
@json_option
@answering
def retire(name: str | None, is_json: bool) -> None:
    """Take a node out of service for good: on its own machine, then with its NAME at the hub.

    On its own machine it hands back what it holds and is suspended. At the hub its facilities stay
    with the hub from then on; refused while it still holds a sheet from today on.
    """
    from reservations import stick  # noqa: PLC0415 - the whole application

    today, at = now()
    with at_desk() as desk:
        line = stick.retire(desk, name or desk.name, today, at=at)
    if is_json:
        print_json(line)
    else:
        click.echo(f"{line['node']}: 戻した台帳{line['given']}件、外した施設{line['facilities']}件")
