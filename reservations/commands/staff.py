"""`tonari staff`: who works at the counter, and what they may do there, where and until when."""

from __future__ import annotations

from contextlib import contextmanager
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
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from reservations.actions.step import Context
    from reservations.queries.rights import GrantView

ROLES = {
    "counter": "窓口",
    "manager": "管理者",
    "approver": "決裁者",
    "cashier": "出納",
    "auditor": "監査",
}
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def staff() -> None:
    """Who works at the counter: accounts, their roles at a place, and groups of facilities.

    Nothing is allowed that no role allows: a new account can sign in and do nothing. Commands act
    as `system`, so keep them to whoever looks after the machine. Accounts and roles stay on this
    machine.
    """


@contextmanager
def _acting() -> Iterator[tuple[Session, Context]]:
    from reservations import clock  # noqa: PLC0415 - the database
    from reservations.actions.rights import SYSTEM  # noqa: PLC0415 - as above
    from reservations.actions.step import Context  # noqa: PLC0415 - as above

    chosen = settings()
    with opened() as database, database.session() as session:
        yield session, Context(SYSTEM, clock.now(), chosen.node_name, chosen.node_no)


def _account(session: Session, login: str) -> str:
    """The id of the member of staff with this login."""
    from reservations.queries import accounts  # noqa: PLC0415 - the database
    from reservations.web.auth import fold_login  # noqa: PLC0415 - Flask

    found = accounts.by_login(session, fold_login(login))
    if found is None or found.role != "staff":
        refuse(f"{login} という職員はいません。tonari staff list で確かめてください。")
    return found.account_id


@staff.command("add")
@click.argument("login")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="Its first line is the password; without it the password is asked for.",
)
@json_option
@answering
def add(login: str, password_file: Path | None, is_json: bool) -> None:
    """Make an account for the counter. LOGIN is a mail address or a name.

    It may do nothing there until `tonari staff grant` gives it a role.
    """
    from reservations.actions import rights  # noqa: PLC0415 - the database
    from reservations.web.auth import fold_login, hashed_password  # noqa: PLC0415 - Flask

    if password_file is not None:
        password = password_file.read_text(encoding="utf-8").splitlines()[0]
    else:
        password = click.prompt("パスワード", hide_input=True, confirmation_prompt=True, err=True)
    password_hash = hashed_password(password, settings().argon2_memory_kib)
    with _acting() as (session, context):
        asked = rights.StaffRequest(fold_login(login), password_hash)
        made = rights.add_staff(session, asked, context)
    if is_json:
        print_json({"account": str(made), "login": asked.login})
    else:
        click.echo(f"{asked.login} を登録しました。tonari staff grant で役割を付けてください。")


@staff.command("list")
@click.option("--all", "is_all", is_flag=True, help="Also what was revoked or has ended.")
@json_option
@answering
def list_(is_all: bool, is_json: bool) -> None:
    """Everybody at the counter with their roles: number, login, role, place, from, until."""
    from reservations import clock  # noqa: PLC0415 - with the query
    from reservations.queries import rights  # noqa: PLC0415 - the database

    today = clock.local_day(clock.now())
    with opened() as database, database.session() as session:
        everybody = rights.staff(session)
        found = [each for each in rights.given(session) if is_all or _stands(each, today)]
    without = set(everybody) - {each.account_id for each in found}
    lines = [_line(each) for each in found]
    if is_json:
        names = sorted(everybody[each] for each in without)
        print_json({"grants": lines, "without": names})
        return
    for line in lines:
        until = line["until"] or "期限なし"
        ended = "  取消ずみ" if line["revoked_at"] else ""
        said = line["login"], ROLES[line["role"]], line["at"], f"{line['since']}〜{until}{ended}"
        click.echo("\t".join((line["id"], *said)))
    for each in sorted(everybody[each] for each in without):
        click.echo(f"-\t{each}\t役割なし")


def _stands(each: GrantView, today: Any) -> bool:
    is_over = each.grant.until is not None and each.grant.until < today
    return each.revoked_at is None and not is_over


def _line(each: GrantView) -> dict[str, Any]:
    grant = each.grant
    return {
        "id": each.id,
        "login": each.login,
        "role": grant.role.value,
        "at": each.at,
        "town": grant.area.town,
        "group": grant.area.group_id,
        "facility": grant.area.facility_id,
        "since": grant.since,
        "until": grant.until,
        "given_by": each.given_by,
        "revoked_at": each.revoked_at,
    }


