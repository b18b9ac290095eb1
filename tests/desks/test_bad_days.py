"""Bad input and bad days at the counter, as the issue lists them: a test each, through the pages.

Two clerks on one frame · a clerk who goes home signed in · a clock that is wrong · a printer that
is off · a payment twice · a refund twice on two nodes · a wrong date noticed twelve minutes later.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from reservations import clock, sheets
from reservations.actions import answering
from reservations.actions import bookings as booking_actions
from reservations.actions.bookings import CancelRequest
from reservations.config import Settings
from reservations.jobs import finish_moves
from reservations.models import Booking, IssuedPaper, Payment, Receipt, Refund
from reservations.queries import bookings as booking_query
from reservations.queries import memory, money
from reservations.rules.money import Account
from tests.support.counters import PHONE, a_counter
from tests.support.desks import Office, Offices
from tests.support.forms import Person
from tests.support.site import Site
from tests.town import NOW, SATURDAY

SUNDAY = SATURDAY + timedelta(days=1)


def frame(site: Site, *, day=SATURDAY) -> str:
    """The whole hall on an evening, on the board."""
    return f"/board?unit={site.region.here.whole}&date={day}&start=18:00&end=21:00"


def money_of(office: Office, booking_id: str) -> Account:
    office.session.rollback()
    found = money.statement(office.session, booking_id)
    office.session.rollback()
    assert found is not None
    account = found.account
    assert account.paid_yen == account.fees_yen + account.refunded_yen + account.due_yen
    return account


def bookings_of(office: Office) -> list[Booking]:
    office.session.rollback()
    office.session.expire_all()
    return list(office.session.scalars(select(Booking).order_by(Booking.made_at, Booking.serial)))


def number_of(office: Office, booking_id: str) -> str:
    """As it stands on the permit."""
    office.session.rollback()
    found = booking_query.one(office.session, memory.current(office.session), booking_id)
    office.session.rollback()
    assert found is not None
    return found.number


def at_the_money(site: Site, number: str) -> Person:
    return site.signed_in("staff").opens(f"/money?number={number}")


@pytest.fixture
def counter(offices: Offices) -> Site:
    """The hub's, which holds every sheet."""
    return a_counter(offices.hub)


def test_two_clerks_on_one_frame(offices: Offices, counter: Site):
    one, other = (counter.signed_in("staff").opens(frame(counter)) for _ in range(2))

    one.presses("次へ", who="076-200-0001", name="先の人")
    other.presses("次へ", who="076-200-0002", name="後の人")

    assert "予約できました" in one.text
    assert other.status == 422 and "先に入りました" in other.text
    assert [each.status for each in bookings_of(offices.hub)] == ["confirmed"]
    # Nothing is typed again, and the next town's hall is one press away.
    other.presses("かなた体育館 全面").presses("次へ")
    assert "予約できました" in other.text


def test_two_clerks_on_one_frame_at_two_nodes_with_the_line_cut(offices: Offices):
    offices.give(SATURDAY)
    offices.link.is_cut = True
    hub, gym = a_counter(offices.hub), a_counter(offices.gym)

    here = gym.signed_in("staff").opens(frame(gym))
    here.presses("次へ", who="076-200-0001", name="先の人")
    there = hub.signed_in("staff").opens(frame(hub))
    there.presses("次へ", who="076-200-0002", name="後の人")
    offices.link.is_cut = False
    offices.meet()

    assert "予約できました" in here.text
    assert "仮受付" in there.text
    for office in (offices.hub, offices.gym):
        assert sorted(each.status for each in bookings_of(office)) == ["confirmed", "refused"]
    assert "場所を失った方 1件" in hub.signed_in("staff").opens("/matters").text


