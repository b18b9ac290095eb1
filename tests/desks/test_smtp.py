"""The mail server of the outside world: what it is told, and how long it is waited for."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reservations import smtp
from reservations.config import Settings
from reservations.errors import Outage
from tests.support.smtp import Mailman, a_mailman
from tests.town import NOW

MAIL = smtp.Mail("letter-1", "who@example.jp", "予約が確定しました", "本文です。\n", "ja", NOW)


@pytest.fixture
def mailman() -> Iterator[Mailman]:
    with a_mailman() as running:
        yield running


def a_way(folder: Path, port: int, **other: object) -> Settings:
    way: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": port}
    way |= {"smtp_from": "tonari@example.jp"}
    way |= {"smtp_security": "none", "smtp_seconds": 5}
    return Settings(data_dir=folder, **(way | other))


def test_a_letter_arrives_whole_and_says_that_a_machine_wrote_it(mailman, tmp_path):
    smtp.send(a_way(tmp_path, mailman.port), MAIL)

    (letter,) = mailman.letters
    assert letter.get_content().splitlines() == ["本文です。"]
    assert (letter["Subject"], letter["To"]) == ("予約が確定しました", "who@example.jp")
    assert letter["Message-ID"] == "<letter-1@example.jp>"
    assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "ja")
    assert letter["Date"].datetime == NOW


def test_we_sign_in_where_we_have_a_name(mailman, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("only for tests\n")
    mailman.answers |= {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 welcome"}

    smtp.send(
        a_way(tmp_path, mailman.port, smtp_user="tonari", smtp_password_file=str(secret)), MAIL
    )

    said = next(each for each in mailman.heard if each.startswith("AUTH"))
    assert base64.b64decode(said.split()[2]) == b"\0tonari\0only for tests"
    assert len(mailman.letters) == 1


def test_a_server_that_cannot_hide_what_we_say_is_told_nothing(mailman, tmp_path):
    with pytest.raises(Outage, match="STARTTLS"):
        smtp.send(a_way(tmp_path, mailman.port, smtp_security="starttls"), MAIL)

    assert {each.split()[0] for each in mailman.heard} == {"ehlo"}


def test_a_server_that_says_nothing_is_waited_for_so_long_and_no_longer(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(Outage):
            smtp.send(a_way(tmp_path, silent.getsockname()[1], smtp_seconds=0.3), MAIL)

    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("RCPT", "550 no such person", smtp.Unwanted),
        ("RCPT", "450 try later", Outage),
        ("MAIL", "452 full", Outage),
        ("TAKEN", "554 not these words", smtp.Unwanted),
        ("TAKEN", "", Outage),
    ],
)
def test_never_and_not_now_are_told_apart(mailman, tmp_path, command, answer, expected):
    mailman.answers[command] = answer

    with pytest.raises(expected):
        smtp.send(a_way(tmp_path, mailman.port), MAIL)


def test_a_password_that_is_not_there_is_our_trouble_and_not_the_letters(mailman, tmp_path):
    way = a_way(tmp_path, mailman.port, smtp_user="tonari", smtp_password_file="/nowhere")

    with pytest.raises(Outage):
        smtp.send(way, MAIL)


@pytest.mark.parametrize(
    "text",
    ["", "0760000000", "a@b@c", "a b@example.jp", "who@example.jp\nBcc: all", "だれ@example.jp"],
)
def test_what_is_no_address_is_nobodys(text):
    assert smtp.address_of(text) == ""
    assert smtp.address_of(text, "who@example.jp") == "who@example.jp"


def test_a_mail_server_without_a_sender_stops_the_start(tmp_path):
    with pytest.raises(ValidationError, match="TONARI_SMTP_FROM"):
        Settings(data_dir=tmp_path, smtp_host="mail.example.jp")


def test_a_password_is_never_said_in_the_clear_to_another_machine(tmp_path):
    with pytest.raises(ValidationError, match="TONARI_SMTP_SECURITY"):
        a_way(tmp_path, 25, smtp_host="mail.example.jp", smtp_user="tonari")
