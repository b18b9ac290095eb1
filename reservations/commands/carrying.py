"""`tonari sync`: documents on their way, by mailbox or on a stick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from reservations.commands.common import answering, json_option, opened, print_json, refuse
from reservations.commands.nodes import NOT_ALL, now

# Why a file is not read in, by the beginning of the library's own words.
REASONS = {
    "this is no bundle": "Tonariの持ち運びファイルではありません。",
    "the bundle is not whole": "ファイルが途中で切れています。もう一度書き出してください。",
    "a bundle of another region": "別の地域のファイルです。",
    "written by somebody": "この地域で知られていない拠点が書いたファイルです。",
    "it has a certificate": "この地域が認めていない証明書が入っています。",
    "the signature is not": "書いた拠点の署名ではありません。",
    "the bundle was altered": "書き出したあとに内容が書き換えられています。",
}


# Why there is no contact, likewise.
TROUBLES = {
    "it does not answer": "応答がありません",
    "its certificate is not trusted": "証明書を確認できません",
    "it does not know our name or password": "利用者名かパスワードが違います",
    "it does not let us into this mailbox": "この通信先に入る権限がありません",
    "the mailbox is not there": "データベースがまだ作られていません",
    "it refuses requests of this size": "大きすぎると断られました",
    "it answers with an error": "エラーが返りました",
}


@click.group()
def sync() -> None:
    """Carry the ledger between nodes: through the mailboxes, or as one file on a stick.

    `tonari serve` carries by itself; these are for looking, for hurrying, and for a cut line.
    """


def _need_mailboxes(chosen: Any) -> None:
    if not chosen.has_mailboxes:
        refuse(
            "通信先が設定されていません。TONARI_MAILBOX_URL か TONARI_UPSTREAM_URL を設定するか、"
            "sync export で持ち運んでください。"
        )


@sync.command("now")
@json_option
@answering
def now_(is_json: bool) -> None:
    """Carry everything there is, once, through every mailbox. Exit 1 where one did not answer."""
    from reservations.actions import answering as answers  # noqa: PLC0415 - the database
    from reservations.actions import sharing  # noqa: PLC0415 - as above
    from reservations.mail import Mail  # noqa: PLC0415 - the client of CouchDB

    today, at = now()
    with opened() as database:
        desk = database.desk
        _need_mailboxes(desk.settings)
        mail = Mail(desk, desk.settings)
        try:
            answers.tend(desk, at=at)
            sharing.tend(desk, today=today, at=at)
            done = mail.once(today)
            if answers.tend(desk, at=at) + sharing.tend(desk, today=today, at=at):
                done = mail.once(today)
        finally:
            mail.stop()
    _show(done.mailboxes, done.errors, is_json)


@sync.command("status")
@json_option
@answering
def status(is_json: bool) -> None:
    """How each mailbox stands: what waits to be posted, what was not taken and why."""
    from reservations.mail import Mail  # noqa: PLC0415 - the client of CouchDB

    with opened() as database:
        desk = database.desk
        _need_mailboxes(desk.settings)
        mail = Mail(desk, desk.settings)
        try:
            found = mail.standing(now()[0])
        finally:
            mail.stop()
    _show(found, {}, is_json)


def _show(mailboxes: list[Any], errors: dict[str, str], is_json: bool) -> None:
    if is_json:
        shown = [
            {
                "mailbox": each.mailbox,
                "waiting": each.waiting,
                "error": errors.get(each.mailbox),
                "refused": [
                    {"id": one.id, "is_ours": one.is_ours, "why": one.why} for one in each.refused
                ],
            }
            for each in mailboxes
        ]
        print_json({"ok": not errors, "mailboxes": shown})
    else:
        for each in mailboxes:
            error = errors.get(each.mailbox, "")
            why = _in_words(error, TROUBLES) or error
            trouble = f"\tつながりません: {why}" if why else ""
            kept = f"、受け取られなかった文書{len(each.refused):,}件" if each.refused else ""
            click.echo(f"{each.mailbox}: 未送信{each.waiting:,}件{kept}{trouble}")
    sys.exit(NOT_ALL if errors else 0)


@sync.command("export")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@json_option
@answering
def export(file: Path, is_json: bool) -> None:
    """Write everything that this node knows as one signed file, for a stick.

    Any node of the region reads it with `tonari sync import`, in any order, as often as it likes.
    """
    from reservations.actions import answering as answers  # noqa: PLC0415 - the database
    from reservations.actions import publishing, sharing  # noqa: PLC0415 - as above
    from sync.carriers import bundle  # noqa: PLC0415 - as above

    with opened() as database:
        desk = database.desk
        if desk.is_home:
            publishing.keep_published(desk, 0, at=now()[1])
        while answers.tend(desk, at=now()[1], is_night=True):
            continue
        today, at = now()
        sharing.tend(desk, today=today, at=at)
        desk.settle()
        documents = bundle.export(desk.node, file)
    if is_json:
        print_json({"file": file.name, "documents": documents, "bytes": file.stat().st_size})
    else:
        click.echo(f"{file.name}: 記録{documents:,}件")


@sync.command("import")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@json_option
@answering
def import_(file: Path, is_json: bool) -> None:
    """Read a file that `tonari sync export` wrote at another node. Twice changes nothing.

    Refused, with the reason and exit 2: a file that is not whole or was altered, of another region,
    or by somebody who is not a node of this one. Nothing is changed then.
    """
    from reservations.actions import answering as answers  # noqa: PLC0415 - the database
    from reservations.actions import sharing  # noqa: PLC0415 - as above
    from sync.carriers import bundle  # noqa: PLC0415 - as above
    from sync.document import Malformed  # noqa: PLC0415 - as above

    with opened() as database:
        desk = database.desk
        try:
            done = bundle.load(desk.node, file)
        except Malformed as reason:
            words = _in_words(str(reason), REASONS)
            refuse(words or f"ファイルの中身が壊れています。({reason})")
        with desk.transaction() as store:
            desk.keep(store.session)
        today, at = now()
        answered = answers.tend(desk, at=at)
        sharing.tend(desk, today=today, at=at)
        desk.settle()
    line = {"file": file.name, "writer": done.writer, "documents": done.documents}
    line |= {"applied": len(done.receipt.applied), "waiting": done.receipt.waiting}
    line |= {"refused": done.receipt.refused, "answered": answered}
    if is_json:
        print_json(line)
    else:
        click.echo(
            f"{file.name}({done.writer}): 記録{done.documents:,}件のうち新しいもの"
            f"{line['applied']:,}件、保留{line['refused']:,}件"
        )


def _in_words(reason: str, known: dict[str, str]) -> str:
    for beginning, words in known.items():
        if reason.startswith(beginning):
            return words
    return ""