def test_a_clerk_who_goes_home_signed_in(offices: Offices, counter: Site):
    left = counter.signed_in("staff").opens(frame(counter))
    counter.now = NOW + timedelta(minutes=31)

    left.presses("次へ", who="076-200-0001", name="だれか")
    asked = left.address
    night = counter.signed_in("staff").opens(frame(counter))
    counter.signed_in("staff").opens("/sessions").presses("すべての端末で終える")
    night.presses("次へ", who="076-200-0001", name="だれか")

    assert asked.startswith("/sign-in") and night.address.startswith("/sign-in")
    assert bookings_of(offices.hub) == []


def meet_by_their_clocks(offices: Offices, hub: Site, gym: Site) -> None:
    """As offices.meet, with what each machine takes for the time."""
    for _ in range(4):
        for office, site in ((offices.hub, hub), (offices.gym, gym)):
            answering.tend(office.desk, at=sheets.milliseconds(site.now), is_night=True)
        offices.link.sync()


@pytest.mark.parametrize("hours", [5, -5], ids=["fast", "slow"])
def test_a_clock_that_is_wrong(offices: Offices, hours: int):
    offices.give(SATURDAY)
    hub, gym = a_counter(offices.hub), a_counter(offices.gym)
    gym.now = NOW + timedelta(hours=hours)
    offices.link.is_cut = True

    here = gym.signed_in("staff").opens(frame(gym))
    here.presses("次へ", who="076-200-0001", name="先の人")
    there = hub.signed_in("staff").opens(frame(hub))
    there.presses("次へ", who="076-200-0002", name="後の人")
    offices.link.is_cut = False
    meet_by_their_clocks(offices, hub, gym)

    # Who holds the sheet has it, whatever the clocks say, and both books say the same.
    assert "予約できました" in here.text and "仮受付" in there.text
    for office in (offices.hub, offices.gym):
        assert sorted(each.status for each in bookings_of(office)) == ["confirmed", "refused"]
    # Whoever is behind sees the other one ahead, and reads what to do.
    behind, ahead = (hub, "gym") if hours > 0 else (gym, "hub")
    strip = behind.signed_in("staff").opens("/board").text
    assert f"拠点{ahead}から、この端末の時計より" in strip
    assert "時計を合わせるよう伝えてください。予約が二重になることはありません。" in strip


def test_clocks_that_agree_say_nothing(offices: Offices):
    offices.give(SATURDAY, at=sheets.milliseconds(NOW))
    gym = a_counter(offices.gym)
    gym.signed_in("staff").opens(frame(gym)).presses("次へ", who="076-200-0001", name="人")
    offices.meet(at=sheets.milliseconds(NOW))

    assert "時計" not in a_counter(offices.hub).signed_in("staff").opens("/board").text


def test_a_clock_that_was_put_back_is_said_on_its_own_machine(offices: Offices):
    offices.give(SATURDAY)
    gym = a_counter(offices.gym)
    gym.signed_in("staff").opens(frame(gym)).presses("次へ", who="076-200-0001", name="人")
    offices.meet(at=sheets.milliseconds(NOW))

    gym.now = NOW - timedelta(hours=2)

    assert "この端末の時計が120分戻っています" in gym.signed_in("staff").opens("/board").text


def test_a_printer_that_is_off(offices: Offices, counter: Site):
    person = counter.signed_in("staff").opens(frame(counter))
    person.presses("次へ", who="076-200-0001", name="人")
    number = number_of(offices.hub, bookings_of(offices.hub)[0].id)

    # The permit and the receipt are issued, and no sheet comes out.
    permit = issued(counter, f"/papers?number={number}", "使用許可書を開く（PDF）")
    paid = at_the_money(counter, number).presses("お金を受け取る", amount="1800")
    receipt = paid.follows("領収書を開く（PDF）").answer
    assert receipt is not None

    # Later, with the printer on: the same paper from where the page says.
    desk = counter.signed_in("staff").opens(f"/papers?number={number}")
    assert "印刷できなかったときは、ここからもう一度開いて印刷します" in desk.text
    again = desk.follows("使用許可書 ").answer
    bill = at_the_money(counter, number)
    assert "領収書を印刷できなかったときは、もう一度開いて印刷します" in bill.text
    once_more = bill.follows("領収書を開く（PDF）").answer
    assert again is not None and once_more is not None
    assert (again.data, once_more.data) == (permit, receipt.data)
    offices.hub.session.rollback()
    assert offices.hub.session.scalars(select(Receipt.number)).all() == ["01-R000001"]
    kinds = offices.hub.session.scalars(select(IssuedPaper.kind)).all()
    assert sorted(kinds) == ["permit", "receipt"]


