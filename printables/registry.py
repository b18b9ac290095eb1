"""Every paper by its name: its record, its samples and how it is drawn.

Menus, commands and tests are made from `PAPERS`. A new paper is a frozen dataclass, a model form in
models/ and samples in samples/ under its name, and a line here.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from printables import (
    application_form,
    blocks,
    desk,
    disaster_certificate,
    fallback,
    html,
    layout,
    membership,
    money,
    notices,
    permit,
    plain,
    shelter_card,
    shelter_desk,
    timetable,
)
from printables.forms import Builder, FormFault, Town, build, town
from printables.layout import Drawn
from printables.sheet import Sheet

SAMPLES = Path(__file__).parent / "samples"


@dataclass(frozen=True)
class Paper:
    """One kind of paper."""

    name: str
    record: type[Any]
    builders: Mapping[str, Builder] = field(default_factory=dict)
    editions: tuple[str, ...] = ()  # large print, other languages
    pages: int = 1  # that the usual case takes
    unprinted: frozenset[str] = frozenset()  # of the record: ids of boxes to tick

    def samples(self) -> Mapping[str, Any]:
        """Records to look at: typical, empty and with the longest legal input, at least."""
        data = tomllib.loads((SAMPLES / f"{self.name}.toml").read_text(encoding="utf-8"))
        return {
            name: self._adapter.validate_python(_changed(data["typical"], changes))
            for name, changes in data.items()
        }

    def sheet(self, record: Any, of_town: Town | None = None, edition: str = "") -> Sheet:
        """The record's words in their blocks, by the town's form."""
        if edition not in ("", *self.editions):
            raise FormFault(f"{self.name} has no edition {edition}")
        return build(self.name, record, of_town or town(), blocks.known(self.builders), edition)

    def draw(self, record: Any, of_town: Town | None = None, edition: str = "") -> Drawn:
        """The paper as a PDF; the same record and town give the same bytes."""
        return layout.draw(self.sheet(record, of_town, edition))

    def html(
        self,
        record: Any,
        of_town: Town | None = None,
        edition: str = "",
        *,
        links: Sequence[tuple[str, str]] = (),
        links_language: str = "",
    ) -> str:
        """The paper as a page that a browser prints; `links` stand above it on the screen."""
        sheet = self.sheet(record, of_town, edition)
        return html.render(sheet, links, links_language=links_language)

    def text(self, record: Any, of_town: Town | None = None, edition: str = "") -> str:
        """The paper in 80 columns."""
        return plain.render(self.sheet(record, of_town, edition))

    def read(self, data: str | bytes) -> Any:
        """A record from JSON; pydantic's ValidationError says what is wrong with it."""
        return self._adapter.validate_json(data)

    def write(self, record: Any) -> str:
        """A record as JSON that `read` takes."""
        return self._adapter.dump_json(record, indent=2).decode() + "\n"

    @functools.cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.record)


def _changed(usual: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The usual record with changes; `without` names what is left out."""
    without = changes.get("without", ())
    changed = {**usual, **changes}
    return {key: value for key, value in changed.items() if key not in (*without, "without")}


def _papers(*papers: Paper) -> Mapping[str, Paper]:
    return {paper.name: paper for paper in papers}


PAPERS = _papers(
    Paper("permit", permit.Permit),
    Paper(
        "application_form",
        application_form.ApplicationForm,
        unprinted=frozenset(application_form.CHOICES),
        editions=("large", "en"),
    ),
    Paper("refusal_notice", notices.Notice),
    Paper("change_permit", notices.Notice),
    Paper("change_refusal", notices.Notice),
    Paper("revocation_notice", notices.Notice),
    Paper("refund_notice", notices.Notice),
    Paper("shelter_use_notice", notices.Notice),
    Paper("reduction_notice", notices.Notice),
    Paper("reduction_refusal", notices.Notice),
    Paper("change_request", notices.Request, unprinted=notices.CHOICES),
    Paper("cancel_request", notices.Request, unprinted=notices.CHOICES),
    Paper("refund_request", notices.Request, unprinted=notices.CHOICES),
    Paper("reduction_request", notices.Request, unprinted=notices.CHOICES),
    Paper("receipt", money.Receipt, unprinted=frozenset({"method"})),
    Paper(
        "timetable",
        timetable.Timetable,
        builders={"board": timetable.board},
        unprinted=frozenset({"audience", "rows"}),
    ),
    Paper(
        "disaster_certificate",
        disaster_certificate.DisasterCertificate,
        unprinted=frozenset({"grade"}),
    ),
    Paper(
        "disaster_application",
        disaster_certificate.DisasterApplication,
        unprinted=disaster_certificate.APPLICATION_CHOICES,
    ),
    Paper("damage_report_certificate", disaster_certificate.DamageReportCertificate),
    Paper("user_registration", membership.UserRegistration, unprinted=membership.CHOICES),
    Paper("group_registration", membership.GroupRegistration, unprinted=membership.CHOICES),
    Paper("lottery_result", membership.LotteryResult),
    Paper(
        "shelter_card",
        shelter_card.ShelterCard,
        unprinted=shelter_card.CHOICES,
        editions=("large", "en"),
    ),
    Paper("roster", shelter_desk.Roster, unprinted=frozenset({"people", "audience"})),
    Paper("shelter_report", shelter_desk.ShelterReport, unprinted=shelter_desk.REPORT_CHOICES),
    Paper("supply_request", shelter_desk.SupplyRequest, unprinted=frozenset({"urgency"})),
    Paper("supply_ledger", shelter_desk.SupplyLedger),
    Paper("cash_book", money.CashBook),
    Paper("day_sheet", money.DaySheet),
    Paper("settlement_sheet", money.SettlementSheet),
    Paper("cash_handover", money.CashHandover),
    Paper("use_book", desk.UseBook),
    Paper("key_book", desk.KeyBook),
    Paper("damage_notice", desk.DamageNotice, unprinted=desk.DAMAGE_CHOICES),
    Paper("user_card", desk.UserCard),
    Paper("pack_cover", fallback.PackCover, pages=2, unprinted=frozenset({"fingerprint"})),
    Paper(
        "master_grid",
        fallback.MasterGrid,
        builders={"places": fallback.places},
        unprinted=frozenset({"rows"}),
    ),
    Paper("ledger_sheet", fallback.LedgerSheet),
    Paper("receipt_page", fallback.ReceiptPage),
    Paper("form_register", fallback.FormRegister),
    Paper("price_list", fallback.PriceList, builders={"prices": fallback.prices}),
    Paper("nearby_list", fallback.NearbyList),
    Paper("contact_list", fallback.ContactList),
    Paper("later_input", fallback.LaterInput),
    Paper(
        "room_board",
        timetable.Timetable,
        builders={"board": timetable.board},
        unprinted=frozenset({"audience", "rows"}),
    ),
)
