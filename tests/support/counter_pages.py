"""Something of everything at one gym, and a request to every page of the counter about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from reservations.actions import form_texts, money, packs
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.closing import ClosureRequest, close
from reservations.actions.form_texts import digest_of
from reservations.actions.money import PayRequest
from reservations.actions.packs import PackRequest
from reservations.db import write_transaction
from reservations.events import PackMade
from reservations.models import (
    Account,
    Decision,
    FacilityGroup,
    FacilityNode,
    Handout,
    ImportFile,
    ImportRecord,
    IssuedPaper,
    Item,
    Letter,
    Party,
    ReductionRequest,
    Refund,
    RoleGrant,
)
from reservations.rules.availability import Kind
from reservations.rules.money import Method
from reservations.rules.period import Period
from tests import town
from tests.support.approving import looks_first
from tests.support.site import Site
from tests.town import NOW, SATURDAY, TODAY, context

MISSING = "0192a0e4-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Sample:
    """What a page is asked with; `path` are the values of its address."""

    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Things:
    """The ids of what was made at the gym."""

    booking: str
    closed: str
    closure: str
    payment: str
    refund: str
    letter: str
    pad: str
    paper: str
    grant: str
    application: str
    decision: str
    handout: str
    wish: str


def things(site: Site) -> Things:
    """Bookings, money, a letter, paper and a record that waits, all at となり体育館, which this
    machine serves."""
    gym = site.region.here
    booking = site.books(gym.halves[0], name="resident", start="09:00", end="12:00")
    closed = site.books(gym.halves[1], name="resident", start="13:00", end="17:00")
    with site.database.session() as session:
        cancel(session, CancelRequest(closed, "closure"), context("account-staff"))
        sunday = SATURDAY + timedelta(days=1)
        shut = ClosureRequest(gym.whole, sunday, Period(36, 48), Kind.MAINTENANCE)
        closure = str(close(session, shut, context("account-staff")))
        looks_first(session, units=[gym.halves[1]])
    application = site.books(gym.halves[1], name="neighbour", start="09:00", end="12:00")
    with site.database.session() as session:
        paid = money.pay(session, PayRequest(booking, 600, Method.CASH), context("account-staff"))
        request = PackRequest(gym.facility_id, SATURDAY, SATURDAY, forms=3, grids=1)
        made = packs.take_numbers(session, request, context("system")).fact
    assert isinstance(made, PackMade)
    with site.database.session() as session, write_transaction(session):
        session.get_one(Party, "party-neighbour").kind = "group"
        session.add(FacilityNode(facility_id=gym.facility_id, node="hub", days=3))
        session.add(FacilityGroup(id=1, name="みどり管理"))
        _add_record(session, gym.facility_id)
        for fate in ("void", "lost"):
            form_texts.keep(session, made.subject, 2, fate, {}, NOW, "system")
        refund = Refund(
            id=MISSING.replace("4-0000", "4-0001"), payment_id=paid, booking_id=booking,
            town="172014", facility_id=gym.facility_id, date=SATURDAY, method="cash",
            amount_yen=100, node_no=1, asked_at=NOW, status="decided",
        )  # fmt: skip
        paper = IssuedPaper(
            id=MISSING.replace("4-0000", "4-0002"), kind="change_permit", subject=booking,
            number="1", issued_at=NOW, actor="system", record="{}", sha256="-", pdf=b"%PDF-",
            pages=1, revision=9,
        )  # fmt: skip
        decision = Decision(
            id=MISSING.replace("4-0000", "4-0004"), booking_id=application, revision=0,
            verdict="granted", decided_at=NOW, sheet="-", status="refused", actor="account-staff",
        )  # fmt: skip
        wish = ReductionRequest(
            id=MISSING.replace("4-0000", "4-0005"), booking_id=booking, clause="1", asked_at=NOW,
            node_no=1, is_seen=True,
        )  # fmt: skip
        session.add_all((refund, paper, decision, wish))
        session.add(
            Item(id=1, facility_id=gym.facility_id, kind="key", name="競技場", count=2, out=1)
        )
        session.flush()
        handout = Handout(
            id=MISSING.replace("4-0000", "4-0003"), item_id=1, booking_id=booking, quantity=1,
            handed_at=NOW, handed_by="system", due_at=NOW,
        )  # fmt: skip
        session.add(handout)
        letter = session.scalars(select(Letter)).one()
        letter.state, letter.subject, letter.text = "to_hand_over", "取消", "となり体育館の知らせ"
        session.flush()
        grant = _add_clerk(session, gym.facility_id)
        return Things(
            booking, closed, closure, paid, refund.id, letter.id, made.subject, paper.id, grant,
            application, decision.id, handout.id, wish.id,
        )  # fmt: skip


def _add_clerk(session: Any, facility_id: int) -> str:
    """`account-clerk`, who stands at the counter of the gym; the number of what they were given."""
    town.a_resident(session, "clerk", home=None)
    clerk = session.get_one(Account, "account-clerk")
    clerk.role, clerk.party_id = "staff", None
    given = {"given_by": "system", "given_at": NOW, "since": TODAY}
    session.add(
        RoleGrant(id="clerk", account_id=clerk.id, role="counter", facility_id=facility_id, **given)
    )
    session.flush()
    return "clerk"


def _add_record(session: Any, facility_id: int) -> None:
    session.add(
        ImportFile(
            id="f1", kind="facilities", name="施設一覧.csv", sha256="-", encoding="cp932", at=NOW,
            totals={},
        )
    )  # fmt: skip
    session.flush()
    session.add(
        ImportRecord(
            file_id="f1", record_no=12, status="queued", reasons=[], cells={},
            target_kind="facility", target_id=facility_id,
        )
    )  # fmt: skip


def _of_closing(gym: Any, made: Things, frame: Mapping[str, Any]) -> dict[str, Sample]:
    """Rooms taken out of use, what became of the people in them, and who came."""
    shut = {"facility": gym.facility_id, "room": gym.halves[1], "kind": "maintenance"}
    shut |= {"first": SATURDAY, "start": "18:00", "end": "21:00"}
    return {
        "closing.page": Sample(query={"facility": gym.facility_id}),
        "closing.check": Sample(query=shut),
        "closing.closures": Sample(query={"facility": gym.facility_id}),
        "closing.one": Sample({"closure_id": made.closure}),
        "matters.page": Sample(),
        "matters.done": Sample(form={"matter": f"lost:{made.letter}", "note": "電話"}),
        "attendance.check_in": Sample({"booking_id": made.booking}),
        "attendance.undo": Sample({"booking_id": made.booking}),
        "attendance.strike": Sample({"booking_id": made.booking}, form={"kind": "no_show"}),
        "counter_bookings.instead": Sample(
            {"booking_id": made.closed}, form={"to": urlencode(frame), "key": "i"}
        ),
        "closing.open_": Sample({"closure_id": made.closure}),
        "closing.shut": Sample(form=shut | {"key": "s"}),
    }


def _of_approval(made: Things) -> dict[str, Sample]:
    """An application that waits, and a decision that is none."""
    application = {"booking_id": made.application}
    ticked = {"application": f"{made.application}:0", "key": "a"}
    return {
        "approval.page": Sample(),
        "approval.one": Sample(application),
        "approval.grant_ticked": Sample(form=ticked),
        "approval.grant": Sample(application, form={"revision": "0", "key": "a"}),
        "approval.refuse": Sample(
            application, form={"revision": "0", "reason": "ほか", "key": "a"}
        ),
        "approval.seen": Sample(form={"decision": f"decision:{made.decision}"}),
    }


def _of_items(gym: Any, made: Things) -> dict[str, Sample]:
    """Keys and equipment: what the gym has, and who has it."""
    here = {"facility_id": gym.facility_id}
    return {
        "items.page": Sample(query={"facility": gym.facility_id}),
        "items.key_book": Sample(here),
        "items.set_item": Sample(here, form={"kind": "key", "name": "倉庫", "count": "1"}),
        "items.hand_out": Sample(
            {"booking_id": made.booking}, form={"item": "1", "quantity": "1", "key": "h"}
        ),
        "items.take_back": Sample({"handout_id": made.handout}),
    }


def _of_people() -> dict[str, Sample]:
    """Whoever is looked after; what somebody is to the gym's town stands there."""
    who, town_ = {"party_id": "party-resident"}, {"town": "172014"}
    group = {"party_id": "party-neighbour"}
    return {
        "people.page": Sample(),
        "people.search": Sample(form={"who": "090-1111-1111"}),
        "people.new": Sample(),
        "people.register": Sample(form={"who": "090-1111-1111"}),
        "people.one": Sample(who),
        "people.correct": Sample(who, form={"name": "ひと", "key": "p"}),
        "people.residency": Sample(who, query=town_),
        "people.settle": Sample(who, form=town_ | {"key": "r"}),
        "people.link": Sample(who),
        "groups.page": Sample(group, query=town_),
        "groups.save": Sample(group, form=town_ | {"lines": "", "key": "g"}),
        "delegates.page": Sample(who),
        "delegates.appoint": Sample(who, form={"who": "090-1111-1111"}),
        "delegates.end": Sample(who, form={"delegate": "party-neighbour"}),
    }