def issued(site: Site, page: str, words: str) -> bytes:
    answer = site.signed_in("staff").opens(page).follows(words).answer
    assert answer is not None and answer.content_type == "application/pdf"
    return bytes(answer.data)


def test_a_payment_twice(offices: Offices, counter: Site):
    booking_id = offices.hub.books(offices.hub.region.here.whole)
    number = number_of(offices.hub, booking_id)
    desk = at_the_money(counter, number)
    form = desk.form_of("お金を受け取る")

    # A double click is one payment.
    for _ in range(2):
        desk.client.post(form.action, data=form.values | {"amount": "1800"})
    once = money_of(offices.hub, booking_id)
    # A second one, of somebody who did not know of the first, is a fact, and is paid back.
    at_the_money(counter, number).presses("お金を受け取る", amount="1800")
    matters = counter.signed_in("staff").opens("/matters").text
    over = at_the_money(counter, number)
    told = "".join(over.text.split())
    over.presses("還付を決める").presses("現金を渡した")

    assert once == Account(1800, 1800, 0)
    assert "納めすぎ1,800円" in told
    assert "入金が2回あり、1,800円多く納められています。" in matters
    assert money_of(offices.hub, booking_id) == Account(1800, 3600, 1800)


def test_a_refund_twice_on_two_nodes(offices: Offices):
    hub, gym = offices.hub, offices.gym
    booking_id = hub.books(hub.region.here.whole)
    at_hub, at_gym = a_counter(hub), a_counter(gym)
    number = number_of(hub, booking_id)
    at_the_money(at_hub, number).presses("お金を受け取る", amount="1800")
    offices.give(SATURDAY)
    offices.meet()
    booking_actions.cancel(gym.session, CancelRequest(booking_id), gym.context())
    offices.meet()
    offices.link.is_cut = True

    here = at_the_money(at_hub, number).presses("還付を決める")
    there = at_the_money(at_gym, number).presses("還付を決める")
    waiting = here.text
    offices.link.is_cut = False
    offices.meet()

    assert "台帳を持つ拠点の返事を待っています" in waiting and "現金を渡した" not in waiting
    assert "現金を渡した" in there.text
    for office in (hub, gym):
        assert money_of(office, booking_id) == Account(0, 1800, 1800)
        office.session.rollback()
        found = office.session.scalars(select(Refund.status)).all()
        assert sorted(found) == ["decided", "refused"]
    after = at_the_money(at_hub, number)
    assert "還付できません" in after.text and "現金を渡した" not in after.text


def test_a_wrong_date_noticed_twelve_minutes_later(offices: Offices, counter: Site):
    booking_id = paid_on_the_wrong_day(offices, counter)
    number = number_of(offices.hub, booking_id)
    counter.now = NOW + timedelta(minutes=12)

    person = counter.signed_in("staff").opens(move_address(counter, booking_id))
    person.presses("この時間に変える")

    # The same number and the same money: nothing is paid, and nothing is paid back.
    assert "予約の時間を変えました" in person.text
    (booking,) = bookings_of(offices.hub)
    assert (booking.id, booking.date, booking.status) == (booking_id, SUNDAY, "confirmed")
    assert number_of(offices.hub, booking_id) == number
    assert money_of(offices.hub, booking_id) == Account(1800, 1800, 0)
    # Or it is given up, for nothing, and all of it comes back.
    person.follows("取り消す").presses("取り消す")
    assert money_of(offices.hub, booking_id) == Account(0, 1800, 0)


