"""Whoever was answered hears it once, in their words: by mail, or from a clerk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from reservations import clock, jobs, postman, smtp
from reservations import desk as desks
from reservations.actions import letters as outbox
from reservations.actions.approval import GrantRequest, RefuseRequest, grant, refuse
from reservations.actions.bookings import CancelRequest, cancel
from reservations.actions.letters import LetterRequest
from reservations.config import Settings
from reservations.db import write_transaction
from reservations.models import Account, Letter, Party
from reservations.queries import letters, memory
from reservations.queries.letters import STATES, LetterView
from reservations.rules.letters import KEPT
from sync.document import Document
from tests.support.approving import REASON, looks_first
from tests.support.desks import Office, Offices, an_office
from tests.support.lending import a_period
from tests.support.smtp import Mailman, a_mailman
from tests.town import NOW, SATURDAY

SITE = "https://tonari.example.jp"
PHONE = "076-000-0000"
MORNING = a_period("09:00-12:00")


@pytest.fixture
def mailman() -> Iterator[Mailman]:
    with a_mailman() as running:
        yield running


@pytest.fixture(autouse=True)
def noon(monkeypatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def by_mail(office: Office, mailman: Mailman, **other: object) -> Settings:
    """This office's settings, with a mail server."""
    way = {"smtp_host": "127.0.0.1", "smtp_port": mailman.port, "smtp_security": "none"}
    way |= {"smtp_from": "tonari@example.jp", "smtp_seconds": 5, "site_url": SITE}
    way |= {"support_phone": PHONE}
    return office.desk.settings.model_copy(update=way | other)


def outgoing(office: Office) -> list[LetterView]:
    office.session.rollback()
    known = memory.newest(office.database)
    return letters.listed(office.session, known, states=STATES)


def states(office: Office) -> list[tuple[str, str]]:
    return sorted((each.kind, each.state) for each in outgoing(office))


def rows(office: Office) -> list[tuple[Any, ...]]:
    """What the outbox says, without what the mail server has to do with it."""
    office.session.rollback()
    query = select(Letter.id, Letter.party_id, Letter.booking_id, Letter.kind, Letter.body)
    found = sorted((tuple(row) for row in office.session.execute(query)), key=repr)
    office.session.rollback()
    return found


def lost_at_the_rejoin(offices: Offices) -> str:
    """The gym has lent the court while the hub's wish for it was on its way."""
    offices.give(SATURDAY)
    offices.link.is_cut = True
    offices.gym.books(offices.gym.region.here.whole, "party-rival")
    made = offices.hub.books(offices.hub.region.here.whole, purpose="badminton", headcount=12)
    offices.link.is_cut = False
    offices.meet()
    return made


def test_who_lost_hears_why_and_what_is_free_next_door_with_price_and_link(
    offices: Offices, mailman: Mailman
):
    hub = offices.hub
    made = lost_at_the_rejoin(offices)

    done = postman.deliver(hub.database, by_mail(hub, mailman))

    (letter,) = mailman.letters
    text = letter.get_content()
    there = hub.region.next_door.whole
    link = f"{SITE}/bookings/{made}/instead?unit={there}&date=2026-06-13&start=18:00&end=21:00"
    assert (done.worded, done.sent, states(hub)) == (1, 1, [("refused", "sent")])
    assert (letter["To"], letter["From"]) == ("resident@example.jp", "tonari@example.jp")
    assert "予約をお取りできませんでした" in letter["Subject"]
    assert "その時間には、ほかの方の予約が先に入っていました。" in text
    assert "令和8年（2026年）6月13日（土） 18:00〜21:00" in text
    assert "かなた体育館 全面 6月13日（土） 18:00〜21:00 2,700円" in text
    assert link in text
    assert f"{SITE}/bookings/{made}" in text
    assert PHONE in text


def test_no_letter_asks_for_a_password_or_for_money(offices: Offices, mailman: Mailman):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    kept = hub.books(hub.region.here.whole, period=MORNING)
    offices.meet()
    cancel(hub.session, CancelRequest(kept, "closure"), hub.context())
    offices.meet()

    postman.deliver(hub.database, by_mail(hub, mailman))

    assert len(mailman.letters) == 2
    for text in mailman.bodies():
        said = [word for word in ("パスワード", "password", "支払", "振込", "/pay") if word in text]
        assert said == []


