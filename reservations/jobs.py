"""What the scheduler runs, in one process beside the workers. Each job only calls an action.

Every job may run twice, late, or not at all for a week, and leaves the same state: missed runs are
made up by one (coalesced), and none begins while it is still running.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import func, select

from reservations import bell, clock, documents, links, party_feed, postman, sheets
from reservations.actions import (
    answering,
    attendance,
    money_moves,
    moving,
    packs,
    returning,
    trail,
)
from reservations.actions.cleaning import ForgetRequest, forget_expired
from reservations.actions.horizon import HorizonRequest, extend_horizon
from reservations.actions.step import by_itself
from reservations.config import Settings
from reservations.db import Database
from reservations.errors import Outage
from reservations.events import AuditSealed
from reservations.keeper import keep_desk
from reservations.models import DayMask, Unit, schema
from reservations.payments import provider, rounds
from reservations.projection import open_desk
from reservations.queries import audit, imports, memory, money
from reservations.queries.memory import Memory

# A machine that was asleep makes up for what it missed, once.
MISFIRE_SECONDS = 24 * 3600
# Less than what the server waits for us before it ends us.
LEAVE_SECONDS = 7.0

log = structlog.get_logger("tonari.jobs")


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the timetable; `crontab` in local time."""

    name: str
    crontab: str
    work: Callable[[Database, Settings], object]


def extend(database: Database, settings: Settings) -> date:
    """毎晩: day masks as far ahead as the settings say; returns the last day."""
    request = HorizonRequest(clock.local_day(clock.now()), settings.horizon_days)
    with database.session() as session:
        extend_horizon(session, request, by_itself(settings, clock.now()))
    return request.first + timedelta(days=request.days - 1)


def audit_masks(database: Database, _settings: Settings) -> None:
    """毎晩: the two sums. A difference is a bug; it is said loudly and nothing is repaired."""
    with database.session() as session:
        found = audit.masks(session, since=clock.local_day(clock.now()))
    if found.differences:
        log.error("masks differ from bookings", differences=found.differences[:20])


def clean(database: Database, settings: Settings) -> None:
    """毎晩: sessions and links that ran out a week ago are forgotten, and what was deleted is gone
    from the disk."""
    with database.session() as session:
        forget_expired(session, ForgetRequest(), by_itself(settings, clock.now()))
    database.scrub(party_feed.SCRUBBED)


def hand_over(database: Database, settings: Settings) -> moving.Moved:
    """毎晩: the near dates go to the nodes that serve their facilities."""
    desk = open_desk(database, settings)
    now = clock.now()
    return moving.hand_over_near(desk, clock.local_day(now), at=sheets.milliseconds(now))


def write_up(database: Database, settings: Settings) -> None:
    """毎晩: the whole day's events become lines of the ledger."""
    desk = open_desk(database, settings)
    while answering.tend(desk, at=sheets.milliseconds(clock.now()), is_night=True):
        continue


def audit_mail(database: Database, settings: Settings) -> None:
    """毎晩: what our mailboxes have and we lack is fetched, and the other way round."""
    if not settings.has_mailboxes:
        return
    from reservations.mail import Mail  # noqa: PLC0415 - the client of CouchDB

    mail, today = Mail(open_desk(database, settings), settings), clock.local_day(clock.now())
    try:
        found = mail.audit(today)
        lacking = mail.unprepared(today)
    finally:
        mail.stop()
    for each in lacking:
        log.error("a mailbox is lacking: tonari sync prepare", mailbox=each.mailbox, why=each.why)
    for name, audited in found.items():
        if audited.missing:
            log.error("lines that nobody has", mailbox=name, missing=len(audited.missing))


def print_packs(database: Database, settings: Settings) -> list[packs.Made]:
    """毎晩: 紙運用セット of what this node serves, after the near dates have come to it."""
    open_desk(database, settings)
    return packs.nightly(
        database, settings, memory.newest(database), by_itself(settings, clock.now())
    )


