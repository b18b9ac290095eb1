"""引継ぎ・引取り: near dates go to the node that serves a facility, and come back (S3, S10).

The hub holds far dates. Each evening it hands the near ones of every facility that a node serves
to that node; a node that is switched off in an orderly way hands back what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from reservations import sheets
from reservations.actions import entering
from reservations.desk import Desk
from reservations.models import Facility, FacilityNode, Notice
from reservations.sheets import SheetName
from sync.document import SigningKey
from sync.ledger import SqlStore
from sync.members import sign_together
from sync.node import NotWritten
from sync.witness import Silent

# What is known of a node, as notices name it.
NODE = "node/"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a round of hand-overs did: the sheets that went, and those that could not, with why."""

    given: tuple[SheetName, ...]
    kept: dict[SheetName, str]


def near_sheets(desk: Desk, today: date, *, days: int | None = None) -> dict[SheetName, str]:
    """The sheets of near dates, and the node that each belongs to.

    days   this many from today on for every facility; None: as each is set
    """
    query = select(
        Facility.municipality_code, FacilityNode.facility_id, FacilityNode.node, FacilityNode.days
    ).join(FacilityNode, FacilityNode.facility_id == Facility.id)
    with desk.database.session() as session:
        rows = session.execute(query).all()
    return {
        SheetName(row.municipality_code, row.facility_id, today + timedelta(days=offset)): row.node
        for row in rows
        for offset in range(row.days if days is None else days)
    }


def hand_over_near(desk: Desk, today: date, *, at: int, days: int | None = None) -> Moved:
    """Hand every near sheet that is held here to the node that serves its facility.

    A node that has said it is away gets nothing until it says that it is back.
    """
    wanted = near_sheets(desk, today, days=days)
    others = {desk.name, *_said(desk, "away")}
    return hand_over(desk, {name: to for name, to in wanted.items() if to not in others}, at=at)


def present(desk: Desk) -> dict[str, int]:
    """The nodes that have said they are there, and when, by their own clocks."""
    return _said(desk, "present")


def _said(desk: Desk, state: str) -> dict[str, int]:
    is_said = Notice.name.startswith(NODE), Notice.state == state
    query = select(Notice.name, Notice.revision).where(*is_said)
    with desk.database.session() as session:
        return {row.name.removeprefix(NODE): row.revision for row in session.execute(query)}


def hand_back(desk: Desk, today: date, *, at: int) -> Moved:
    """Before an orderly stop: everything from today on goes home."""
    home = desk.directory.member(desk.directory.home)
    if home is None or desk.is_home:
        return Moved((), {})
    with desk.transaction() as store:
        held = (sheets.parsed(chain) for chain in store.held([desk.key.id]))
        names = [name for name in held if name is not None and name.date >= today]
    return hand_over(desk, dict.fromkeys(names, home.node), at=at)


def hand_over(desk: Desk, wanted: dict[SheetName, str], *, at: int) -> Moved:
    """Give each sheet to its node, with everything written on it; a transaction a sheet."""
    given: list[SheetName] = []
    kept: dict[SheetName, str] = {}
    for name, to in wanted.items():
        try:
            with desk.transaction() as store:
                if _give(desk, store, name, to, at=at):
                    given.append(name)
        except NotWritten as why:
            kept[name] = why.fault.value
    desk.settle()
    return Moved(tuple(given), kept)


def _give(desk: Desk, store: SqlStore, name: SheetName, to: str, *, at: int) -> bool:
    """False where the sheet is not this desk's to give, or the other is not known here."""
    members = desk.directory.incarnations(to)
    if not members or not _is_ours(desk, store, name):
        return False
    entering.lock(store.session, name)
    entering.enter(store.session, desk, name)
    desk.node.hand_over(store, name.text, members[-1], at=at)
    return True


def _is_ours(desk: Desk, store: SqlStore, name: SheetName) -> bool:
    """Ours to give, whatever else may stand against a line on it."""
    position = store.position(name.text)
    return position.holder == desk.key.id or desk.node.holds(position)


def held_by(desk: Desk, node: str, since: date) -> dict[SheetName, str]:
    """The sheets from this day on that a node holds, as far as is known here, and by which key."""
    keys = [member.key for member in desk.directory.incarnations(node)]
    with desk.transaction() as store:
        held = {name: name.text for name in map(sheets.parsed, store.held(keys)) if name}
        return {
            name: store.position(text).holder for name, text in held.items() if name.date >= since
        }


def adopt(
    desk: Desk, lost: str, *, since: date, at: int, officers: Sequence[SigningKey] = ()
) -> Moved:
    """S10: take over the sheets of a lost node through its witness, which fences it off.

    officers   two of them, where the witness is lost as well; they sign a statement a sheet, which
               names the last line that is known of it
    raises     nothing: what cannot be adopted stays, with the reason
    """
    taken: list[SheetName] = []
    kept: dict[SheetName, str] = {}
    for name, holder in held_by(desk, lost, since).items():
        try:
            signed = _signed(desk, name, officers) if officers else None
            desk.node.adopt(name.text, holder, at=at, officers=signed)
            taken.append(name)
        except NotWritten as why:
            kept[name] = why.fault.value
        except Silent as why:
            kept[name] = str(why)
    desk.settle()
    return Moved(tuple(taken), kept)


def _signed(desk: Desk, name: SheetName, officers: Sequence[SigningKey]) -> dict[str, str]:
    """Both signatures under the statement that `adoption_statement` will ask for."""
    with desk.transaction() as store:
        position = store.position(name.text)
    statement = {
        "adopt": name.text,
        "number": position.number + 1,
        "previous": position.hash,
        "to": desk.key.id,
        "accounted": "",
    }
    return sign_together(statement, officers, region=desk.directory.region)
