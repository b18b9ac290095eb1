"""知らせを届ける: the outbox is worded, and given to the mail server or to a clerk.

A round may be done twice, late, or cut off anywhere: a letter gets its words once, and of two who
would send it one does. A machine that stops between the server's yes and our note of it sends the
letter once more, under the same Message-ID: better twice than never.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from reservations import clock, smtp
from reservations.actions import letters as outbox
from reservations.actions.letters import Attempt, LetterRequest, Outcome, Worded
from reservations.actions.step import Action, by_itself
from reservations.config import Settings
from reservations.db import Database
from reservations.errors import Outage, Refusal, RefusalCode
from reservations.queries import attendance, letters, memory, nearby, parties, reductions
from reservations.queries.attendance import Struck
from reservations.queries.letters import LetterView
from reservations.queries.nearby import Alternative
from reservations.queries.reductions import Decided
from reservations.rules import letters as rules
from reservations.web import language
from reservations.web import letters as spoken

LETTERS_A_ROUND = 100
# Longer than the mail server may take: nobody else sends a letter before that.
LEASE = timedelta(minutes=15)
# In place of the mail server's words (web/counter/letters.py).
NO_ADDRESS = "no address"
NO_SERVER = "no mail server"

# What has to be read again before it is told.
News = Struck | Decided

log = structlog.get_logger("tonari.letters")


@dataclass(frozen=True, slots=True)
class Round:
    """How many letters were worded, went out, and did not."""

    worded: int
    sent: int
    failed: int


def deliver(database: Database, settings: Settings) -> Round:
    """One round: word what waits, send what is due. At the first silence of the server it ends."""
    worded = sum(_word(database, settings, each) for each in _unworded(database))
    _drop_overtaken(database, settings)
    now = clock.now()
    known = memory.newest(database)
    with database.session() as session:
        due = letters.due(session, known, now=now, limit=LETTERS_A_ROUND)
    sent = failed = 0
    for each in due:
        outcome = _send(database, settings, each)
        sent += outcome == "sent"
        failed += outcome in ("failed", "to_hand_over")
        if outcome == "failed":
            break
    return Round(worded, sent, failed)


def _drop_overtaken(database: Database, settings: Settings) -> None:
    """What a clerk has not told yet, and nobody needs to hear any more, leaves the clerk's list."""
    known = memory.newest(database)
    with database.session() as session:
        for each in letters.waiting(session, known, states=("to_hand_over",)):
            if _is_overtaken(each, _news(session, each)):
                _did(outbox.end_letter, session, Outcome(each.id, "void"), settings)


def retry(database: Database, settings: Settings, letter_id: str = "") -> int:
    """Try what waits once more, now: one letter, or all that failed or were left to a clerk.

    returns   how many
    raises    Refusal not_active where the letter named is not one that waits
    """
    known = memory.newest(database)
    with database.session() as session:
        if letter_id:
            outbox.retry_letter(session, LetterRequest(letter_id), by_itself(settings, clock.now()))
            return 1
        found = letters.waiting(session, known, states=("failed", "to_hand_over"))
        asked = [LetterRequest(each.id) for each in found]
        return sum(_did(outbox.retry_letter, session, each, settings) for each in asked)


def _unworded(database: Database) -> list[LetterView]:
    known = memory.newest(database)
    with database.session() as session:
        return letters.unworded(session, known, limit=LETTERS_A_ROUND)


def _word(database: Database, settings: Settings, letter: LetterView) -> bool:
    """Give a letter its words, and say how it goes out."""
    with database.session() as session:
        news = _news(session, letter)
    state, why = _way(settings, letter, news)
    now = clock.now()
    offers = _offers(database, letter, now) if state != "void" else []
    with language.speaking(letter.locale):
        said = spoken.words(
            letter,
            offers,
            now=now,
            site_url=settings.site_url,
            phone=settings.support_phone or letter.unit.place.phone or letter.unit.town.phone,
            news=news,
        )
    worded = Worded(letter.id, state, letter.locale, said.subject, said.text, why)
    with database.session() as session:
        return _did(outbox.word_letter, session, worded, settings)


