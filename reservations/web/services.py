"""What every view needs: settings, the database, the clock, and this request's session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast

from flask import current_app, g, request
from sqlalchemy.orm import Session

from reservations import clock
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.db import Database
from reservations.desk import Desk
from reservations.queries import ledger
from reservations.queries import memory as memory_query
from reservations.queries.memory import Memory
from reservations.rules.modes import Mode
from reservations.web.throttle import Throttle

EXTENSION = "tonari"


@dataclass(frozen=True)
class Services:
    """One for an application."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    audience: str
    desk: Desk
    throttle: Throttle = field(default_factory=Throttle)


def services() -> Services:
    return cast(Services, current_app.extensions[EXTENSION])


def session() -> Session:
    """This request's session; closed when the request ends."""
    if "session" not in g:
        g.session = services().database.session()
    return cast(Session, g.session)


def now() -> datetime:
    """One instant for the whole request."""
    if "now" not in g:
        g.now = services().clock()
    return cast(datetime, g.now)


def today() -> date:
    """The facilities' calendar day of this request."""
    return clock.local_day(now())


def memory() -> Memory:
    """The newest catalogue and day masks: one statement, once a request."""
    if "memory" not in g:
        g.memory = memory_query.newest(services().database)
    return cast(Memory, g.memory)


def mode() -> Mode:
    """What people are told: what was declared, or whether the line is there."""
    return ledger.mode(services().desk, declared(), now=now())


def declared() -> Mode:
    """What was declared, as far as this process has heard."""
    known: Memory | None = services().database.memory.get("memory")
    return known.masks.mode if known is not None else Mode.NORMAL


def context(actor: str, *, key: str | None = None, request_hash: str | None = None) -> Context:
    """The context of an action done in this request."""
    settings = services().settings
    return Context(
        actor=actor,
        now=now(),
        node=settings.node_name,
        node_no=settings.node_no,
        mode=declared(),
        key=key,
        request_hash=request_hash,
    )


def lead_back(address: str) -> None:
    """Where this page is found again, if it answers a form: for links to itself."""
    g.page_address = address


def network() -> str:
    """The client's network, /24 or /64: what throttling counts by."""
    address = request.remote_addr or ""
    if ":" in address:
        return ":".join(address.split(":")[:4])
    return ".".join(address.split(".")[:3])


def close_session(_error: BaseException | None) -> None:
    """At the end of every request."""
    opened = g.pop("session", None)
    if opened is not None:
        opened.close()