def test_a_confirmed_wish_is_told_in_the_persons_language(offices: Offices, mailman: Mailman):
    hub = offices.hub
    with write_transaction(hub.session):
        speaks = update(Account).where(Account.id == hub.region.account)
        hub.session.execute(speaks.values(locale="en"))
    offices.give(SATURDAY)
    hub.books(hub.region.here.whole)
    offices.meet()

    postman.deliver(hub.database, by_mail(hub, mailman))

    (letter,) = mailman.letters
    assert letter["Content-Language"] == "en"
    assert letter["Subject"].startswith("Your booking is confirmed")
    assert "Fee: ¥1,800" in letter.get_content()
    assert "near by" not in letter.get_content()


def test_the_desk_where_the_person_booked_writes_and_no_other(offices: Offices):
    hub, gym = offices.hub, offices.gym
    here = hub.books(hub.region.here.whole)
    offices.give(SATURDAY)
    there = gym.books(gym.region.here.whole, "party-rival", period=MORNING)

    cancel(gym.session, CancelRequest(here, "closure"), gym.context())
    cancel(gym.session, CancelRequest(there, "closure"), gym.context())
    offices.meet()

    assert [(each.booking_id, each.kind) for each in outgoing(hub)] == [(here, "cancelled")]
    assert [(each.booking_id, each.kind) for each in outgoing(gym)] == [(there, "cancelled")]


def test_who_gave_a_wish_up_hears_nothing_of_its_answer(offices: Offices, mailman: Mailman):
    hub = offices.hub
    offices.give(SATURDAY)
    hub.cancels(hub.books(hub.region.here.whole))
    offices.meet()

    postman.deliver(hub.database, by_mail(hub, mailman))

    assert (mailman.letters, states(hub)) == ([], [])


def test_the_same_documents_in_any_order_and_twice_are_the_same_letters(offices: Offices):
    hub, gym = offices.hub, offices.gym
    lost_at_the_rejoin(offices)
    hub.books(hub.region.here.whole, period=MORNING)
    offices.meet()
    before = rows(hub)
    documents = everything_said(gym)

    for order in (documents, documents[::-1]):
        hub.desk.node.receive(order)

    assert len(before) == 2
    assert rows(hub) == before


@pytest.mark.parametrize("is_answer_first", [True, False])
def test_a_machine_that_lost_everything_writes_the_same_letters_from_the_lines(
    offices: Offices, tmp_path: Path, is_answer_first: bool
):
    """Also where the answers come before the wishes, as a mailbox may bring them."""
    hub, gym = offices.hub, offices.gym
    hub.books(hub.region.here.whole, "party-rival")
    offices.link.is_cut = True
    gym.books(gym.region.here.whole)
    gym.books(gym.region.here.whole, period=MORNING)
    offices.link.is_cut = False
    offices.meet()
    before, was = rows(gym), statuses(gym)
    documents = everything_said(hub)

    home = tmp_path / "again" / "node"
    home.mkdir(parents=True)
    key = desks.new_key(home / "key")
    with hub.desk.transaction() as store:
        desks.admit(hub.desk, store.session, "gym", key.public)
    desks.join(home, "gym", desks.introduce(hub.desk))
    anew = an_office(tmp_path / "again", "gym", 2, f"sqlite:///{tmp_path}/again.sqlite3")
    anew.desk.node.receive(
        sorted(documents, key=lambda line: ((line.kind == "book") == is_answer_first, line.number))
    )

    assert (rows(anew), statuses(anew)) == (before, was)
    assert sorted(row[3] for row in before) == ["confirmed", "refused"]
    anew.session.close()
    anew.database.dispose()


def everything_said(office: Office) -> list[Document]:
    with office.desk.transaction() as store:
        return [line for chain in store.chains() for line in store.lines(chain)]