def _way(settings: Settings, letter: LetterView, news: News | None) -> tuple[str, str]:
    """By mail, by a clerk, or not at all; and why."""
    if _is_overtaken(letter, news):
        return "void", ""
    if not smtp.address_of(letter.email, letter.login):
        return "to_hand_over", NO_ADDRESS
    return ("to_send", "") if settings.smtp_host else ("to_hand_over", NO_SERVER)


def _is_overtaken(letter: LetterView, news: News | None) -> bool:
    # An old line that is read again, after a restore, writes a letter that was deleted long ago.
    if letter.date < rules.kept_from(clock.local_day(clock.now())):
        return True
    asked = str(letter.body.get("asked", "book"))
    return rules.is_overtaken(
        letter.kind,
        asked,
        letter.status,
        is_given_up=letter.is_given_up,
        is_true=news is not None,
    )


def _news(session: Session, letter: LetterView) -> News | None:
    """What a letter about a strike or a reduction tells; None where that is not so any more, and
    for every other kind."""
    if letter.kind == "reduced":
        return reductions.decided(session, letter.booking_id, str(letter.body.get("reduction")))
    if letter.kind != "struck":
        return None
    town, today = letter.unit.town, clock.local_day(clock.now())
    return attendance.struck(
        session,
        letter.party_id,
        town.code,
        str(letter.body.get("strike")),
        rules=town.rules_on(today).strikes,
        today=today,
    )


def _offers(database: Database, letter: LetterView, now: datetime) -> list[Alternative]:
    """What is free near by, at this person's prices."""
    if not spoken.has_lost(letter):
        return []
    known = memory.newest(database)
    with database.session() as session:
        viewer = parties.viewer(session, letter.party_id, today=clock.local_day(now))
    return nearby.alternatives(
        known,
        letter.unit,
        letter.date,
        letter.period,
        now=now,
        viewer=viewer,
        purpose=letter.purpose,
        headcount=letter.headcount,
        limit=spoken.OFFERS_MAX,
    )


def _send(database: Database, settings: Settings, letter: LetterView) -> str:
    """Give one letter to the mail server; returns what became of it, empty if somebody else did."""
    now = clock.now()
    with database.session() as session:
        if not _did(outbox.try_letter, session, Attempt(letter.id, now + LEASE), settings):
            return ""
        worded_at = letters.worded_at(session, letter.id) or letter.at
        way = _way(settings, letter, _news(session, letter))
    outcome = _given(settings, letter, way, worded_at, now)
    with database.session() as session:
        _did(outbox.end_letter, session, outcome, settings)
    if outcome.why:
        log.warning("a letter did not go", letter=letter.id, state=outcome.state)
    return outcome.state


def _given(
    settings: Settings,
    letter: LetterView,
    way: tuple[str, str],
    worded_at: datetime,
    now: datetime,
) -> Outcome:
    """What the mail server says. A message is worked out from the letter alone, so that a second
    try gives it the same one."""
    state, why = way
    if state != "to_send":
        return Outcome(letter.id, state, why)
    to = smtp.address_of(letter.email, letter.login)
    mail = smtp.Mail(letter.id, to, letter.subject, letter.text, letter.locale, worded_at)
    try:
        smtp.send(settings, mail)
    except smtp.Unwanted as unwanted:
        return Outcome(letter.id, "to_hand_over", str(unwanted))
    except Outage as outage:
        again = rules.next_try(letter.tries + 1, now=now, starts_at=letter.starts_at)
        return Outcome(letter.id, "failed" if again else "to_hand_over", str(outage), again)
    return Outcome(letter.id, "sent")


def _did(act: Action[Any], session: Session, request: Any, settings: Settings) -> bool:
    """Do it; False where it was not ours to do: a clerk or another process was quicker."""
    try:
        act(session, request, by_itself(settings, clock.now()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            raise
        return False
    return True
