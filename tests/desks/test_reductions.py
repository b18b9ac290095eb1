"""減免 on two desks: decided anywhere, one answer everywhere, and nothing of a person readable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import delete, select

from reservations import clock, money_feed, postman
from reservations.actions.bookings import ChangeRequest, change
from reservations.actions.reductions import (
    AskRequest,
    DecideRequest,
    RegisterRequest,
    ask,
    decide,
    register,
)
from reservations.errors import Refusal, RefusalCode
from reservations.models import Booking, Reduction, ReductionRequest
from reservations.models.base import table_of
from reservations.queries import letters, memory, money, reductions
from reservations.queries.letters import LetterView
from reservations.rules.reductions import fiscal_year
from sync import tables
from sync.document import Slip
from sync.ledger import SqlStore
from tests.support.desks import Office, Offices
from tests.support.lending import EVENING
from tests.support.people import Three, forget, registers
from tests.support.reductions import CARD, GROUP, MAYOR, with_list
from tests.town import NOW, SATURDAY, TODAY

HERE_ONLY = {"evidence", "words", "actor", "reason", "approved_by"}


@pytest.fixture
def booking_id(offices: Offices) -> str:
    """A booking of 1,800 yen that both know, on a sheet that the gym holds."""
    for office in (offices.hub, offices.gym):
        with_list(office.session)
    made = offices.hub.books(offices.hub.region.here.whole)
    offices.give(SATURDAY)
    return made


def asks(office: Office, booking_id: str, clause: str = CARD, **other: Any) -> str:
    return str(ask(office.session, AskRequest(booking_id, clause, **other), office.context()))


def answers(office: Office, wish: str, is_granted: bool = True, **other: Any) -> None:
    given = office.context(now=other.pop("now", NOW))
    decide(office.session, DecideRequest(wish, is_granted, **other), given)


def fees_yen(office: Office, booking_id: str) -> int:
    office.session.rollback()
    found = money.statement(office.session, booking_id)
    office.session.rollback()
    assert found is not None
    return found.account.fees_yen


def waiting(office: Office) -> list[str]:
    office.session.rollback()
    known = memory.newest(office.database)
    there = set(known.catalogue.places)
    found = reductions.waiting(office.session, known, today=TODAY, facilities=there)
    office.session.rollback()
    return [each.wish.id for each in found]


def counts(office: Office, booking_id: str) -> tuple[str, int]:
    office.session.rollback()
    found = reductions.counting(office.session, booking_id)
    office.session.rollback()
    assert found is not None
    return found.id, found.percent


def tables_of(office: Office) -> list[Any]:
    office.session.rollback()
    found: list[Any] = []
    for table in (table_of(ReductionRequest), table_of(Reduction)):
        columns = [column for column in table.columns if column.name not in HERE_ONLY]
        found += office.session.execute(select(*columns).order_by(table.c.id)).all()
    office.session.rollback()
    return found


def test_a_wish_from_a_gym_that_was_cut_off_is_decided_at_the_hub(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True
    wish = asks(gym, booking_id, evidence="障害者手帳", words="介助者と使います")
    before = waiting(hub)
    offices.link.is_cut = False
    offices.meet()

    shown = waiting(hub)
    answers(hub, wish)
    offices.meet()

    assert (before, shown) == ([], [wish])
    assert waiting(gym) == waiting(hub) == []
    assert fees_yen(gym, booking_id) == fees_yen(hub, booking_id) == 900
    assert tables_of(gym) == tables_of(hub)


def test_it_can_be_decided_at_the_gym_itself_while_the_line_is_cut(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    offices.link.is_cut = True

    answers(gym, asks(gym, booking_id, evidence="障害者手帳"))
    at_once = fees_yen(gym, booking_id)
    offices.link.is_cut = False
    offices.meet()

    assert (at_once, fees_yen(hub, booking_id)) == (900, 900)
    assert waiting(hub) == []


def test_granted_at_one_desk_and_refused_at_the_other_is_granted_at_both(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    wish = asks(gym, booking_id, evidence="障害者手帳")
    offices.meet()
    offices.link.is_cut = True
    answers(hub, wish, False, reason="該当しないため。")
    answers(gym, wish, now=NOW + timedelta(minutes=5))
    offices.link.is_cut = False
    offices.meet()

    assert counts(hub, booking_id) == counts(gym, booking_id)
    assert counts(hub, booking_id)[1] == 50
    assert fees_yen(hub, booking_id) == fees_yen(gym, booking_id) == 900
    with pytest.raises(Refusal) as refused:
        answers(hub, wish)
    assert refused.value.code is RefusalCode.REDUCTION_DECIDED


@pytest.fixture
def told(monkeypatch) -> Callable[[Office], list[LetterView]]:
    """The letters about reductions at an office, given their words now."""
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=1))

    def found(office: Office) -> list[LetterView]:
        postman.deliver(office.database, office.desk.settings)
        office.session.rollback()
        known = memory.newest(office.database)
        all_ = letters.listed(office.session, known, states=letters.STATES)
        return [each for each in all_ if each.kind == "reduced"]

    return found


@pytest.mark.parametrize("decider", ["hub", "gym"])
def test_who_asked_is_told_once_where_they_booked_what_is_to_be_paid(
    offices: Offices, booking_id: str, decider: str, told: Callable[[Office], list[LetterView]]
):
    hub, gym = offices.hub, offices.gym
    wish = asks(hub, booking_id, evidence="障害者手帳")
    offices.meet()

    answers(getattr(offices, decider), wish)
    offices.meet()

    (letter,) = told(hub)
    assert "減免: 50%" in letter.text and "納める料金: 900円" in letter.text
    assert told(gym) == []


def test_a_refusal_is_told_with_the_way_to_its_reasons(
    offices: Offices, booking_id: str, told: Callable[[Office], list[LetterView]]
):
    answers(offices.hub, asks(offices.hub, booking_id), False, reason="該当しないため。")

    (letter,) = told(offices.hub)
    assert "減免は認められませんでした。納める料金: 1,800円" in letter.text
    assert "減免不承認通知書" in letter.text and "該当しない" not in letter.text


def test_of_two_answers_only_the_one_that_counts_is_told(
    offices: Offices, booking_id: str, told: Callable[[Office], list[LetterView]]
):
    hub, gym = offices.hub, offices.gym
    wish = asks(gym, booking_id, evidence="障害者手帳")
    offices.meet()
    offices.link.is_cut = True
    answers(hub, wish, False, reason="該当しないため。")
    answers(gym, wish)
    offices.link.is_cut = False
    offices.meet()

    found = told(hub)
    assert sorted(each.state for each in found) == ["to_hand_over", "void"]
    (goes,) = [each for each in found if each.state == "to_hand_over"]
    assert "減免: 50%" in goes.text


def test_of_two_mayors_percents_the_greater_counts_at_both(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    wish = asks(hub, booking_id, MAYOR)
    offices.meet()
    offices.link.is_cut = True
    answers(hub, wish, percent=30, reason="被災")
    answers(gym, wish, percent=60, reason="被災")
    offices.link.is_cut = False
    offices.meet()

    assert fees_yen(hub, booking_id) == fees_yen(gym, booking_id) == 720


def test_in_any_order_and_twice_the_slips_give_the_same_answer(offices: Offices, booking_id: str):
    hub, gym = offices.hub, offices.gym
    first = asks(hub, booking_id)
    second = asks(hub, booking_id, evidence="障害者手帳")
    offices.meet()
    offices.link.is_cut = True
    answers(hub, second, False, reason="該当しないため。")
    answers(gym, second)
    offices.link.is_cut = False
    offices.meet()
    before = tables_of(gym)
    with gym.desk.transaction() as store:
        told = store.slips(offices.sheet(SATURDAY).text)

    mine = [each for each in told if each.kind in money_feed.KINDS]
    for order in permutations(mine):
        with gym.desk.transaction() as store:
            for table in (table_of(ReductionRequest), table_of(Reduction)):
                store.session.connection().execute(delete(table))
            for slip in (*order, *order):
                money_feed.take(store.session, slip)
        assert tables_of(gym) == before
        assert waiting(gym) == []

    assert len(mine) == 4 and first != second


def test_what_was_seen_and_said_is_in_no_document(offices: Offices, booking_id: str):
    gym = offices.gym
    wish = asks(gym, booking_id, MAYOR, words="夫が入院したため")
    answers(gym, wish, False, reason="収入を確かめた結果")
    answers(gym, asks(gym, booking_id, evidence="障害者手帳"))
    offices.meet()

    for office in (offices.hub, gym):
        office.session.rollback()
        raw = b"".join(office.session.scalars(select(tables.line.c.raw)).all())
        assert not any(word.encode() in raw for word in ("手帳", "入院", "収入"))
        assert b"reduction.refused" in raw


def test_a_booking_that_moves_to_another_holder_takes_its_reduction_along(
    offices: Offices, booking_id: str
):
    gym = offices.gym
    answers(gym, asks(gym, booking_id, evidence="障害者手帳"))
    sunday = SATURDAY + timedelta(days=1)
    moved = ChangeRequest(booking_id, gym.region.here.whole, sunday, EVENING)
    change(gym.session, moved, gym.context())
    offices.meet()

    gym.session.rollback()
    query = select(Booking.id).where(Booking.instead_of == booking_id)
    made = gym.session.scalars(query).one()
    for office in (offices.hub, gym):
        assert fees_yen(office, made) == 900
        assert fees_yen(office, booking_id) == 0


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_wish_follows_a_booking_that_moves_and_stays_with_one_that_does_not(
    offices: Offices, booking_id: str, is_taken: bool
):
    hub, gym = offices.hub, offices.gym
    wish = asks(gym, booking_id, evidence="障害者手帳", words="介助者と使います")
    sunday = SATURDAY + timedelta(days=1)
    if is_taken:
        hub.books(hub.region.here.whole, "party-rival", date=sunday)
    moved = ChangeRequest(booking_id, gym.region.here.whole, sunday, EVENING)
    change(gym.session, moved, gym.context())
    offices.meet()

    assert waiting(hub) == waiting(gym)
    (found,) = waiting(gym)
    assert (found == wish) == is_taken
    answers(hub, found)
    gym.session.rollback()
    kept = reductions.one(gym.session, found)
    gym.session.rollback()
    assert kept is not None and kept.words == "介助者と使います"


def test_a_slip_that_is_not_whole_changes_nothing(offices: Offices, booking_id: str):
    gym = offices.gym
    asks(gym, booking_id, evidence="障害者手帳")
    with gym.desk.transaction() as store:
        (whole,) = _wishes(store, offices)
    before = tables_of(gym)

    for name, value in (("clause", 5), ("booking", None), ("node_no", "1"), ("asked_at", "soon")):
        slip = _with(whole, **{name: value, "request": "another"})
        with gym.desk.transaction() as store:
            money_feed.take(store.session, slip)

    assert tables_of(gym) == before


def _wishes(store: SqlStore, offices: Offices) -> list[Slip]:
    found = store.slips(offices.sheet(SATURDAY).text)
    return [each for each in found if each.kind == money_feed.REQUEST]


def _with(slip: Slip, **changed: Any) -> Any:
    class Altered:
        id, kind, data = slip.id, slip.kind, {**slip.data, **changed}

    return Altered


def test_a_registration_reduces_what_is_booked_at_the_node_that_may_know_of_it(region: Three):
    """減免登録 travels sealed: the gym reads it, the other town's hall does not."""
    hub, gym = region.hub, region.gym
    for office in (hub, gym, region.hall):
        with_list(office.session)
    party = registers(hub)
    asked = RegisterRequest(party, "172014", GROUP, TODAY, fiscal_year(TODAY)[1], "団体の規約")
    register(hub.session, asked, hub.context())
    hub.books(hub.region.here.halves[0], party)
    region.meet()

    made = gym.books(gym.region.here.halves[1], party, date=SATURDAY + timedelta(days=1))

    assert fees_yen(gym, made) < 900
    assert reductions.standing(gym.session, party, "172014", day=SATURDAY) == {GROUP}
    assert reductions.standing(region.hall.session, party, "172014", day=SATURDAY) == frozenset()


