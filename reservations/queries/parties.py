"""利用者: who somebody is to each town, and where they live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from reservations.db import Database, run
from reservations.models import (
    Booking,
    CatalogueVersion,
    Municipality,
    Party,
    PartyReduction,
    PartyResidency,
)
from reservations.queries import attendance
from reservations.rules.eligibility import Standing
from reservations.rules.period import SLOTS_PER_DAY, Period
from reservations.rules.town import Residency


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: what prices, dates and distances are worked out for.

    Without a party the prices are those of local people, and the screens say so.
    """

    party_id: str | None = None
    name: str = ""
    home: tuple[float, float] | None = None
    home_code: str | None = None
    residencies: Mapping[str, Residency] = field(default_factory=dict)

    def residency(self, municipality_code: str) -> Residency:
        """What this person is to a town; a town that does not know them counts them outside."""
        if self.party_id is None:
            return Residency.RESIDENT
        return self.residencies.get(municipality_code, Residency.OUTSIDE)


ANYBODY = Viewer()


def with_viewer(found: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A statement that finds a party or none, with what `viewer_of` reads in its rows.

    It takes `today`, and gives a row for each town that knows the party.
    """
    return (
        found.add_columns(
            Party.id.label("viewer_id"),
            Party.name,
            Party.home_code,
            Municipality.lat,
            Municipality.lng,
            PartyResidency.municipality_code,
            PartyResidency.residency,
        )
        .outerjoin(Municipality, Municipality.code == Party.home_code)
        .outerjoin(
            PartyResidency,
            and_(
                PartyResidency.party_id == Party.id,
                or_(
                    PartyResidency.valid_until.is_(None),
                    PartyResidency.valid_until >= bindparam("today"),
                ),
            ),
        )
    )


_PARTY = with_viewer(select().select_from(Party).where(Party.id == bindparam("party_id")))


def viewer(session: Session, party_id: str, *, today: date) -> Viewer:
    """Who this party is to every town, in one statement."""
    return viewer_of(run(session, _PARTY, {"party_id": party_id, "today": today}).all())


def viewer_of(rows: Sequence[Row[Any]]) -> Viewer:
    """The party in the rows of a statement `with_viewer`; anybody, where it found none."""
    if not rows or rows[0].viewer_id is None:
        return ANYBODY
    first = rows[0]
    home = (first.lat, first.lng) if first.lat is not None else None
    residencies = {
        row.municipality_code: Residency(row.residency)
        for row in rows
        if row.municipality_code is not None
    }
    return Viewer(first.viewer_id, first.name, home, first.home_code, residencies)


@dataclass(frozen=True, slots=True)
class Called:
    """How somebody is called and reached, for staff and on papers; empty where that is not here."""

    id: str
    name: str
    kana: str
    phone: str
    email: str

    @property
    def shown(self) -> str:
        """The name, or the id of somebody whose name has not come to this node."""
        return self.name or self.id


_LOOKED_AT = "looked_at"


def looked_at(session: Session, party_ids: Iterable[str | None]) -> None:
    """Note whose data this session reads, so that whoever shows them can say so (web/looks.py)."""
    noted: set[str] = session.info.setdefault(_LOOKED_AT, set())
    noted.update(filter(None, party_ids))


def gather(database: Database) -> set[str]:
    """Whose data any session of this database reads from now on, in one set that grows: for a
    command, which is one person's from its beginning to its end."""
    found: set[str] = set()
    database.sessions.configure(info={"database": database, _LOOKED_AT: found})
    return found


def take_looked_at(session: Session) -> frozenset[str]:
    """Whose data this session has read since it was asked last."""
    return frozenset(session.info.pop(_LOOKED_AT, ()))


_CALLED = select(Party.id, Party.name, Party.kana, Party.phone, Party.email).where(
    Party.id.in_(bindparam("ids", expanding=True))
)


def called(session: Session, party_ids: Iterable[str | None]) -> Mapping[str, Called]:
    """Names and how to reach them, in one statement: the one way to read those of other people."""
    ids = sorted({party_id for party_id in party_ids if party_id is not None})
    if not ids:
        return {}
    looked_at(session, ids)
    rows = run(session, _CALLED, {"ids": ids})
    return {row.id: Called(row.id, row.name, row.kana, row.phone, row.email) for row in rows}


FOUND_MAX = 20
# Fewer digits than a local number's last group would find half the town.
_DIGITS_MIN = 4
_MARKS = " -‐‑–−ー()　"


def _plain(column: Any, marks: str) -> Any:
    """A column without these characters."""
    for mark in marks:
        column = func.replace(column, mark, "")
    return column


def _search(*where: Any) -> Select[Any]:
    shown = Party.name != ""
    ordered = select(Party.id).where(shown, *where).order_by(Party.kana, Party.id)
    return ordered.limit(bindparam("most"))


_BY_PHONE = _search(_plain(Party.phone, _MARKS).like(bindparam("ending"), escape="/"))
_BY_WORDS = _search(
    or_(
        _plain(Party.kana, " 　").like(bindparam("reading"), escape="/"),
        _plain(Party.name, " 　").like(bindparam("writing"), escape="/"),
    )
)
_BY_NUMBER = select(Booking.party_id).where(
    Booking.node_no == bindparam("node_no"), Booking.serial == bindparam("serial")
)


def by_phone(session: Session, digits: str) -> list[Called]:
    """Those whose telephone ends with these digits, in order of kana: two statements.

    digits   ASCII, at least four; with fewer nobody is found
    returns  at most FOUND_MAX
    """
    if len(digits) < _DIGITS_MIN or not (digits.isascii() and digits.isdigit()):
        return []
    return _found(session, _BY_PHONE, {"ending": f"%{digits}"})


def by_words(session: Session, reading: str, writing: str) -> list[Called]:
    """Those whose kana begins with `reading` or whose name begins with `writing`, spaces aside.

    reading   in the one form of kana in which readings are stored
    returns   at most FOUND_MAX, in order of kana
    """
    if not reading.strip() or not writing.strip():
        return []
    values = {"reading": _beginning(reading), "writing": _beginning(writing)}
    return _found(session, _BY_WORDS, values)


def by_booking(session: Session, node_no: int, serial: int) -> list[Called]:
    """The party of the booking with this number, or nobody."""
    found = run(session, _BY_NUMBER, {"node_no": node_no, "serial": serial}).scalar()
    return list(called(session, [found]).values())


def _beginning(words: str) -> str:
    """A LIKE pattern for what begins so."""
    plain = words.replace(" ", "").replace("　", "")
    return plain.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def _found(session: Session, query: Select[Any], values: dict[str, Any]) -> list[Called]:
    ids = list(run(session, query, {**values, "most": FOUND_MAX}).scalars())
    known = called(session, ids)
    return [known[party_id] for party_id in ids]


# A wish that waits for its answer counts like a booking: nobody asks everywhere for one evening.
_HELD = ("confirmed", "tentative")


def _standing() -> Any:
    mine = and_(Booking.party_id == bindparam("party_id"), Booking.status.in_(_HELD))
    other = Booking.id != bindparam("except_id")
    # While a booking is changed over two holders, the old place and the new one count once.
    active = (
        select(func.count(func.coalesce(Booking.instead_of, Booking.id).distinct()))
        .select_from(Booking)
        .where(
            mine,
            other,
            Booking.municipality_code == bindparam("town"),
            Booking.date >= bindparam("today"),
        )
    )
    start: BindParameter[int] = bindparam("start")
    end: BindParameter[int] = bindparam("end")
    overlap = (
        select(literal(1))
        .select_from(Booking)
        .where(
            mine,
            other,
            or_(
                and_(
                    Booking.date == bindparam("day"),
                    Booking.start_slot < end,
                    Booking.end_slot > start,
                ),
                and_(
                    Booking.date == bindparam("day_before"),
                    Booking.end_slot > start + SLOTS_PER_DAY,
                ),
                and_(
                    Booking.date == bindparam("day_after"),
                    Booking.start_slot < end - SLOTS_PER_DAY,
                ),
            ),
        )
    )
    residency = select(PartyResidency.residency).where(
        PartyResidency.party_id == bindparam("party_id"),
        PartyResidency.municipality_code == bindparam("town"),
        or_(PartyResidency.valid_until.is_(None), PartyResidency.valid_until >= bindparam("today")),
    )
    registered = exists().where(
        PartyReduction.party_id == bindparam("party_id"),
        PartyReduction.municipality_code == bindparam("town"),
        PartyReduction.since <= bindparam("day"),
        PartyReduction.until >= bindparam("day"),
    )
    version = select(CatalogueVersion.version)
    return select(
        version.scalar_subquery().label("catalogue"),
        residency.scalar_subquery().label("residency"),
        active.scalar_subquery().label("active"),
        overlap.exists().label("overlap"),
        attendance.HAS_STRIKES.label("has_strikes"),
        registered.label("is_registered"),
    )


_STANDING = _standing()


def standing(
    session: Session,
    party_id: str | None,
    municipality_code: str,
    *,
    day: date,
    period: Period,
    today: date,
    except_id: str = "",
) -> tuple[Standing, int]:
    """What a town knows of a party at the moment of booking, and the catalogue's version.

    One statement, and one more where something was decided against the party.

    except_id   a booking that does not count, because it is the one being changed
    """
    row = run(
        session,
        _STANDING,
        {
            "party_id": party_id,
            "town": municipality_code,
            "day": day,
            "day_before": day - timedelta(days=1),
            "day_after": day + timedelta(days=1),
            "start": period.start,
            "end": period.end,
            "today": today,
            "except_id": except_id,
        },
    ).one()
    known = Residency(row.residency) if row.residency else Residency.OUTSIDE
    against = attendance.against(session, party_id, municipality_code) if row.has_strikes else ()
    found = Standing(known, row.active, bool(row.overlap), against, bool(row.is_registered))
    return found, row.catalogue or 0