def settle_paper(database: Database, settings: Settings) -> int:
    """毎分: paper forms that other desks typed in become lines, where this one holds the sheets.

    Nearly always there is nothing to do, and then nothing is opened.
    """
    with database.session() as session:
        if not returning.waiting(session):
            return 0
    desk = database.desk or open_desk(database, settings)
    if desk.is_suspended():
        return 0
    known = memory.newest(database)
    return returning.settle_all(desk, known, at=sheets.milliseconds(clock.now()))


def seal_audit(database: Database, settings: Settings) -> AuditSealed | None:
    """毎時四回: what was done and looked at since the last seal is sealed, and said to all."""
    open_desk(database, settings)
    return trail.seal(database, by_itself(settings, clock.now()))


def send_letters(database: Database, settings: Settings) -> postman.Round:
    """毎分: what people are to be told gets its words, and goes to the mail server or a clerk."""
    open_desk(database, settings)
    return postman.deliver(database, settings)


def send_links(database: Database, settings: Settings) -> int:
    """毎分: whoever asked for a link by which they can sign in gets it by mail."""
    open_desk(database, settings)
    return links.deliver(database, settings)


def ask_provider(database: Database, settings: Settings) -> rounds.Round:
    """毎分: payments that nobody told us of are asked for, and refunds given back."""
    if not settings.payment_provider:
        return rounds.Round()
    open_desk(database, settings)
    return rounds.tend(database, settings)


def finish_moves(database: Database, settings: Settings) -> int:
    """毎分: 充当 that had to wait for another desk is paid to its second booking."""
    with database.session() as session:
        if not money.moves_to_finish(session):
            return 0
    open_desk(database, settings)
    with database.session() as session:
        return money_moves.finish(session, by_itself(settings, clock.now()))


def report(database: Database, settings: Settings) -> int:
    """毎分: where somebody waits to decide that nobody came, say that all we wrote is said."""
    desk = database.desk or open_desk(database, settings)
    return 0 if desk.is_suspended() else attendance.report(desk, at=clock.now())


def ask_for_absent(database: Database, settings: Settings) -> int:
    """毎晩: 無断不使用 is asked for where the town's rules say so."""
    desk = open_desk(database, settings)
    return attendance.ask_for_absent(database, desk, by_itself(settings, clock.now()))


JOBS = (
    Job("finish moves", "* * * * *", finish_moves),
    Job("ask the payment provider", "* * * * *", ask_provider),
    Job("send letters", "* * * * *", send_letters),
    Job("send links", "* * * * *", send_links),
    Job("settle paper", "* * * * *", settle_paper),
    Job("report", "* * * * *", report),
    Job("seal the audit", "*/15 * * * *", seal_audit),
    Job("hand over", "0 18 * * *", hand_over),
    Job("print packs", "30 18 * * *", print_packs),
    Job("write up the ledger", "0 1 * * *", write_up),
    Job("extend horizon", "5 0 * * *", extend),
    Job("ask for the absent", "15 0 * * *", ask_for_absent),
    Job("audit masks", "30 2 * * *", audit_masks),
    Job("audit mailboxes", "0 4 * * *", audit_mail),
    Job("clean up", "0 3 * * *", clean),
)


def run(settings: Settings) -> None:
    """Run the timetable for ever; first make up for nights on which the machine was off."""
    database = Database(settings.url, threads=1)
    with database.session() as session:
        last = session.scalar(select(func.max(DayMask.date)))
    wanted = clock.local_day(clock.now()) + timedelta(days=settings.horizon_days - 1)
    if last is not None and last < wanted:
        extend(database, settings)
    _end_orderly(settings)
    scheduler = BlockingScheduler(timezone=clock.LOCAL)
    for job in JOBS:
        scheduler.add_job(
            job.work,
            CronTrigger.from_crontab(job.crontab, timezone=clock.LOCAL),
            args=(database, settings),
            id=job.name,
            name=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=MISFIRE_SECONDS,
        )
    scheduler.start()