def test_registered_at_two_desks_that_are_cut_off_it_is_one_reduction_at_both(
    offices: Offices, booking_id: str
):
    hub, gym = offices.hub, offices.gym
    last = fiscal_year(TODAY)[1]
    asked = RegisterRequest(hub.region.resident, "172014", GROUP, TODAY, last, "団体の規約")
    offices.link.is_cut = True
    register(gym.session, asked, gym.context(now=NOW + timedelta(minutes=5)))
    register(hub.session, asked, hub.context())
    offices.link.is_cut = False
    offices.meet()

    assert tables_of(hub) == tables_of(gym)
    assert [len(tables_of(office)) for office in (hub, gym)] == [1, 1]
    assert fees_yen(hub, booking_id) == fees_yen(gym, booking_id) == 1350


def test_who_is_forgotten_leaves_neither_a_registration_nor_a_word_behind(region: Three):
    hub = region.hub
    with_list(hub.session)
    party = registers(hub)
    last = fiscal_year(TODAY)[1]
    asked = RegisterRequest(party, "172014", GROUP, TODAY, last, "団体の規約")
    register(hub.session, asked, hub.context())
    booking_id = hub.books(hub.region.here.halves[0], party)
    wish = asks(hub, booking_id, evidence="障害者手帳", words="介助者と使います")
    answers(hub, wish, False, reason="該当しないため。")
    hub.cancels(booking_id)

    forget(hub, party)

    hub.session.rollback()
    assert reductions.of_party(hub.session, party) == []
    (asked_for,) = reductions.of_booking(hub.session, booking_id)
    assert (asked_for.words, asked_for.evidence) == ("", "")
    decided = reductions.answers(hub.session, booking_id)
    assert {(each.reason, each.evidence) for each in decided} == {("", "")}