def _of_decisions(made: Things) -> dict[str, Sample]:
    """Reductions that are asked for and registered, and what towns owe each other."""
    return {
        "money.ask_reduction": Sample(
            {"booking_id": made.booking}, form={"clause": "1|", "key": "a"}
        ),
        "reductions.page": Sample(),
        "reductions.settle": Sample({"request_id": made.wish}, form={"reason": "該当しません。"}),
        "reductions.grant": Sample(form={"wish": made.wish}),
        "reductions.standing": Sample({"party_id": "party-resident"}),
        "reductions.put": Sample({"party_id": "party-resident"}, form={"choice": "172014|1"}),
        "reductions.stop": Sample({"party_id": "party-resident"}, form={"choice": "172014|1|1"}),
        "settlement.page": Sample(),
        "settlement.sheet": Sample({"month_text": "2026-05", "giver": "172014", "taker": "999999"}),
        "settlement.table": Sample({"month_text": "2026-05"}),
        "settlement.close": Sample(form={"town": "172014", "month": "2026-05"}),
    }


def _of_staff(gym: Any, made: Things) -> dict[str, Sample]:
    """Roles, groups of facilities, and what is declared for everybody."""
    return {
        "staff.page": Sample(),
        # Not the word that is asked for: the house goes on.
        "declaring.page": Sample(),
        "declaring.check": Sample(form={"reason": "地震"}),
        "declaring.say": Sample(form={"reason": "地震", "word": "いいえ"}),
        "staff.give": Sample(
            form={
                "login": "clerk@example.jp",
                "role": "counter",
                "at": f"facility-{gym.facility_id}",
            }
        ),
        "staff.sign_out": Sample({"account_id": "account-clerk"}),
        "staff.revoke": Sample({"grant_id": made.grant}),
        "facility_groups.page": Sample(),
        "facility_groups.make": Sample(form={"name": ""}),
        "facility_groups.one": Sample({"group_id": 1}),
        "facility_groups.fill": Sample({"group_id": 1}, form={"facility": gym.facility_id}),
    }


