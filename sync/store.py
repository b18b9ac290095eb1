"""What the rules need of a memory: chains in order, the book of each sheet, and what is set aside.

`ledger.py` keeps it in SQL inside the caller's transaction, `simulate/memory.py` in dictionaries.
A line is first written (only here), then witnessed; only witnessed lines are ever told to a person
or shown to another node, so a line that the witness refused can be taken back without a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from sync.document import Document, Slip
from sync.sheet import Book, Position


class Aside(StrEnum):
    """Why a document is kept apart. The first three resolve themselves, the others need people."""

    WAITING = "the line before it has not come yet"
    UNKNOWN_SIGNER = "signed by a key that is not known here"
    TO_SAY_AGAIN = "lost its place; said again once its log is ours"
    BAD_SIGNATURE = "the signature is not its author's"
    NOT_ALLOWED = "its author could not write this line"
    FORK = "one of several lines with the same number"


class Head(NamedTuple):
    """The last line of a chain that may be shown to others."""

    number: int
    hash: str


class Store(Book, Protocol):
    """Everything a node remembers. Each call sees what the calls before it did."""

    def position(self, chain: str) -> Position:
        """After the last line, witnessed or not."""

    def chains(self) -> list[str]:
        """Every chain with a line."""

    def heads(self) -> dict[str, Head]:
        """Each chain's last witnessed line."""

    def head(self, chain: str) -> Head:
        """One chain's last witnessed line; number 0 if there is none."""

    def lines(
        self, chain: str, *, after: int = 0, through: int | None = None
    ) -> Sequence[Document]:
        """The lines with after < number <= through, witnessed or not, in order."""

    def unwitnessed(self) -> list[str]:
        """Chains that end with lines of our own that the witness has not taken yet."""

    def has(self, document_id: str) -> bool:
        """Whether the document stands on its chain here."""

    def pending(self, sheet: str) -> list[Slip]:
        """Slips for this sheet that ask for an answer and have none yet, in any order."""

    def slips(self, sheet: str) -> list[Slip]:
        """Every slip for this sheet, answered or not, in any order."""

    def held(self, keys: Sequence[str]) -> list[str]:
        """Sheets with a line or more whose holder is one of these keys."""

    def sheets_waiting(self) -> list[str]:
        """Sheets for which a slip is pending."""

    def append(self, line: Document, after: Position, *, is_witnessed: bool) -> None:
        """Add the line that has been judged; `after` is the position it leads to."""

    def take_back(self, chain: str, after: int) -> list[Document]:
        """Remove the lines beyond `after`, and all they did; returns them, the last one first."""

    def rebuild(self, chain: str) -> None:
        """Work out again what the lines add up to, after the program has learnt new kinds."""

    def set_witnessed(self, chain: str, through: int) -> None:
        """The lines up to here may be shown."""

    def set_forked(self, chain: str, number: int) -> None:
        """Several valid lines have this number: nobody writes on the chain any more."""

    def set_aside(self, document: Document, why: Aside) -> None:
        """Keep it apart; once, however often it comes."""

    def aside(self, chain: str | None = None, why: Aside | None = None) -> list[Document]:
        """What is kept apart, in the order of number and hash."""

    def drop_aside(self, document_id: str) -> None:
        """It has found its place."""