def paid_on_the_wrong_day(offices: Offices, site: Site) -> str:
    """A booking for Saturday, which should be Sunday's, and 1,800 yen in cash for it."""
    office = offices.hub if site.database is offices.hub.database else offices.gym
    person = site.signed_in("staff").opens(frame(site)).presses("次へ", who=PHONE)
    person.presses("予約する")
    (booking,) = bookings_of(office)
    desk = at_the_money(site, number_of(office, booking.id))
    desk.presses("お金を受け取る", amount="1800")
    return booking.id


def move_address(site: Site, booking_id: str) -> str:
    day = f"unit={site.region.here.whole}&date={SUNDAY}&start=18:00&end=21:00"
    return f"/board/bookings/{booking_id}/change?{day}"


def test_a_wrong_date_noticed_twelve_minutes_later_where_the_right_one_is_held_elsewhere(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
):
    hub, gym = offices.hub, offices.gym
    offices.give(SATURDAY)
    site = a_counter(gym)
    booking_id = paid_on_the_wrong_day(offices, site)
    site.now = NOW + timedelta(minutes=12)
    monkeypatch.setattr(clock, "now", lambda: site.now)

    site.signed_in("staff").opens(move_address(site, booking_id)).presses("この時間に変える")
    offices.meet()

    # Another machine holds Sunday: a new number, nothing owed for the old one, and its money moves.
    old = at_the_money(site, number_of(gym, booking_id))
    assert "納めすぎ1,800円" in "".join(old.text.split())
    new_id = next(each.id for each in bookings_of(gym) if each.instead_of == booking_id)
    assert old.form_of("充てる").values["other"] == number_of(gym, new_id)
    new = old.presses("充てる")
    offices.meet()

    assert "の納めすぎを、この予約に充てました" in new.text
    for office in (hub, gym):
        assert money_of(office, booking_id) == Account(0, 1800, 1800)
        assert money_of(office, new_id) == Account(1800, 1800, 0)
    assert "残っている食い違いはありません" in site.signed_in("staff").opens("/matters").text
    # Neither a second receipt nor cash: the first receipt is for this money.
    assert "領収書を開く" not in new.text and "現金を渡した" not in old.opens(old.address).text


def test_money_that_moves_waits_for_the_holder_of_its_first_sheet(
    offices: Offices, monkeypatch: pytest.MonkeyPatch
):
    hub, gym = offices.hub, offices.gym
    site = a_counter(hub)
    booking_id = paid_on_the_wrong_day(offices, site)
    offices.give(SATURDAY)
    offices.meet()
    other = hub.books(hub.region.here.whole, date=SUNDAY)
    hub.cancels(booking_id)
    offices.meet()
    offices.link.is_cut = True
    monkeypatch.setattr(clock, "now", lambda: site.now)

    desk = at_the_money(site, number_of(hub, booking_id))
    desk.presses("充てる", other=number_of(hub, other))
    before = desk.text, money_of(hub, other)
    offices.link.is_cut = False
    offices.meet()
    done = [finish_moves(hub.database, settings_of(hub)) for _ in range(2)]
    offices.meet()

    assert "台帳を持つ拠点の返事を待っています" in before[0]
    assert before[1] == Account(1800, 0, 0)
    assert done == [1, 0]
    for office in (hub, gym):
        assert money_of(office, other) == Account(1800, 1800, 0)
        assert money_of(office, booking_id) == Account(0, 1800, 1800)


def settings_of(office: Office) -> Settings:
    return office.desk.settings


def test_money_never_moves_to_somebody_else(offices: Offices, counter: Site):
    booking_id = paid_on_the_wrong_day(offices, counter)
    offices.hub.cancels(booking_id)
    stranger = offices.hub.books(offices.hub.region.here.whole, "party-rival", date=SUNDAY)

    desk = at_the_money(counter, number_of(offices.hub, booking_id))
    desk.presses("充てる", other=number_of(offices.hub, stranger))

    assert desk.status == 422
    assert "同じ利用者のほかの予約です" in desk.text
    offices.hub.session.rollback()
    assert offices.hub.session.scalars(select(Payment.method)).all() == ["cash"]
