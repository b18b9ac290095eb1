"""避難者カード: one a household, written on arrival, the same at every shelter.

Names are as the people give them; the consent to answer those who ask for them is asked here, and
the public roster is made from nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

CHOICES = frozenset({"place", "house", "needs_now", "consent", "pets", "sex", "needs"})


@dataclass(frozen=True)
class Evacuee:
    """One person on the card."""

    name: str
    kana: str = ""
    relation: str = ""
    sex: str = ""  # as it is to be printed: 男, 女, or what the person says
    born_on: date | None = None
    age: int | None = None
    needs: str = ""  # 病気・けが、妊産婦、乳幼児、障がい、要介護、医療機器、アレルギー


@dataclass(frozen=True)
class ShelterCard:
    """A household at a shelter; what is empty is left to the pen."""

    issued_at: datetime
    shelter: str = ""
    form_number: str = ""
    corner: str = ""
    number: str = ""
    came_at: datetime | None = None
    left_at: datetime | None = None
    goes_to: str = ""
    address: str = ""
    neighbourhood: str = ""
    phone: str = ""
    emergency_contact: str = ""
    people: tuple[Evacuee, ...] = ()
    place: str = ""
    house: str = ""
    car_number: str = ""
    language: str = ""
    pets: str = ""
    pets_note: str = ""
    needs_now: tuple[str, ...] = ()
    needs_note: str = ""
    consent: str = ""
    written_by: str = ""
    note: str = ""
    node: str = ""
    operator: str = ""
