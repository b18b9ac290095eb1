"""The carriers at work in their threads, over lines that are cut, frozen and slow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from sync.carriers.couch import NoContact, Trouble
from sync.carriers.courier import Courier, pause_after
from tests.support.proxy import Proxy, a_line
from tests.sync.couch.towns import (
    Clock,
    Towns,
    heads,
    post,
    recorder,
    rows,
    status,
    write,
    write_many,
)
from tests.sync.desks import GYM, SCOPE, Desk

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def line(towns, box) -> Iterator[Proxy]:
    """The line from everywhere to the hub's mailbox."""
    with a_line(towns.couches["hub"].port) as proxy:
        yield proxy


def until(ready: Callable[[], bool], *, seconds: float = 30) -> float:
    """Wait for the thing itself; returns how long it took."""
    started, pause = time.monotonic(), threading.Event()
    while not ready():
        assert time.monotonic() - started < seconds, "it did not happen"
        pause.wait(0.02)
    return time.monotonic() - started


@contextmanager
def at_work(*couriers: Courier) -> Iterator[None]:
    with ExitStack() as stack:
        for courier in couriers:
            courier.start()
            stack.callback(courier.stop)
        yield
        assert all(courier.is_running for courier in couriers)


def courier_of(desk: Desk, towns: Towns, *roles: str, line: Proxy | None = None) -> Courier:
    if line:
        towns.lines["hub"] = line.url
    carriers = [towns.carrier(desk, role) for role in roles or ("hub",)]
    towns.lines.pop("hub", None)
    return Courier(desk.node, carriers, look_seconds=0.2)


def have_the_same(*desks: Desk) -> bool:
    first = heads(desks[0])
    return bool(first) and all(heads(desk) == first for desk in desks[1:])


def test_what_is_written_arrives_by_itself(towns, box, hub, gym):
    at_hub, at_gym = courier_of(hub, towns), courier_of(gym, towns)
    with at_work(at_hub, at_gym):
        write(hub, "court a")
        at_hub.wake()

        until(lambda: gym.lines(write_log(hub)) == ["request"])


def write_log(desk: Desk) -> str:
    return f"{SCOPE}/log/{desk.me.key}"


def test_a_facility_reaches_the_hub_through_its_town(towns, box, hub, gym):
    towns.prepare("town", "town", "gym")
    town = towns.desk("town")
    couriers = [
        courier_of(hub, towns),
        courier_of(town, towns, "hub", "town"),
        courier_of(gym, towns, "town"),
    ]
    with at_work(*couriers):
        write(gym, "court a")
        couriers[2].wake()
        until(lambda: have_the_same(hub, town, gym))
        hub.answer()
        couriers[0].wake()

        until(lambda: gym.lines(GYM) == ["confirm"])


@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_both_sides_of_a_cut_agree_when_it_is_mended(how, towns, box, line, hub, gym):
    at_hub, at_gym = courier_of(hub, towns), courier_of(gym, towns, line=line)
    with at_work(at_hub, at_gym):
        write(hub, "court a")
        until(lambda: have_the_same(hub, gym))
        getattr(line, how)()
        for number in range(20):
            write(hub, f"court {number}")
            write(gym, f"room {number}")
        at_hub.wake()
        at_gym.wake()
        if how == "cut":
            until(lambda: at_gym.carriers[0].error != "")
            assert at_gym.carriers[0].error == Trouble.SILENT.value
        assert not have_the_same(hub, gym)
        line.mend()

        until(lambda: have_the_same(hub, gym), seconds=60)
        until(lambda: at_gym.carriers[0].error == "")


def test_five_hundred_on_either_side_are_exchanged_soon_after_a_cut(towns, box, line, hub, gym):
    at_hub, at_gym = courier_of(hub, towns), courier_of(gym, towns, line=line)
    with at_work(at_hub, at_gym):
        write(hub, "court a")
        until(lambda: have_the_same(hub, gym))
        line.cut()
        for desk, courier in ((hub, at_hub), (gym, at_gym)):
            write_many(desk, 500)
            courier.wake()
        until(lambda: status(at_hub.carriers[0]).waiting == 0)
        line.mend()

        seconds = until(lambda: have_the_same(hub, gym), seconds=60)

    print(f"500 + 500 documents agree {seconds:.2f} s after the line is mended")
    assert seconds < 15


def test_a_slow_line_only_takes_longer(towns, box, line, hub, gym):
    line.delay_seconds = 0.15
    at_hub, at_gym = courier_of(hub, towns), courier_of(gym, towns, line=line)
    with at_work(at_hub, at_gym):
        write(gym, "court a")
        at_gym.wake()

        until(lambda: have_the_same(hub, gym))


def test_a_line_that_flaps_loses_and_repeats_nothing(towns, box, line, hub, gym):
    at_hub, at_gym = courier_of(hub, towns), courier_of(gym, towns, line=line)
    told, apply = recorder()
    at_hub.carriers[0].apply = apply
    pause = threading.Event()
    with at_work(at_hub, at_gym):
        for number in range(8):
            write(gym, f"court {number}")
            at_gym.wake()
            pause.wait(0.05 * (number % 3))
            line.cut()
            pause.wait(0.05)
            line.mend()

        until(lambda: have_the_same(hub, gym))
    assert told == ["+ request"] * 8


