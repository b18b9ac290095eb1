"""I12: after every desk has said that a person's keys are destroyed, nothing of them can be read at
any desk, out of any document, in whatever order and however often things arrived."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from reservations import clock, party_feed
from reservations import desk as desks
from reservations.actions import links, moving, papers, passkeys, returning, sharing, trail
from reservations.actions.forgetting import (
    ASKED_FOR,
    AskToForgetRequest,
    ForgetPartyRequest,
    ask_to_forget,
    forget_party,
)
from reservations.actions.form_texts import FormText
from reservations.actions.links import WishRequest
from reservations.actions.packs import PackRequest, take_numbers
from reservations.actions.passkeys import AddRequest
from reservations.actions.trail import note_looks
from reservations.db import write_transaction
from reservations.desk import Desk
from reservations.errors import Refusal, RefusalCode
from reservations.events import ForgettingAsked
from reservations.models import (
    Account,
    Event,
    IssuedPaper,
    LinkWish,
    PartyKey,
    PartyLook,
    PartyText,
    Passkey,
    SealingKey,
)
from reservations.models.base import table_of
from reservations.queries import bookings, forgetting, memory
from reservations.queries.parties import called
from reservations.sheets import SheetName, party_id_of
from sync import ledger, sealing
from sync.document import SigningKey, Slip
from tests.support.desks import Office, Offices
from tests.support.lending import a_period, refusal
from tests.support.people import (
    KNOWN,
    MAIL,
    NAME,
    NOTHING,
    WORDS,
    Three,
    changes,
    forget,
    officers,
    opens,
    person,
    registers,
    slips,
    tables,
    tend,
    three,
)
from tests.town import NOW, TODAY


def waiting(region: Three) -> dict[str, list[str]]:
    """Who has yet to say that a key is destroyed, as the hub knows it."""
    region.hub.session.rollback()
    return forgetting.undestroyed(region.hub.session, region.hub.desk)


def is_gone(office: Office, party: str) -> bool:
    """Neither the tables nor any document and any secret of this office say anything of them."""
    known = person(office, party)
    keys = select(PartyKey.party_id).where(PartyKey.party_id == party)
    has_key = office.session.scalar(keys) is not None
    return known in (None, NOTHING) and not opens(office, party) and not has_key


def known_at_hub_and_gym(region: Three) -> str:
    party = registers(region.hub)
    region.hub.books(region.hub.region.here.whole, party)
    region.meet()
    assert person(region.gym, party) == person(region.hub, party) == KNOWN
    return party


def test_nothing_is_left_at_any_desk_and_the_hub_hears_when(region: Three):
    party = known_at_hub_and_gym(region)

    forget(region.hub, party)
    at_once = waiting(region)
    region.meet()

    assert at_once == {party: ["gym", "hub"]}
    assert waiting(region) == {}
    assert [is_gone(office, party) for office in region.offices] == [True, True, True]


def test_until_it_has_heard_a_node_counts_as_one_that_can_still_read(region: Three):
    party = known_at_hub_and_gym(region)
    region.to_gym.is_cut = True

    forget(region.hub, party)
    region.meet()
    cut_off = waiting(region)
    region.to_gym.is_cut = False
    region.meet()

    assert cut_off == {party: ["gym"]}
    assert waiting(region) == {} and is_gone(region.gym, party)


def test_sign_in_papers_and_names_on_new_papers_go_too_and_the_booking_stays(region: Three):
    hub = region.hub
    party = registers(hub)
    made = hub.books(hub.region.here.whole, party)
    known = memory.current(hub.session)
    view = bookings.one(hub.session, known, made)
    assert view is not None
    papers.permit(hub.session, known, view, hub.context())
    links.ask_link(hub.session, WishRequest(MAIL), hub.context())
    login = hub.session.scalars(select(Account.id).where(Account.login == MAIL)).one()
    passkeys.add_passkey(hub.session, AddRequest(login, "key", "public", NAME), hub.context())
    note_looks(hub.session, {party}, "board", hub.context())
    trail.seal(hub.database, hub.context())
    hub.session.rollback()
    before = len(hub.session.scalars(select(IssuedPaper.id)).all())

    forget(hub, party)

    hub.session.rollback()
    assert before == 1
    assert hub.session.scalars(select(IssuedPaper.id)).all() == []
    assert hub.session.scalars(select(LinkWish.account_id)).all() == []
    assert hub.session.scalars(select(Passkey.name)).all() == []
    assert hub.session.scalars(select(PartyLook.page)).all() == []
    assert hub.session.scalar(select(Account.id).where(Account.login == MAIL)) is None
    assert hub.status(made) == "confirmed"
    assert called(hub.session, [party])[party].shown == party


def test_no_word_is_left_in_the_database_files(region: Three):
    """Of SQLite, that is; what PostgreSQL has on its disk is vacuumed and its own affair."""
    party = known_at_hub_and_gym(region)
    offices = [each for each in (region.hub, region.gym) if each.database.is_sqlite]
    files = [Path(str(office.database.url.database)) for office in offices]
    before = [b"".join(whole(file)) for file in files]

    for office in region.offices:
        # Whoever still reads what was before keeps it alive, for five seconds at most.
        office.session.close()
    forget(region.hub, party)
    region.meet()
    after = [b"".join(whole(file)) for file in files]

    assert all(NAME.encode() in content for content in before)
    assert [word for word in WORDS for content in after if word.encode() in content] == []


def whole(file: Path) -> list[bytes]:
    paths = [Path(f"{file}{end}") for end in ("", "-wal")]
    return [path.read_bytes() for path in paths if path.exists()]


def test_others_are_read_on_and_what_was_on_its_way_is_closed_again(region: Three):
    hub, gym = region.hub, region.gym
    forgotten = known_at_hub_and_gym(region)
    other = registers(hub, name="向井　つかさ", login="tsukasa@example.jp")
    region.to_gym.is_cut = True
    third = registers(hub, name="西野　みお", login="mio@example.jp")
    hub.books(hub.region.here.whole, other, period=a_period("13:00-17:00"))
    hub.books(hub.region.here.whole, third, date=TODAY.replace(day=20))
    tend(hub)
    # The gym takes a new key before it hears of the third, who is sealed for the old one.
    sharing.renew(gym.desk, at=9)
    region.to_gym.is_cut = False
    forget(hub, forgotten)
    region.meet()

    assert [(person(gym, each) or ("",))[0] for each in (forgotten, other, third)] == [
        "", "向井　つかさ", "西野　みお",
    ]  # fmt: skip
    assert waiting(region) == {}


def test_a_change_by_a_desk_that_had_not_heard_opens_nowhere(region: Three):
    party = known_at_hub_and_gym(region)
    region.to_gym.is_cut = True
    changes(region.gym, party, phone="076-222-2222")
    tend(region.gym)
    forget(region.hub, party)
    region.meet()
    region.to_gym.is_cut = False

    region.meet()

    assert [is_gone(office, party) for office in region.offices] == [True, True, True]
    assert waiting(region) == {}


def test_a_node_that_joins_after_the_order_reads_nothing(
    offices: Offices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    hub = offices.hub
    party = registers(hub)
    hub.books(hub.region.here.whole, party)
    hub.books(hub.region.next_door.whole, party, date=TODAY.replace(day=21))
    for _ in range(2):
        for office in (hub, offices.gym):
            tend(office)
        offices.meet()
    forget(hub, party)

    region = three(offices, tmp_path)
    region.meet()

    assert [is_gone(office, party) for office in region.offices] == [True, True, True]
    assert waiting(region) == {}


def test_only_the_hub_orders_it(region: Three):
    party = known_at_hub_and_gym(region)
    gym = region.gym

    refused = refusal(forget, gym, party)
    with gym.desk.transaction() as store:
        sheet, kind = party_feed.SHEET, party_feed.FORGET
        data = {"party": party}
        ledger.post(store.session, gym.desk.node, sheet, kind, at=1, data=data)
    region.meet()

    assert refused.code is RefusalCode.FORBIDDEN
    assert person(region.hub, party) == person(gym, party) == KNOWN


def test_who_was_never_here_cannot_be_forgotten_and_twice_is_once(region: Three):
    party = known_at_hub_and_gym(region)

    with pytest.raises(Refusal) as refused:
        forget(region.hub, "nobody")
    for _ in range(2):
        forget(region.hub, party)

    assert refused.value.code is RefusalCode.NOT_FOUND
    assert len([slip for slip in slips(region.hub) if slip.kind == party_feed.FORGET]) == 1


def asks(region: Three, party: str, officer: SigningKey) -> str:
    hub = region.hub
    done = ask_to_forget(hub.session, AskToForgetRequest(party, officer), hub.context())
    assert isinstance(done.fact, ForgettingAsked)
    return done.fact.request


def agrees(region: Three, party: str, asked: str, officer: SigningKey) -> None:
    request = ForgetPartyRequest(party, asked, officer)
    forget_party(region.hub.session, request, region.hub.context())


def test_one_officer_asks_and_nothing_happens_until_another_one_agrees(region: Three):
    party = known_at_hub_and_gym(region)
    one, two = officers(region.hub)

    asked = asks(region, party, one)
    alone = refusal(agrees, region, party, asked, one)
    region.meet()
    assert person(region.hub, party) == person(region.gym, party) == KNOWN
    agrees(region, party, asked, two)
    region.meet()

    assert alone.code is RefusalCode.SAME_OFFICER
    assert is_gone(region.hub, party) and is_gone(region.gym, party)


def test_a_new_key_does_not_make_another_person(region: Three):
    party = known_at_hub_and_gym(region)
    hub, (one, _) = region.hub, officers(region.hub)
    again = SigningKey(bytes(32))
    with hub.desk.transaction() as store:
        roles = frozenset({"officer"})
        desks.admit(hub.desk, store.session, "sato", again.public, roles=roles)

    alone = refusal(agrees, region, party, asks(region, party, one), again)

    assert alone.code is RefusalCode.SAME_OFFICER
    assert person(hub, party) == KNOWN


def test_what_was_not_asked_for_is_not_agreed_to(region: Three, monkeypatch):
    party, other = known_at_hub_and_gym(region), registers(region.hub, login="other@example.jp")
    one, two = officers(region.hub)
    asked = asks(region, party, one)

    of_another = refusal(agrees, region, other, asked, two)
    unknown = refusal(agrees, region, party, "0" * 8, two)
    nobody = refusal(agrees, region, party, asked, SigningKey(bytes(32)))
    nobody_asks = refusal(asks, region, party, SigningKey(bytes(32)))
    too_late = replace(region.hub.context(), now=NOW + ASKED_FOR + timedelta(minutes=1))
    late = refusal(
        forget_party, region.hub.session, ForgetPartyRequest(party, asked, two), too_late
    )

    codes = [each.code for each in (of_another, unknown, late, nobody, nobody_asks)]
    assert codes == [RefusalCode.NOT_ASKED_FOR] * 3 + [RefusalCode.OFFICER_UNKNOWN] * 2
    assert person(region.hub, party) == KNOWN


def test_a_request_that_was_written_into_the_database_was_signed_by_nobody(region: Three):
    party = known_at_hub_and_gym(region)
    hub, (one, two) = region.hub, officers(region.hub)
    asked = asks(region, party, one)
    forged = ForgettingAsked(subject=party, request=asked, officer=one.id, signature=two.id)
    with write_transaction(hub.session):
        mine = update(Event).where(Event.name == ForgettingAsked.name)
        hub.session.execute(mine.values(body=forged.body()))

    refused = refusal(agrees, region, party, asked, two)

    assert refused.code is RefusalCode.NOT_ASKED_FOR
    assert person(hub, party) == KNOWN


def test_the_order_carries_what_both_officers_signed(region: Three):
    party = known_at_hub_and_gym(region)
    hub = region.hub

    forget(hub, party)

    (order,) = (slip for slip in slips(hub) if slip.kind == party_feed.FORGET)
    statement = {"forget": party, "request": order.data["request"]}
    assert hub.desk.directory.officers_agree(statement, order.data["officers"])


def test_a_paper_that_turns_up_late_names_nobody_again(region: Three):
    gym, hub = region.gym, region.hub
    region.meet()
    moving.hand_over(
        hub.desk, {SheetName("172014", gym.region.here.facility_id, TODAY): "gym"}, at=3
    )
    region.carry()
    request = PackRequest(gym.region.here.facility_id, TODAY, TODAY, forms=3, grids=1)
    pad = take_numbers(gym.session, request, gym.context()).fact.subject  # type: ignore[union-attr]
    returning.open_pack(gym.desk, pad, at=5)
    region.meet()
    unit, party = gym.region.here.whole, party_id_of(pad, 1)
    hours = a_period("18:00-21:00")
    text = FormText(pad, 1, "used", unit, TODAY, hours, 8, NAME, "090-0000-0000")

    def types_in(office: Office, text: FormText) -> None:
        known = memory.newest(office.database)
        returning.enter(office.desk, office.session, known, text, office.context())

    types_in(gym, text)
    region.meet()
    named = [(person(office, party) or ("",))[0] for office in (hub, gym)]
    forget(hub, party)
    region.meet()
    types_in(hub, replace(text, headcount=9))
    region.meet()

    assert named == [NAME, NAME]
    assert [is_gone(office, party) for office in region.offices] == [True, True, True]


# The same documents, in any order and as often as you like


@pytest.fixture
def said(region: Three) -> tuple[str, list[Slip]]:
    """Registered, changed at two desks and forgotten: whom, and every slip about parties, as
    whoever was away the whole time will find them."""
    party = known_at_hub_and_gym(region)
    changes(region.gym, party, phone="076-222-2222")
    region.meet()
    region.hub.books(region.hub.region.next_door.whole, party, date=TODAY.replace(day=20))
    region.to_hall.is_cut = True
    region.meet()
    forget(region.hub, party)
    region.meet()
    return party, slips(region.hub)


def at_hall(region: Three, documents: Sequence[Slip]) -> None:
    """These documents alone, in this order, in the hall's tables."""
    with region.hall.desk.transaction() as store:
        connection = store.session.connection()
        for name in ("text", "key", "holder", "forgotten", "destroyed"):
            connection.exec_driver_sql(f"DELETE FROM party_{name}")
        others = SealingKey.member != region.hall.desk.key.id
        connection.execute(delete(table_of(SealingKey)).where(others))
        connection.exec_driver_sql("UPDATE party SET name = '', kana = '', phone = '', email = ''")
        for slip in documents:
            party_feed.take(store.session, region.hall.desk, slip)