def _end_orderly(settings: Settings) -> None:
    """Somebody sits at the desk from now on, and at SIGTERM leaves it as it should be left."""
    stopping = threading.Event()
    desk = threading.Thread(target=keep_desk, args=(settings, stopping), name="desk", daemon=True)

    def stop(*_: object) -> None:
        stopping.set()
        bell.ring(settings.data_dir / "node")
        desk.join(LEAVE_SECONDS)
        os._exit(0)

    desk.start()
    signal.signal(signal.SIGTERM, stop)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen."""

    name: str
    is_well: bool
    seen: str


def check_up(database: Database, settings: Settings) -> list[Check]:
    """What `tonari doctor` looks at."""
    today = clock.local_day(clock.now())
    wanted = today + timedelta(days=settings.horizon_days - 1)
    with database.session() as session:
        found = audit.masks(session, since=today)
        last = session.scalar(select(func.max(DayMask.date)))
        units = session.scalar(select(func.count()).select_from(Unit)) or 0
        waiting = imports.waiting_counts(session)
        try:
            known = memory.current(session)
        except ValueError as fault:
            # Nothing is lent before this is mended; better here than on a resident's screen.
            return [Check("rules", False, str(fault))]
    wrong = len(found.differences)
    return [
        Check("database", True, f"{database.url.get_backend_name()} revision {schema.HEAD}"),
        Check("masks", not wrong, f"{found.bookings} bookings, {found.masks} masks, {wrong} wrong"),
        Check("horizon", units == 0 or (last is not None and last >= wanted), f"until {last}"),
        Check("queue", True, f"{waiting['queued']} queued, {waiting['proposed']} proposed"),
        _papers(known),
        _approval(known),
        *_mailboxes(database, settings, today),
        *_payments(settings),
    ]


def _mailboxes(database: Database, settings: Settings, today: date) -> list[Check]:
    """The databases of every year that can be booked; the next one's a month early."""
    if not settings.has_mailboxes:
        return []
    from reservations.mail import unprepared  # noqa: PLC0415 - the client of CouchDB

    lacking = unprepared(open_desk(database, settings), settings, today)
    seen = ", ".join(each.mailbox for each in lacking)
    is_well = not any(each.is_due for each in lacking)
    return [Check("mailboxes", is_well, f"lacking: {seen}" if lacking else "none is lacking")]


def _approval(known: Memory) -> Check:
    """審査: a case that names what is not there never fits, and nobody would notice."""
    catalogue = known.catalogue
    towns = [
        town
        for town in catalogue.towns.values()
        if town.rules_on(clock.local_day(clock.now())).approval
    ]
    faults = [
        f"{town.name}: case {number}: {what} {value} is unknown"
        for town in towns
        for number, case in enumerate(town.rules_on(clock.local_day(clock.now())).approval, 1)
        for what, named, there in (
            ("facility", case.facilities, catalogue.places),
            ("unit", case.units, catalogue.units),
            ("purpose", case.purposes, catalogue.purposes),
        )
        for value in sorted(set(named) - set(there), key=str)
    ]
    return Check(
        "approval", not faults, "; ".join([*faults, f"towns that look first: {len(towns)}"])
    )


def _payments(settings: Settings) -> list[Check]:
    """Whether the payment service answers, and knows our key."""
    at = provider(settings)
    if at is None:
        return []
    try:
        at.ask("doctor")
    except Outage as outage:
        return [Check("payments", False, str(outage))]
    said = "; no money moves" if settings.payment_provider == "simulated" else ""
    return [Check("payments", True, f"{settings.payment_provider} answers{said}")]


def _papers(known: Memory) -> Check:
    """Fonts and forms: what is missing must be seen here, not when somebody waits for a permit."""
    from printables.faces import MissingFont, check_fonts  # noqa: PLC0415 - reportlab

    try:
        remarks = check_fonts()
    except MissingFont as missing:
        return Check("papers", False, str(missing))
    today = clock.local_day(clock.now())
    faults = [
        f"{town.name}: {fault}"
        for town in known.catalogue.towns.values()
        for fault in documents.faults(town, town.rules_on(today))
    ]
    towns = known.catalogue.towns.values()
    samples = sum(not town.rules_on(today).has_confirmed_forms for town in towns)
    seen = [*faults, f"{len(towns)} towns, {samples} without confirmed forms", *remarks]
    return Check("papers", not faults, "; ".join(seen))