def test_a_mailbox_of_its_own_serves_a_facility_while_the_hub_is_away(towns, box, line, hub, gym):
    towns.prepare("gym", "gym", "town")
    annex = towns.desk("town")
    at_gym = courier_of(gym, towns, "gym", "hub", line=line)
    at_annex = courier_of(annex, towns, "gym")
    line.cut()
    with at_work(at_gym, at_annex):
        write(annex, "court a")
        at_annex.wake()
        until(lambda: have_the_same(gym, annex))

        line.mend()
        until(lambda: len([each for each in rows(box) if each.startswith("slip")]) == 1)


def test_stopping_takes_no_longer_than_it_may(towns, box, gym):
    courier = courier_of(gym, towns)
    courier.start()
    until(lambda: courier.carriers[0].contact is not None)

    started = time.monotonic()
    courier.stop(seconds=0.5)

    assert time.monotonic() - started < 3


def test_one_round_says_what_went_wrong_where(towns, box, line, gym):
    write(gym, "court a")
    courier = courier_of(gym, towns, line=line)
    line.cut()
    assert list(courier.once().values()) == [Trouble.SILENT.value]

    line.mend()
    assert courier.once() == {}
    assert len(rows(box)) == len(gym.node.directory.certificates()) + 1


def test_silence_is_asked_about_every_second_however_long_it_lasts():
    assert [pause_after(Trouble.SILENT, number, lot=0) for number in (1, 2, 10, 1000)] == [1] * 4


@pytest.mark.parametrize("trouble", [*list(Trouble)[1:], None])
def test_a_server_that_refuses_is_left_alone_for_longer_and_longer(trouble):
    pauses = [pause_after(trouble, number, lot=0) for number in range(1, 9)]

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_not_all_come_back_in_the_same_instant():
    pauses = {pause_after(Trouble.SILENT, 1, lot=lot) for lot in (0, 0.3, 0.6, 1)}

    assert len(pauses) == 4
    assert min(pauses) == 0.5


class Pauses:
    """Waits without waiting: the clock is put on, and after so many pauses all is stopped."""

    def __init__(self, clock: Clock, enough: int) -> None:
        self.clock = clock
        self.enough = enough
        self.all: list[float] = []

    def __call__(self, seconds: float) -> bool:
        self.clock.seconds += seconds
        self.all.append(seconds)
        return len(self.all) >= self.enough


def failing(
    towns: Towns, gym: Desk, password: str, enough: int
) -> tuple[Courier, Pauses, Callable[[], None]]:
    """A reader with this password whose courier stops after so many pauses."""
    clock = Clock()
    pauses = Pauses(clock, enough)
    carrier = towns.carrier(gym, clock=clock)
    carrier.mailbox = towns.mailbox(user="gym", password=password)
    courier = Courier(gym.node, [carrier], wait=pauses, lot=lambda: 0.0)

    def run() -> None:
        worker = threading.Thread(target=courier.read, args=(carrier,), daemon=True)
        worker.start()
        until(lambda: len(pauses.all) >= enough)
        courier.stop()
        worker.join(15)

    return courier, pauses, run


def test_the_pauses_after_a_refusal_rise(towns, box, gym):
    courier, pauses, run = failing(towns, gym, "wrong", 15)
    run()

    # A pause is taken in seconds, so that an answer to the other thread can end it.
    assert pauses.all[:15] == [1.0] * 15
    assert courier.carriers[0].error.startswith(Trouble.WRONG_PASSWORD.value)


def test_an_answer_to_the_other_thread_ends_a_pause(towns, box, gym):
    clock = Clock()
    carrier = towns.carrier(gym, clock=clock)
    seen: list[float] = []

    def wait(seconds: float) -> bool:
        seen.append(seconds)
        clock.seconds += seconds
        carrier.contact = clock()
        return False

    Courier(gym.node, [carrier], wait=wait)._pause(carrier, 30)

    assert seen == [1.0]


def test_a_mistake_of_ours_ends_its_thread_and_is_seen(towns, box, hub, gym, monkeypatch):
    write(hub, "court a")
    post(towns.carrier(hub))
    mistakes: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: mistakes.append(str(what.exc_value)))

    def apply(store, receipt):
        raise AssertionError("a mistake")

    courier = courier_of(gym, towns)
    courier.carriers[0].apply = apply
    courier.start()
    until(lambda: not courier.is_running)
    courier.stop()

    assert mistakes == ["a mistake"]
    assert heads(gym) == {}


def test_a_poster_without_contact_raises_and_keeps_its_place(towns, box, line, hub):
    towns.lines["hub"] = line.url
    carrier = towns.carrier(hub)
    slip = write(hub, "court a")
    line.cut()
    with pytest.raises(NoContact):
        post(carrier)

    line.mend()
    post(carrier)
    assert slip.id in rows(box)


@pytest.mark.parametrize("at", range(1, 8))
def test_a_cut_at_any_call_loses_and_repeats_nothing(at, towns, box, line, hub, gym):
    told, apply = recorder()
    for number in range(3):
        write(hub, f"court {number}")
    towns.lines["hub"] = line.url
    writer, reader = towns.carrier(hub), towns.carrier(gym, apply=apply)
    calls = iter(range(1, 100))

    def cut_at_the_call(answer, **_):
        if next(calls) == at:
            line.cut()

    for carrier in (writer, reader):
        for client in (carrier.mailbox.server._client, carrier.mailbox.server._reader):
            client.get_http_client().hooks["response"].append(cut_at_the_call)
    for carrier in (writer, reader, writer, reader):
        try:
            post(carrier) if carrier is writer else carrier.follow()
        except NoContact as error:
            carrier.failed(str(error))
            line.mend()
    post(writer)
    while reader.follow():
        continue

    assert told == ["+ request"] * 3
    assert heads(gym) == heads(hub)