def statuses(office: Office) -> list[tuple[str, str]]:
    office.session.rollback()
    found = office.session.connection().exec_driver_sql("SELECT id, status FROM booking")
    return sorted((row[0], row[1]) for row in found)


def test_nobody_is_written_to_before_the_answer_is_on_two_media(
    witnessed: Offices, mailman: Mailman
):
    """The gym answers its own wish, and its witness is away."""
    gym = witnessed.gym
    gym.books(gym.region.here.whole)
    medium = gym.desk.folder.parent / "witness"
    gym.desk.settle()
    witnessed.link.sync()
    aside = medium.rename(medium.with_name("pulled out"))
    witnessed.give(SATURDAY)
    witnessed.meet()

    silent = postman.deliver(gym.database, by_mail(gym, mailman))
    aside.rename(medium)
    witnessed.meet()
    told = postman.deliver(gym.database, by_mail(gym, mailman))

    assert (silent.worded, told.sent) == (0, 1)


def test_without_an_address_it_is_a_clerks_to_tell(offices: Offices, mailman: Mailman):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    with write_transaction(hub.session):
        is_theirs = Account.id == hub.region.account
        hub.session.execute(update(Account).where(is_theirs).values(login="0760000000"))

    postman.deliver(hub.database, by_mail(hub, mailman))
    (letter,) = outgoing(hub)
    outbox.hand_letter(hub.session, LetterRequest(letter.id), hub.context(actor="account-staff"))

    assert (mailman.letters, letter.state) == ([], "to_hand_over")
    assert "かなた体育館" in letter.text
    assert states(hub) == [("refused", "handed_over")]


def test_a_clerk_is_not_left_with_what_nobody_needs_to_hear_any_more(
    offices: Offices, mailman: Mailman
):
    hub = offices.hub
    settings = hub.desk.settings
    offices.give(SATURDAY)
    made = hub.books(hub.region.here.whole)
    offices.meet()
    postman.deliver(hub.database, settings)
    before = states(hub)
    hub.cancels(made)
    offices.meet()

    postman.deliver(hub.database, settings)

    assert (before, states(hub)) == ([("confirmed", "to_hand_over")], [("confirmed", "void")])


def test_a_server_that_says_later_is_asked_again_later_and_later(
    offices: Offices, mailman: Mailman, monkeypatch
):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    mailman.answers["RCPT"] = "451 later"
    tried = []
    for minute in range(30):
        monkeypatch.setattr(clock, "now", lambda minute=minute: NOW + timedelta(minutes=minute))
        if postman.deliver(hub.database, by_mail(hub, mailman)).failed:
            tried.append(minute)
    mailman.answers.clear()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=3))

    done = postman.deliver(hub.database, by_mail(hub, mailman))

    assert tried == [0, 1, 6, 21]
    assert (done.sent, len(mailman.letters)) == (1, 1)


def test_an_address_that_the_server_does_not_know_is_a_clerks(offices: Offices, mailman: Mailman):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    mailman.answers["RCPT"] = "550 no such person"

    postman.deliver(hub.database, by_mail(hub, mailman))

    (letter,) = outgoing(hub)
    assert (letter.state, letter.why) == ("to_hand_over", "550 no such person")


def test_after_the_address_was_mended_it_is_sent(offices: Offices, mailman: Mailman):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    settings = by_mail(hub, mailman)
    mailman.answers["RCPT"] = "550 no such person"
    postman.deliver(hub.database, settings)
    with write_transaction(hub.session):
        hub.session.execute(update(Party).values(email="right@example.jp"))
    mailman.answers.clear()

    again = postman.retry(hub.database, settings)
    postman.deliver(hub.database, settings)

    assert again == 1
    assert [each["To"] for each in mailman.letters] == ["right@example.jp"]


def test_a_second_round_at_the_same_time_sends_nothing(offices: Offices, mailman: Mailman):
    """Two processes have read the same letter; one of them tries it."""
    hub = offices.hub
    lost_at_the_rejoin(offices)
    settings = by_mail(hub, mailman)
    postman.deliver(hub.database, settings.model_copy(update={"smtp_port": 1}))
    (letter,) = outgoing(hub)

    sent = [postman._send(hub.database, settings, letter) for _ in range(2)]

    assert sent == ["", ""]
    assert mailman.letters == []


