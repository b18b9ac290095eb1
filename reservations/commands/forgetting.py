"""`tonari node forget`: a person is forgotten for good, when two officers want it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reservations.commands.common import answering, json_option, print_json, refuse
from reservations.commands.nodes import NOT_ALL, at_desk, now, officer_key

if TYPE_CHECKING:
    from reservations.desk import Desk
    from sync.document import SigningKey


@click.command("forget")
@click.argument("party")
@click.option(
    "--officer", type=click.Path(path_type=Path, exists=True), metavar="FILE",
    help="The key file of the officer who asks or, with --request, of the other one who agrees.",
)  # fmt: skip
@click.option("--request", default="", metavar="NUMBER", help="What the first officer was told.")
@json_option
@answering
def forget(party: str, officer: Path | None, request: str, is_json: bool) -> None:
    """At the hub: forget a person or group for good, here and at every node. PARTY is the id.

    It cannot be undone, so two officers do it, one after the other. The first asks with --officer,
    and is told a number; nothing has happened then. Within 14 days the second agrees, with that
    number as --request and a key of their own as --officer.

    Name, reading, telephone, address and residency are blanked, the login is ended, issued papers
    are deleted, and the key is destroyed that opens what was sealed of them. Each node that was
    given the key does the same when it hears of it, takes a new key of its own, and says so. Exit 0
    when all have said so, 1 while some have not: run it again with PARTY alone, or look at `tonari
    node status`.
    """
    key = officer_key(officer) if officer else None
    if request and key is None:
        refuse("--officer で、承認する責任者の鍵を指定してください。")
    with at_desk() as desk:
        if not desk.is_home:
            refuse("利用者情報の消去は、本部の機械で実行してください。")
        if key is not None and not request:
            _ask(desk, party, key, is_json)
            return
        waiting = _forget(desk, party, request, key)
    if is_json:
        print_json({"party": party, "waiting": waiting})
    elif waiting:
        click.echo(f"ここでは消去しました。まだ返事のない拠点: {'、'.join(waiting)}")
    else:
        click.echo("すべての拠点で消去しました。")
    sys.exit(NOT_ALL if waiting else 0)


def _ask(desk: Desk, party: str, key: SigningKey, is_json: bool) -> None:
    from reservations import clock  # noqa: PLC0415 - with the action
    from reservations.actions import forgetting  # noqa: PLC0415 - the database
    from reservations.actions.step import Context  # noqa: PLC0415 - as above
    from reservations.events import ForgettingAsked  # noqa: PLC0415 - as above

    own = desk.settings
    context = Context("system", clock.now(), own.node_name, own.node_no)
    with desk.database.session() as session:
        wish = forgetting.AskToForgetRequest(party, key)
        fact = forgetting.ask_to_forget(session, wish, context).fact
    assert isinstance(fact, ForgettingAsked)
    if is_json:
        print_json({"party": party, "request": fact.request})
        return
    click.echo(
        f"消去の申請を受け付けました(番号 {fact.request})。まだ何も消去していません。\n"
        f"{forgetting.ASKED_FOR.days}日以内に、別の責任者が次のとおり承認すると消去します。\n"
        f"tonari node forget {party} --request {fact.request} --officer FILE"
    )


def _forget(desk: Desk, party: str, request: str, key: SigningKey | None) -> list[str]:
    """Forget here and tell everybody; returns the nodes that have yet to say that they did."""
    from reservations import clock, party_feed  # noqa: PLC0415 - with the action
    from reservations.actions import forgetting, sharing  # noqa: PLC0415 - the database
    from reservations.actions.step import Context  # noqa: PLC0415 - as above
    from reservations.queries.forgetting import undestroyed  # noqa: PLC0415 - as above

    today, at = now()
    own = desk.settings
    context = Context("system", clock.now(), own.node_name, own.node_no)
    with desk.database.session() as session:
        if key is None and not party_feed.known_forgotten(session, party):
            refuse(
                "消去には責任者2人の鍵が要ります。1人目は --officer で申請し、"
                "2人目は --request と --officer で承認します。"
            )
        session.rollback()
        wish = forgetting.ForgetPartyRequest(party, request, key)
        forgetting.forget_party(session, wish, context)
    sharing.tend(desk, today=today, at=at)
    desk.database.scrub(party_feed.SCRUBBED)
    with desk.database.session() as session:
        return undestroyed(session, desk).get(party, [])
