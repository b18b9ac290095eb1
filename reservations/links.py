"""ログインのリンクを届ける: whoever asked for a link gets a new one by mail, to the address that is
known here and to no other.

The link itself is kept nowhere: it is made when it is sent, and only its hash stays. A round that
is cut off sends a second one, and the first works as well until it runs out.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

import structlog

from reservations import clock, smtp
from reservations.actions.accounts import LinkRequest, issue_link
from reservations.actions.links import EndRequest, end_link_wish
from reservations.actions.step import by_itself
from reservations.config import Settings
from reservations.db import Database
from reservations.errors import Outage
from reservations.queries import accounts
from reservations.queries.accounts import Wanted
from reservations.web import language
from reservations.web import letters as spoken
from reservations.web.auth import new_token, token_hash

VALID = timedelta(minutes=30)
# Nobody waits for a mail any longer than this.
GIVEN_UP_AFTER = timedelta(hours=1)
LINKS_A_ROUND = 50

log = structlog.get_logger("tonari.links")


def deliver(database: Database, settings: Settings) -> int:
    """One round; returns how many went out. At the first silence of the server it ends."""
    if not settings.can_mail_links:
        return 0
    with database.session() as session:
        wanted = accounts.wanted_links(session, limit=LINKS_A_ROUND)
    sent = 0
    for each in wanted:
        to = smtp.address_of(each.login, each.email)
        is_late = clock.now() - each.asked_at > GIVEN_UP_AFTER
        try:
            is_sent = bool(to) and not is_late and _send(database, settings, each, to)
        except Outage as outage:
            log.warning("a link did not go", account=each.account_id, why=str(outage))
            break
        with database.session() as session:
            ended = EndRequest(each.account_id, is_sent)
            end_link_wish(session, ended, by_itself(settings, clock.now()))
        sent += is_sent
    return sent


def _send(database: Database, settings: Settings, wanted: Wanted, to: str) -> bool:
    """raises   Outage"""
    token = new_token()
    with database.session() as session:
        issued = LinkRequest(wanted.account_id, token_hash(token), VALID)
        issue_link(session, issued, by_itself(settings, clock.now()))
    with language.speaking(wanted.locale):
        said = spoken.link(f"{settings.site_url}/enter/{token}", VALID)
    name = f"link-{secrets.token_hex(8)}"
    mail = smtp.Mail(name, to, said.subject, said.text, wanted.locale, clock.now())
    try:
        smtp.send(settings, mail)
    except smtp.Unwanted as unwanted:
        log.warning("a link was not taken", account=wanted.account_id, why=str(unwanted))
        return False
    return True
