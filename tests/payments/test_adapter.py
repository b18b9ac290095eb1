"""Speaking to a payment service: an end to every question, and sense in every answer, or none."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reservations.config import Settings
from reservations.errors import Outage
from reservations.payments import (
    Back,
    Declined,
    Forged,
    Settled,
    State,
    Unreadable,
    Wish,
    asking,
    provider,
)
from reservations.payments.simulated import SIGNATURE, Simulated, signature
from tests.support.provider import Service

HEAD = b"kind,provider_id,reference,order,amount_yen,at\n"


def a_wish(reference: str, **other: Any) -> Wish:
    fields: dict[str, Any] = {
        "booking_id": "b", "amount_yen": 1800, "about": "使用料", "return_to": "http://127.0.0.1:9/",
        "notify_to": "", "locale": "ja",
    }  # fmt: skip
    return Wish(reference=reference, **(fields | other))


@pytest.fixture
def at(service: Service, tmp_path: Path) -> Simulated:
    found = provider(Settings(data_dir=tmp_path, **service.settings))
    assert isinstance(found, Simulated)
    return found


@contextlib.contextmanager
def a_server(answer: bytes, *, pause: float = 0.0) -> Iterator[str]:
    """Says these bytes to whoever asks, one by one with a pause if there is one."""
    nobody = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    talk, _ = listening.accept()
                    with talk:
                        talk.recv(65536)
                        for piece in answer if pause else (answer,):
                            talk.sendall(bytes([piece]) if isinstance(piece, int) else piece)
                            nobody.wait(pause)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def asked(url: str, seconds: float = 1.0) -> asking.Answer:
    return asking.ask("GET", url, seconds=seconds, headers={})


def test_a_service_that_says_a_byte_now_and_then_holds_nobody():
    with a_server(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + b"x" * 99, pause=0.2) as url:
        began = time.monotonic()
        with pytest.raises(Outage):
            asked(url)
        assert time.monotonic() - began < 5
        # Its turns are free again: as many as there are can be asked at once.
        for _ in range(asking.AT_ONCE + 1):
            with pytest.raises(Outage, match=r"no answer in|timed out"):
                asked(url, 0.1)


def test_many_who_ask_a_slow_service_wait_for_their_turn_no_longer_than_the_bound():
    took: list[float] = []

    def one() -> None:
        began = time.monotonic()
        with contextlib.suppress(Outage):
            asked(url)
        took.append(time.monotonic() - began)

    with a_server(b"x" * 50, pause=0.2) as url:
        threads = [threading.Thread(target=one) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(took) == 12
    assert max(took) < asking.TURN_SECONDS + 1 + 3


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 later\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_means_nothing_is_an_outage(answer: bytes):
    with a_server(answer) as url, pytest.raises(Outage):
        asked(url)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"null", b'{"id": 1}', b'{"id": "", "address": "x"}', b"\xff"],
)
def test_an_answer_without_sense_is_an_outage_and_nothing_else(at: Simulated, body: bytes):
    said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with a_server(said) as url:
        there = Simulated(url, at.key_file, at.secret_file, 2)
        for work in (
            lambda: there.begin(a_wish("r")),
            lambda: there.ask("r"),
            lambda: there.give_back(Back("k", "p", 1)),
        ):
            with pytest.raises(Outage):
                work()


def test_the_same_reference_is_the_same_checkout(at: Simulated):
    one, other = at.begin(a_wish("same")), at.begin(a_wish("same", amount_yen=5))

    assert one == other
    told = at.ask("same")
    assert told is not None
    assert (told.state, told.amount_yen, told.at) == (State.OPEN, 1800, None)
    assert at.ask("never begun") is None


def test_the_same_key_is_the_same_refund_and_no_more_than_was_paid_comes_back(
    at: Simulated, service: Service
):
    begun = at.begin(a_wish("to give back"))
    service.pays(begun.address, "silent")

    one = at.give_back(Back("k1", begun.provider_id, 1000))
    again = at.give_back(Back("k1", begun.provider_id, 1000))

    assert one == again
    with pytest.raises(Declined):
        at.give_back(Back("k2", begun.provider_id, 1000))
    with pytest.raises(Declined):
        at.give_back(Back("k3", "nothing", 1))


def test_a_wrong_key_is_an_outage_because_it_is_a_setting_to_mend(at: Simulated, tmp_path: Path):
    (tmp_path / "wrong").write_text("wrong")
    stranger = Simulated(at.url, tmp_path / "wrong", at.secret_file, 2)

    with pytest.raises(Outage):
        stranger.give_back(Back("k", "p", 1))


def test_a_file_that_is_lacking_is_an_outage_and_nobody_is_believed(at: Simulated, tmp_path: Path):
    lost = Simulated(at.url, tmp_path / "lost", tmp_path / "lost", 2)

    with pytest.raises(Outage):
        lost.begin(a_wish("r"))
    with pytest.raises(Forged):
        lost.heard(b"{}", {SIGNATURE: ""})


def test_without_a_secret_nobody_is_believed(at: Simulated, tmp_path: Path):
    (tmp_path / "empty").write_text("")
    open_door = Simulated(at.url, at.key_file, tmp_path / "empty", 2)

    with pytest.raises(Forged):
        open_door.heard(b"{}", {SIGNATURE: signature("", b"{}")})


@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(("reference", "id", "state", "amount_yen", "order", "at")), inner
        ),
    ).map(lambda said: json.dumps(said).encode())
)
def test_a_signed_notice_makes_sense_or_is_forged(tmp_path_factory, body: bytes):
    secret = tmp_path_factory.getbasetemp() / "secret-of-notices"
    secret.write_text("s")
    at = Simulated("http://127.0.0.1:9", secret, secret, 1)

    with contextlib.suppress(Forged):
        told = at.heard(body, {SIGNATURE: signature("s", body)})
        assert told.amount_yen > 0


@given(rows=st.lists(st.text(max_size=60), max_size=5))
def test_every_row_of_a_statement_is_read_or_told(rows: list[str]):
    nowhere = Path("/nowhere")
    at = Simulated("http://127.0.0.1:9", nowhere, nowhere, 1)
    content = HEAD + "\n".join(rows).encode("utf-8", "surrogatepass")

    with contextlib.suppress(ValueError):
        assert all(isinstance(each, Settled | Unreadable) for each in at.statement(content))