@pytest.mark.timeout(120)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_any_order_and_any_repetition_give_the_same_tables_and_read_nothing(region, said, seed):
    party, documents = said
    mixed = random.Random(seed).choices(documents, k=len(documents)) + documents
    random.Random(seed).shuffle(mixed)

    at_hall(region, documents)
    straight = tables(region.hall)
    at_hall(region, mixed)

    assert tables(region.hall) == straight
    assert person(region.hall, party) in (None, NOTHING)
    assert region.hall.session.scalars(select(PartyText.party_id)).all() == []
    with region.hall.desk.transaction() as store:
        due = party_feed.read_so_far(store.session, region.hall.desk)
    assert due != {}


@pytest.mark.timeout(120)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_without_the_order_any_order_gives_the_same_readable_tables(region, said, seed):
    party, documents = said
    documents = [slip for slip in documents if slip.kind != party_feed.FORGET]
    mixed = random.Random(seed).choices(documents, k=len(documents)) + documents
    random.Random(seed).shuffle(mixed)

    at_hall(region, documents)
    straight = tables(region.hall)
    at_hall(region, mixed)

    assert tables(region.hall) == straight
    known = person(region.hall, party)
    assert known is not None and known[:3] == (*KNOWN[:2], "076-222-2222")


def test_what_a_desk_said_of_its_key_is_true(region: Three):
    """A new key opens what is closed for it, and none of the boxes before it."""
    party = known_at_hub_and_gym(region)
    desk: Desk = region.gym.desk
    before = opens(region.gym, party)
    with desk.transaction() as store:
        store.session.connection().exec_driver_sql("DELETE FROM party_key")

    sharing.renew(desk, at=7)

    assert before != [] and opens(region.gym, party) == []
    region.meet()
    with desk.database.session() as session:
        seal = party_feed.seal_of(session, desk, desk.key.id)
    assert seal is not None and seal.secret is not None
    assert sealing.public_of(seal.secret) == seal.public
