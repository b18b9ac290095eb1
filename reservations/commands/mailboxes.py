"""`tonari sync prepare`: the databases of a fiscal year, made by the administrator of a CouchDB."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reservations.commands.carrying import TROUBLES
from reservations.commands.common import answering, json_option, opened, print_json, refuse
from reservations.commands.nodes import now

if TYPE_CHECKING:
    from reservations.mailboxes import Prepared, User


@click.command("prepare")
@click.option("--url", default="", metavar="URL", help="The CouchDB; default: this node's mailbox.")
@click.option(
    "--admin", default="admin", show_default=True, metavar="NAME", help="Its administrator."
)
@click.option(
    "--admin-password-file", "secret", metavar="FILE", required=True,
    type=click.Path(path_type=Path), help="The administrator's password; - reads it from stdin.",
)  # fmt: skip
@click.option(
    "--year", "years", multiple=True, type=click.IntRange(2020, 2200), metavar="YYYY",
    help="A fiscal year; default: those that can be booked, and the next one a month early.",
)  # fmt: skip
@click.option(
    "--user", "users", multiple=True, metavar="NAME",
    help="Who may enter from now on; may be given several times. Nobody is shut out.",
)  # fmt: skip
@click.option(
    "--passwords", metavar="FOLDER", default=Path(), type=click.Path(path_type=Path),
    help="Where the password of a new user goes, as NAME-password; default: here.",
)  # fmt: skip
@json_option
@answering
def prepare(
    url: str,
    admin: str,
    secret: Path,
    years: tuple[int, ...],
    users: tuple[str, ...],
    passwords: Path,
    is_json: bool,
) -> None:
    """Prepare a CouchDB for a fiscal year: its databases, users, and who may enter.

    One database for each town and year (`ev-172014-2026`), and `public`. A new year's takes over
    who may enter the year before's. Run it again whenever you like: what is there stays as it is.
    A new user's password is made here and lies in a file; bring that file to the node.
    """
    from reservations import mail, mailboxes  # noqa: PLC0415 - the client of CouchDB
    from sync.carriers import couch  # noqa: PLC0415 - as above

    if wrong := [name for name in users if not mailboxes.NAME.fullmatch(name)]:
        refuse(f"利用者名に使えるのは英小文字、数字、「-」「.」です: {wrong[0]}")
    with opened() as database, database.session() as session:
        chosen = database.desk.settings
        carried = mail.towns(session, chosen)
    days = chosen.horizon_days + mail.EARLY_DAYS
    scopes = mail.scopes(carried, now()[0], days)
    if years:
        scopes = [couch.PUBLIC, *(f"{town}-{year}" for town in carried for year in sorted(years))]
    if not (url or chosen.mailbox_url):
        refuse("--url か TONARI_MAILBOX_URL で通信先を指定してください。")
    server = couch.Server(
        couch.Address(
            url or chosen.mailbox_url, admin, _read(secret), ca_file=chosen.mailbox_ca_file
        )
    )
    try:
        made = mailboxes.let_in(server, users, passwords)
        done = mailboxes.prepare(server, scopes, users)
    except couch.NoContact as error:
        refuse(f"{server.address.url}: {TROUBLES.get(error.trouble.value, error.trouble.value)}")
    except mailboxes.NobodyNamed as name:
        refuse(f"{name} に入れる利用者を --user で指定してください。")
    except couch.NotPrepared as reason:
        refuse(f"{server.address.url}: だれでも入れる設定のままです。({reason})")
    finally:
        server.close()
    _show(server.address.url, done, made, is_json)


def _read(file: Path) -> str:
    return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).strip()


def _show(url: str, done: list[Prepared], made: list[User], is_json: bool) -> None:
    if is_json:
        databases = [
            {"name": each.database, "made": each.is_new, "members": each.members} for each in done
        ]
        people = [
            {"name": each.name, "made": each.is_new, "password_file": each.file or None}
            for each in made
        ]
        print_json({"url": url, "databases": databases, "users": people})
        return
    for each in done:
        state = "作成しました" if each.is_new else "あります"
        click.echo(f"{each.database}: {state}。入れる利用者: {'、'.join(each.members) or 'なし'}")
    for user in made:
        state = f"作成しました。パスワード: {user.file}" if user.is_new else "あります"
        click.echo(f"{user.name}: {state}")