def test_a_yes_that_was_lost_is_asked_for_once_more_under_the_same_name(
    offices: Offices, mailman: Mailman, monkeypatch
):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    mailman.answers["TAKEN"] = ""
    postman.deliver(hub.database, by_mail(hub, mailman))
    mailman.answers.clear()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))

    postman.deliver(hub.database, by_mail(hub, mailman))
    postman.deliver(hub.database, by_mail(hub, mailman))

    one, two = mailman.letters
    assert one["Message-ID"] == f"<{outgoing(hub)[0].id}@example.jp>"
    assert one["Date"].datetime == NOW
    assert one.as_bytes() == two.as_bytes()
    assert states(hub) == [("refused", "sent")]


def test_letters_about_days_long_past_are_deleted_and_the_others_stay(
    offices: Offices, mailman: Mailman, monkeypatch
):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    postman.deliver(hub.database, by_mail(hub, mailman))
    monkeypatch.setattr(clock, "now", lambda: NOW + KEPT)
    jobs.clean(hub.database, hub.desk.settings)
    assert states(hub) == [("refused", "sent")]

    day_after = timedelta(days=1 + (SATURDAY - clock.local_day(NOW)).days)
    monkeypatch.setattr(clock, "now", lambda: NOW + KEPT + day_after)
    jobs.clean(hub.database, hub.desk.settings)

    assert states(hub) == []


def test_an_old_line_that_is_read_again_writes_to_nobody(
    offices: Offices, mailman: Mailman, monkeypatch
):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    monkeypatch.setattr(clock, "now", lambda: NOW + 2 * KEPT)

    postman.deliver(hub.database, by_mail(hub, mailman))

    assert (mailman.letters, states(hub)) == ([], [("refused", "void")])


def test_killed_before_the_mail_it_is_sent_when_the_lease_is_over(
    offices: Offices, mailman: Mailman, monkeypatch
):
    hub = offices.hub
    lost_at_the_rejoin(offices)
    settings = by_mail(hub, mailman)

    def killed(*_about: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(smtp, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            postman.deliver(hub.database, settings)
    at_once = postman.deliver(hub.database, settings)
    monkeypatch.setattr(clock, "now", lambda: NOW + postman.LEASE)
    later = postman.deliver(hub.database, settings)

    assert (at_once.sent, later.sent, len(mailman.letters)) == (0, 1, 1)


def test_who_asked_hears_that_it_is_in_review_then_that_it_is_permitted_and_under_what_conditions(
    offices: Offices, mailman: Mailman
):
    hub, gym = offices.hub, offices.gym
    for office in (hub, gym):
        looks_first(office.session)
    offices.give(SATURDAY)
    made = hub.books(hub.region.here.whole)
    offices.meet()
    postman.deliver(hub.database, by_mail(hub, mailman))
    grant(gym.session, GrantRequest(made, 0, "火気を使わないこと。"), gym.context())
    offices.meet()

    postman.deliver(hub.database, by_mail(hub, mailman))

    first, second = mailman.letters
    assert "申請を審査しています" in first["Subject"]
    assert "回答の目安 6月12日（金）まで" in first.get_content()
    assert "確定" not in first.get_content()
    assert "利用が許可されました" in second["Subject"]
    assert "許可の条件\n火気を使わないこと。" in second.get_content()


def test_who_is_refused_hears_why_and_where_it_says_how_to_appeal(
    offices: Offices, mailman: Mailman
):
    hub = offices.hub
    looks_first(hub.session)
    made = hub.books(hub.region.here.whole)
    refuse(hub.session, RefuseRequest(made, 0, REASON), hub.context())

    postman.deliver(hub.database, by_mail(hub, mailman))

    (letter,) = mailman.letters
    text = letter.get_content()
    assert "利用は許可されませんでした" in letter["Subject"]
    for words in (f"理由: {REASON}", "不許可通知書", "全額お返しします"):
        assert words in text
    assert "近くの空き" not in text
