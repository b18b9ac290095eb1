"""利用者情報 travels sealed: who needs a name has it, nobody else can read it, and it can end."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from reservations import clock, documents, party_feed, party_text
from reservations.actions import notices, sharing
from reservations.actions.accounts import SignInRequest, sign_in
from reservations.actions.delegates import (
    AppointRequest,
    EndDelegateRequest,
    appoint_delegate,
    end_delegate,
)
from reservations.actions.groups import RosterRequest, set_roster
from reservations.actions.horizon import raise_catalogue_version
from reservations.actions.people import (
    Contact,
    CorrectRequest,
    RegisterPartyRequest,
    ResidencyRequest,
    correct_party,
    register_party,
    set_residency,
)
from reservations.app import create_app
from reservations.db import write_transaction
from reservations.errors import Refusal, RefusalCode
from reservations.models import Account, PartyKey, PartyText, TownRulesVersion
from reservations.projection import know_party
from reservations.queries import bookings, delegates, groups, letters, memory, people, timetable
from reservations.rules.groups import Member
from reservations.rules.registration import NOTHING_BELIEVED, Believed
from reservations.rules.town import Residency
from reservations.web.auth import SESSION_COOKIES, token_hash
from sync import ledger
from sync.carriers import bundle
from sync.document import packed
from tests.support.desks import Office, Offices, an_office
from tests.support.lending import refusal
from tests.support.people import (
    KANA,
    KNOWN,
    MAIL,
    NAME,
    PHONE,
    WORDS,
    Three,
    changes,
    opens,
    person,
    registers,
    slips,
    tend,
    three,
)
from tests.town import NOW, SATURDAY, TODAY, every_role


def test_who_books_at_the_gym_is_known_there_by_name(region: Three):
    hub = region.hub
    party = registers(hub)
    before = person(region.gym, party)

    hub.books(hub.region.here.whole, party)
    region.meet()

    assert before is None
    assert person(region.gym, party) == person(hub, party) == KNOWN


def test_the_other_towns_node_keeps_the_document_and_cannot_read_it(region: Three):
    hub, hall = region.hub, region.hall
    party = registers(hub)
    hub.books(hub.region.here.whole, party)

    region.meet()

    assert hall.session.scalars(select(PartyText.party_id)).all() == [party]
    assert opens(region.gym, party) != []
    assert opens(hall, party) == []
    assert (person(hall, party) or ("",))[0] == ""


def test_who_is_registered_at_a_node_is_known_at_the_hub_and_nowhere_else(region: Three):
    party = registers(region.gym)

    region.meet()

    assert person(region.hub, party) == KNOWN
    assert person(region.hall, party) is None
    assert opens(region.hall, party) == []


def test_a_node_hears_a_name_of_the_other_node_when_it_is_booked_there(region: Three):
    gym = region.gym
    party = registers(gym)
    region.meet()

    gym.books(gym.region.next_door.whole, party)
    region.meet()

    assert person(region.hall, party) == KNOWN


def test_somebody_who_books_nowhere_else_is_not_spoken_of(region: Three):
    registers(region.hub)

    region.meet()

    assert [slip for slip in slips(region.hub) if slip.kind == party_feed.KIND] == []


def test_a_desk_on_its_own_says_nothing(tmp_path: Path):
    alone = an_office(tmp_path / "alone", "hub", 1, f"sqlite:///{tmp_path}/alone.sqlite3")
    party = registers(alone)
    alone.books(alone.region.here.whole, party)

    assert sharing.tend(alone.desk, today=TODAY, at=1) == 0
    assert slips(alone) == []
    alone.session.close()
    alone.database.dispose()


def test_no_word_of_a_person_is_in_what_is_carried(region: Three, tmp_path: Path):
    """I11, for every document and the file on a stick; the mailbox has the same documents."""
    party = registers(region.gym)
    region.gym.books(region.gym.region.next_door.whole, party)
    region.meet()
    bundle.export(region.hub.desk.node, tmp_path / "bundle")
    with region.hall.desk.transaction() as store:
        lines = [line for chain in store.chains() for line in store.lines(chain)]
    carried = b"\n".join(packed(line) for line in lines) + (tmp_path / "bundle").read_bytes()

    # What could leak is there, and is found where it may be read.
    assert NAME in "".join(opens(region.hall, party))
    assert party.encode() in carried
    assert [word for word in WORDS if word.encode() in carried] == []
    assert [word for word in WORDS if word.replace("　", "").encode() in carried] == []


def test_a_node_out_of_scope_has_no_word_of_a_person_on_its_disk(region: Three):
    party = registers(region.gym)
    region.meet()
    url = region.hall.database.url.database
    assert url is not None

    files = [Path(url + end) for end in ("", "-wal")]
    disk = b"".join(file.read_bytes() for file in files if file.exists())

    assert person(region.hub, party) == KNOWN
    assert party.encode() in disk
    assert [word for word in WORDS if word.encode() in disk] == []


def test_names_stand_on_permits_letters_and_the_staffs_timetable(region: Three):
    hub, gym = region.hub, region.gym
    party = registers(hub)
    made = hub.books(hub.region.here.whole, party)
    region.meet()
    known = memory.current(gym.session)
    view = bookings.one(gym.session, known, made)
    place = known.catalogue.places[gym.region.here.facility_id]
    assert view is not None

    document = notices.document(gym.session, known, view, documents.PERMIT, gym.context())
    (named,) = timetable.uses(gym.session, known, place, SATURDAY, count=1, is_named=True)
    (public,) = timetable.uses(gym.session, known, place, SATURDAY, count=1, is_named=False)

    assert document is not None and document.record.applicant == NAME
    assert (named.name, named.phone) == (NAME, PHONE)
    assert (public.name, public.phone) == ("", "")


def test_without_its_name_a_party_is_called_by_its_id(region: Three):
    hub, hall = region.hub, region.hall
    party = registers(region.gym)
    region.meet()
    made = hub.books(hub.region.here.whole, party)
    region.meet()
    known = memory.current(hall.session)
    view = bookings.one(hall.session, known, made)
    assert view is not None

    document = notices.document(hall.session, known, view, documents.PERMIT, hall.context())

    assert document is not None and document.record.applicant == party


def test_letters_to_those_who_booked_elsewhere_have_names_and_telephones(region: Three):
    hub, gym = region.hub, region.gym
    party = registers(gym)
    region.meet()
    asked = gym.books(gym.region.next_door.whole, party)
    region.meet()

    (told,) = letters.listed(gym.session, memory.current(gym.session))

    assert (gym.status(asked), told.kind) == ("confirmed", "confirmed")
    assert (told.name, told.phone, told.party_id) == (NAME, PHONE, party)
    assert hub.status(asked) == "confirmed"


def test_the_counters_letters_call_people_by_name_and_else_by_id(region: Three):
    gym = region.gym
    party = registers(gym)
    for who in (party, "party-rival"):
        gym.books(gym.region.next_door.halves[who == party], who)
    region.meet()
    changes(gym, "party-rival", name="")
    token = staff_of(gym)
    app = create_app(gym.desk.settings, audience="counter", now=lambda: NOW, database=gym.database)
    client = app.test_client()
    client.set_cookie(SESSION_COOKIES["counter"], token)

    page = client.get("/letters?show=waiting").get_data(as_text=True)

    assert NAME in page and PHONE in page
    assert "（名前はこの拠点にありません） party-rival" in page


def staff_of(office: Office) -> str:
    """Somebody of the staff, signed in; returns the token."""
    with write_transaction(office.session):
        office.session.add(
            Account(id="staff", login="staff", password_hash="-", role="staff", created_at=NOW)
        )
        every_role(office.session, "staff")
    token = "a token of the staff"
    request = SignInRequest("staff", token_hash(token), NOW.replace(year=2027), way="link")
    sign_in(office.session, request, office.context())
    return token


def test_the_later_change_holds_by_its_count_and_not_by_any_clock(region: Three):
    hub, gym = region.hub, region.gym
    party = registers(hub)
    hub.books(hub.region.here.whole, party)
    region.meet(at=9_000)

    changes(gym, party, phone="076-111-1111")
    region.meet(at=5_000)
    changes(hub, party, name="向井　はるか")
    region.meet(at=1_000)

    expected = ("向井　はるか", KANA, "076-111-1111", *KNOWN[3:])
    assert person(gym, party) == person(hub, party) == expected


def test_changes_on_both_sides_of_a_cut_end_in_one_text(region: Three):
    hub, gym = region.hub, region.gym
    party = registers(hub)
    hub.books(hub.region.here.whole, party)
    region.meet()

    changes(hub, party, phone="076-111-1111")
    changes(gym, party, phone="076-222-2222")
    for office in (hub, gym):
        tend(office)
    region.meet()

    there, here = person(gym, party), person(hub, party)
    assert there == here
    assert there is not None and there[2] in ("076-111-1111", "076-222-2222")


def test_one_person_at_two_desks_with_a_key_each_is_one_person(region: Three):
    """A paper form that was typed in at two desks while the line was cut."""
    hub, gym = region.hub, region.gym
    for office, name in ((hub, "山﨑"), (gym, "山崎")):
        changes_in(office, "party-form", name)
        tend(office)
    hub.books(hub.region.here.whole, "party-form")

    region.meet()

    there, here = person(gym, "party-form"), person(hub, "party-form")
    assert there is not None and here is not None
    assert there[0] == here[0] in ("山﨑", "山崎")


def changes_in(office: Office, party: str, name: str) -> None:
    with office.desk.transaction() as store:
        know_party(store.session, party, NOW)
    changes(office, party, name=name)


def test_a_node_that_joins_later_is_given_names_and_no_document_is_touched(
    offices: Offices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    hub = offices.hub
    party = registers(hub)
    hub.books(hub.region.here.whole, party)
    hub.books(hub.region.next_door.whole, party, date=SATURDAY.replace(day=14))
    offices.meet()
    for office in (hub, offices.gym):
        tend(office)
    offices.meet()
    before = {slip.id: slip.raw for slip in slips(hub)}

    region = three(offices, tmp_path)
    region.meet()

    after = {slip.id: slip.raw for slip in slips(hub)}
    assert person(region.hall, party) == KNOWN
    assert before.items() <= after.items() and before != {}


def test_a_town_that_becomes_known_later_is_the_persons_home_then(region: Three):
    hub, gym = region.hub, region.gym
    party = registers(hub)
    hub.books(hub.region.here.whole, party)
    region.meet()
    with gym.desk.transaction() as store:
        connection = store.session.connection()
        connection.exec_driver_sql("DELETE FROM party_residency")
        connection.exec_driver_sql("UPDATE party SET home_code = NULL")
        party_feed.again(store.session, gym.desk)

    assert person(gym, party) == KNOWN


def test_a_party_that_is_not_whole_is_left_out_and_harms_nothing(region: Three):
    hub, gym = region.hub, region.gym
    whole: dict[str, Any] = {"party": "p", "revision": 1, "key": "k", "sealed": "s", "boxes": []}
    odd = [{}, [], "x", whole | {"boxes": [{}]}, whole | {"revision": "?"}, whole | {"sealed": ""}]
    box = {"to": gym.desk.key.id, "seal": "x", "box": "y"}
    parties: list[dict[str, Any]] = [
        {"parties": odd}, {"parties": "x"}, {}, {"parties": [whole | {"boxes": [box]}]},
    ]  # fmt: skip
    seals: list[dict[str, Any]] = [
        {}, {"public": "x", "read": {}}, {"public": "A" * 43, "read": {}},
    ]  # fmt: skip
    for kind, each in ((party_feed.KIND, parties), (party_feed.SEALING, seals)):
        for data in each:
            with hub.desk.transaction() as store:
                node, sheet = hub.desk.node, party_feed.SHEET
                ledger.post(store.session, node, sheet, kind, at=1, data=data)

    region.meet()

    assert gym.session.scalars(select(PartyText.party_id)).all() == ["p"]
    assert person(gym, "p") is None


def test_what_a_clerk_registers_corrects_and_was_shown_travels_sealed(region: Three):
    hub, gym = region.hub, region.gym
    until = date(2027, 3, 31)
    believed = Believed(Residency.WORKS, "employment", until)
    asked = RegisterPartyRequest("person", Contact(NAME, KANA, PHONE), "172014", believed)
    party = str(register_party(gym.session, asked, gym.context(actor="clerk")))
    region.meet()
    before = people.believed(hub.session, party)

    contact = CorrectRequest(party, Contact(NAME, KANA, PHONE), Contact(NAME, KANA, PHONE, MAIL))
    correct_party(hub.session, contact, hub.context(actor="clerk"))
    known = believed, Believed(Residency.RESIDENT, "my_number", until)
    renewed = ResidencyRequest(party, "172014", *known)
    set_residency(hub.session, renewed, hub.context(actor="clerk"))
    region.meet()

    assert before == {"172014": believed}
    assert people.believed(gym.session, party) == {"172014": known[1]}
    assert person(gym, party) == (NAME, KANA, PHONE, MAIL, None, [("172014", "resident")])
    assert person(region.hall, party) is None


def test_a_text_of_an_older_program_says_nothing_of_what_was_seen(region: Three):
    party = registers(region.gym)
    body = orjson.loads(party_text.body_of(region.gym.session, party) or b"")

    assert "seen" not in body
    assert [each["seen"] for each in party_text.said(body).residencies] == [""]


def compares(office: Office) -> None:
    """The towns let two groups have at most half of their members in common."""
    with write_transaction(office.session):
        values = {"body": {"overlap_percent_max": 50}}
        office.session.connection().execute(update(TownRulesVersion).values(**values))
        raise_catalogue_version(office.session)


def a_group(office: Office, name: str, first: int) -> str:
    """Four people of となり市 register as a group, which is from outside until it is compared."""
    asked = RegisterPartyRequest("group", Contact(name), "172014", NOTHING_BELIEVED)
    group = str(register_party(office.session, asked, office.context(actor="clerk")))
    members = tuple(
        Member(f"隣野 {no}号", "となりの", Residency.RESIDENT) for no in range(first, first + 4)
    )
    before = groups.one(office.session, group, "172014").version
    typed = RosterRequest(group, "172014", before, members)
    set_roster(office.session, typed, office.context(actor="clerk"))
    return group


def becomes_local(office: Office, group: str) -> None:
    believed = Believed(Residency.RESIDENT, "roster", date(2027, 3, 31))
    asked = ResidencyRequest(group, "172014", NOTHING_BELIEVED, believed)
    set_residency(office.session, asked, office.context(actor="clerk"))


def test_groups_of_two_desks_are_compared_and_no_name_leaves_the_desk_that_typed_it(region: Three):
    hub, gym = region.hub, region.gym
    for office in region.offices:
        compares(office)
    region.meet()
    first = a_group(gym, "あおぞら会", 0)
    becomes_local(gym, first)
    region.meet()
    second, third = a_group(hub, "わかば会", 1), a_group(hub, "さくら会", 2)

    refused = refusal(lambda: becomes_local(hub, second))
    becomes_local(hub, third)

    assert refused == Refusal(RefusalCode.ROSTER_OVERLAPS, percent=50, over=1)
    assert (
        groups.one(hub.session, first, "172014").roster
        == groups.one(gym.session, first, "172014").roster
    )
    assert groups.one(hub.session, first, "172014").members == ()
    assert "隣野 0号" not in "".join(opens(hub, first)) != ""
    assert opens(region.hall, first) == []


def test_all_desks_get_the_secret_of_the_region_from_the_hub_and_it_is_in_no_document(
    region: Three,
):
    compares(region.hub)
    before = [secret_of(office) for office in region.offices]
    region.meet()
    after = {secret_of(office) for office in region.offices}

    assert before == [None, None, None]
    assert len(after) == 1 and None not in after
    (secret,) = after
    assert secret is not None
    said = b"".join(packed(slip) for slip in slips(region.hub))
    assert secret.hex().encode() not in said and secret not in said


def secret_of(office: Office) -> bytes | None:
    office.session.rollback()
    return office.session.scalar(
        select(PartyKey.secret).where(PartyKey.party_id == party_feed.REGION)
    )


def test_a_roster_typed_elsewhere_takes_the_names_of_the_one_before_with_it(region: Three):
    hub, gym = region.hub, region.gym
    group = a_group(gym, "あおぞら会", 0)
    region.meet()
    before = groups.one(hub.session, group, "172014").version
    typed = RosterRequest(group, "172014", before, (Member("山野 花", "やまの はな"),))
    set_roster(hub.session, typed, hub.context(actor="clerk"))
    region.meet()

    assert groups.one(gym.session, group, "172014").roster.members == 1
    assert groups.one(gym.session, group, "172014").members == ()


def test_who_may_book_for_a_party_is_known_where_the_party_is(region: Three):
    hub, gym = region.hub, region.gym
    party, delegate = registers(gym), registers(gym, name="西野　みお", login="mio@example.jp")
    consent = AppointRequest(party, delegate, NAME, "proxy", date(2027, 6, 6))
    appoint_delegate(gym.session, consent, gym.context(actor="clerk"))
    region.meet()

    (known,) = delegates.of_party(hub.session, party, today=TODAY)
    assert (known.who.name, known.giver, known.seen) == ("西野　みお", NAME, "proxy")
    assert delegates.of_party(region.hall.session, party, today=TODAY) == []

    end_delegate(hub.session, EndDelegateRequest(party, delegate), hub.context(actor="clerk"))
    region.meet()
    assert delegates.of_party(gym.session, party, today=TODAY) == []