def samples(site: Site, made: Things) -> dict[str, Sample]:
    """For each page with a right, by endpoint: a request that is about the gym.

    What changes most stands last.
    """
    gym = site.region.here
    frame = {"unit": gym.whole, "date": SATURDAY, "start": "18:00", "end": "21:00"}
    booking, number = {"booking_id": made.booking}, {"number": "01-000001-6"}
    slug, place = booking | {"slug": "permit"}, {"facility_id": gym.facility_id}
    record, pad = {"file_id": "f1", "record_no": 12}, {"pad": made.pad}
    letter, day = {"letter_id": made.letter}, {"date_text": TODAY}
    hours = {"days": "月火", "start": "9:00", "end": "21:00"}
    point = {"lat": "36.56", "lng": "136.65"}
    return {
        **_of_items(gym, made),
        **_of_people(),
        **_of_closing(gym, made, frame),
        **_of_approval(made),
        "board.page": Sample(query={"facility": gym.facility_id}),
        "counter_bookings.one": Sample(booking),
        "counter_bookings.cancel_page": Sample(booking),
        "counter_bookings.change_check": Sample(booking, query=frame),
        "imports.page": Sample(),
        "imports.one": Sample(record),
        "ledger.page": Sample(),
        "letters.page": Sample(),
        "letters.print_": Sample(),
        "letters.one": Sample(letter),
        "money.page": Sample(query=number),
        "money.day": Sample(),
        "money.unpaid": Sample(),
        "money.day_sheet": Sample(day),
        "money.day_csv": Sample(day),
        "money.receipt": Sample({"payment_id": made.payment}),
        "booking_papers.page": Sample(query=number),
        "booking_papers.file": Sample(slug),
        "booking_papers.view": Sample(slug),
        "booking_papers.archived": Sample({"paper_id": made.paper}),
        "timetables.page": Sample(),
        "timetables.file": Sample(place),
        "timetables.view": Sample(place, query={"audience": "public"}),
        "trail.page": Sample(),
        "trail.party": Sample({"party_id": "party-resident"}),
        "voices.page": Sample(),
        **_of_staff(gym, made),
        "paper.page": Sample(),
        "paper.scan": Sample(),
        "paper.pack": Sample(pad),
        "paper.form": Sample(pad | {"number": 1}),
        "paper.open_": Sample(pad),
        "paper.fates": Sample(pad, form={"numbers": "3", "fate": "blank"}),
        "paper.enter": Sample(pad | {"number": 1}, form={"fate": "void"}),
        "paper.decide": Sample(pad | {"number": 2}, form={"digest": digest_of("lost", {})}),
        "paper.close": Sample(pad),
        "board.book": Sample(form=frame | {"who": "090-0000-0000", "name": "ひと", "key": "k"}),
        "counter_bookings.change": Sample(booking, form=frame | {"key": "c"}),
        "booking_papers.refuse_change": Sample(booking, form={"unit": gym.whole}),
        "money.pay": Sample(booking, form={"amount": "10", "method": "cash"}),
        "money.reduce": Sample(booking, form={"percent": "50", "clause": "1"}),
        **_of_decisions(made),
        "money.refund": Sample(booking, form={"payment": made.payment, "back": "1"}),
        "money.move": Sample(booking, form={"payment": made.payment, "other": "x", "moved": "1"}),
        "money.retry": Sample(booking | {"refund_id": made.refund}),
        "money.hand": Sample(booking | {"refund_id": made.refund}),
        "letters.retry": Sample(letter),
        "letters.told": Sample(letter),
        "imports.settle_position": Sample(record, form=point),
        "imports.settle_hours": Sample(record, form=hours),
        "money.close": Sample(day, form={"fund": "0"}),
        "counter_bookings.cancel": Sample(booking),
    }
