"""A mail server of the outside world: keeps what it is given, or says what it is told to say."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailman:
    """A server on loopback.

    letters   what it has taken, in order
    heard     every command, in order
    answers   what it says instead of yes: to a command (RCPT, DATA), or once a letter is there
              (TAKEN); "" says nothing and hangs up
    """

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def take(self, raw: bytes) -> None:
        letter = message_from_bytes(raw, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)

    def bodies(self) -> list[str]:
        return [each.get_content() for each in self.letters]


class _Talk(socketserver.StreamRequestHandler):
    timeout = 20

    def handle(self) -> None:
        mailman: Mailman = self.server.mailman  # type: ignore[attr-defined]
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.split(None, 1)[0].upper().decode()
            mailman.heard.append(line.decode().strip())
            answer = mailman.answers.get(word)
            if answer == "":
                return
            if answer is not None:
                self._say(answer)
            elif word == "DATA":
                self._say("354 go on")
                mailman.take(self._data())
                if mailman.answers.get("TAKEN") == "":
                    return
                self._say(mailman.answers.get("TAKEN", "250 kept"))
            else:
                self._say("221 bye" if word == "QUIT" else "250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()).rstrip(b"\r\n") != b".":
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, answer: str) -> None:
        self.wfile.write(answer.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextlib.contextmanager
def a_mailman() -> Iterator[Mailman]:
    """Runs until the block ends."""
    mailman = Mailman()
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.mailman = mailman  # type: ignore[attr-defined]
        mailman.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield mailman
        finally:
            server.shutdown()
            thread.join()