@staff.command("grant")
@click.argument("login")
@click.argument("role", type=click.Choice(list(ROLES)))
@click.option("--town", metavar="CODE", help="In this town; six-digit code.")
@click.option("--group", metavar="NAME", help="At the facilities of this group.")
@click.option("--facility", type=int, metavar="NUMBER", help="At this facility.")
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="From this day; today if left out.")
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="The last day; without it, no end.")
@json_option
@answering
def grant(
    login: str,
    role: str,
    town: str | None,
    group: str | None,
    facility: int | None,
    since: datetime | None,
    until: datetime | None,
    is_json: bool,
) -> None:
    """Give LOGIN a role at one place: a town, a group of facilities, or one facility."""
    from reservations import clock  # noqa: PLC0415 - with what it is used for
    from reservations.actions import rights  # noqa: PLC0415 - the database
    from reservations.queries import rights as rights_query  # noqa: PLC0415 - as above
    from reservations.rules.rights import Area, Grant, Role  # noqa: PLC0415 - as above

    if sum(each is not None for each in (town, group, facility)) != 1:
        refuse("--town、--group、--facility のどれか一つで場所を指定してください。")
    with _acting() as (session, context):
        group_id = None
        if group is not None:
            known = {name: each for each, name in rights_query.groups(session).items()}
            if group not in known:
                refuse(f"{group} というグループはありません。tonari staff group で作れます。")
            group_id = known[group]
        first = since.date() if since else clock.local_day(context.now)
        last = until.date() if until else None
        wanted = Grant(Role(role), Area(town, group_id, facility), first, last)
        asked = rights.GiveRequest(_account(session, login), wanted)
        done = str(rights.give(session, asked, context))
    if is_json:
        print_json({"grant": done})
    else:
        click.echo(f"{login} に{ROLES[role]}の役割を付けました。番号: {done}")


@staff.command("revoke")
@click.argument("grant_id", metavar="NUMBER")
@json_option
@answering
def revoke(grant_id: str, is_json: bool) -> None:
    """Take a role back, at once. NUMBER is the first column of `tonari staff list`."""
    from reservations.actions import rights  # noqa: PLC0415 - the database

    with _acting() as (session, context):
        rights.revoke(session, rights.RevokeRequest(grant_id), context)
    if is_json:
        print_json({"revoked": grant_id})
    else:
        click.echo("役割を取り消しました。次の操作から効きます。")


@staff.command("group")
@click.argument("name")
@click.option(
    "--facility", "facilities", type=int, multiple=True, metavar="NUMBER", help="One of its list."
)
@json_option
@answering
def group(name: str, facilities: tuple[int, ...], is_json: bool) -> None:
    """指定管理者: make a group of facilities, over towns too, or give NAME another whole list."""
    from reservations.actions import rights  # noqa: PLC0415 - the database

    with _acting() as (session, context):
        rights.name_group(session, rights.GroupRequest(name, facilities), context)
    if is_json:
        print_json({"group": name, "facilities": list(facilities)})
    else:
        click.echo(f"{name}: {len(facilities)}施設")


@staff.command("code")
@click.argument("login")
@json_option
@answering
def code(login: str, is_json: bool) -> None:
    """Give LOGIN a new key for the telephone and ten sealed codes: shown this once.

    From now on LOGIN signs in with the password and a code; the key and the codes that were there
    before end, and so do the passkeys: the telephone that is lost may hold one.
    Print it, cut it, seal the ten codes in an envelope.
    """
    import secrets  # noqa: PLC0415 - with what it is used for

    from reservations.actions import passkeys, second_step  # noqa: PLC0415 - the database
    from reservations.rules import codes  # noqa: PLC0415 - as above

    key = codes.new_secret()
    sealed = [codes.sealed_code(secrets.token_bytes(16)) for _ in range(codes.SEALED_CODES)]
    with _acting() as (session, context):
        account_id = _account(session, login)
        second_step.set_second_step(session, second_step.KeyRequest(account_id, key), context)
        hashes = tuple(codes.sealed_hash(each) for each in sealed)
        second_step.seal_codes(session, second_step.SealRequest(account_id, hashes), context)
        passkeys.remove_passkeys(session, passkeys.RemoveAllRequest(account_id), context)
    address = codes.key_address(key, login, "となり")
    if is_json:
        print_json({"login": login, "key": key, "address": address, "codes": sealed})
        return
    click.echo(f"{login} の認証アプリの鍵: {key}\n{address}\n\n緊急コード（一つは一度だけ）:")
    for each in sealed:
        click.echo(f"  {each}")


@staff.command("sign-out")
@click.argument("login")
@json_option
@answering
def sign_out(login: str, is_json: bool) -> None:
    """End every session of LOGIN: for somebody who left, or a machine that was lost."""
    from reservations.actions import accounts  # noqa: PLC0415 - the database

    with _acting() as (session, context):
        account_id = _account(session, login)
        asked = accounts.SignOutEverywhereRequest(account_id)
        accounts.sign_out_everywhere(session, asked, context)
    if is_json:
        print_json({"signed_out": login})
    else:
        click.echo(f"{login} をすべての端末からログアウトさせました。")
