"""紙の入力: packs of paper are opened, their forms found by number and typed in, and closed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from printables import qr, scanned
from reservations import sheets
from reservations.actions import deciding, returning, scanning
from reservations.actions.deciding import Decision
from reservations.actions.form_texts import FormText
from reservations.actions.scanning import Leaf, Scan
from reservations.errors import Refusal, RefusalCode
from reservations.models import PaperPack
from reservations.queries import packs
from reservations.queries.catalogue import LentUnit
from reservations.rules.period import period_of
from reservations.rules.rights import Right
from reservations.web import auth, forms
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.forms import Malformed
from reservations.web.genuine import one_picture, take_a_picture
from reservations.web.language import N_, gettext
from reservations.web.refusals import sentence
from reservations.web.rights import demand, facilities, needs
from reservations.web.services import context, lead_back, memory, now, services, session

blueprint = APIBlueprint("paper", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

SHOWN_MAX = 20
NUMBERS_MAX = 400
NAME_MAX, PHONE_MAX, PEOPLE_MAX = 200, 40, 100_000
FATES: Mapping[str, str] = {
    "used": N_("使用"),
    "void": N_("書損"),
    "lost": N_("紛失"),
    "blank": N_("未使用"),
}
OUTCOMES: Mapping[str, str] = {
    "entered": N_("入力しました。"),
    "same": N_("同じ内容が入力済みです。何も変わりません。"),
    "conflict": N_("同じ番号に別の内容があります。紙を見て、正しいほうを選んでください。"),
}
_RANGE = re.compile(r"(\d{1,8})(?:\s*[-~〜－]\s*(\d{1,8}))?")


@blueprint.get("/paper")
@needs(Right.ENTER_PAPER)
def page() -> str | Response | tuple[str, int]:
    typed = request.args.get("number", "").strip()
    if not typed:
        return _page()
    try:
        found = packs.form_of(services().desk, session(), typed)
    except Refusal as refusal:
        return _page(typed, {"number": sentence(refusal)}), 422
    return redirect(url_for("paper.form", pad=found.pack.pad, number=found.number), 303)


@blueprint.url_value_preprocessor
def allow_a_picture(endpoint: str | None, _values: object) -> None:
    """raises   Refusal picture_too_large"""
    if endpoint == "paper.scan":
        take_a_picture(scanned.BYTES_MAX)


@blueprint.post("/paper/scan")
@needs(Right.ENTER_PAPER)
def scan() -> str | tuple[str, int]:
    """A photograph or a scan of a form: the form, with the picture beside what is to be typed.

    A PDF of several pages: the list of them, from which each form is opened.
    """
    lead_back(url_for("paper.page"))
    picture = request.files.get("picture")
    if picture is None or not picture.filename:
        return _page("", {"picture": gettext("用紙の写真かスキャンを選んでください。")}), 422
    try:
        with one_picture():
            leaves = scanning.scan_all(services().desk, session(), memory(), picture.stream)
    except Refusal as refusal:
        if refusal.code is RefusalCode.PICTURE_TOO_LARGE:
            raise
        return _page("", {"picture": sentence(refusal)}), 422
    for leaf in leaves:
        if leaf.scan is not None:
            demand(Right.ENTER_PAPER, memory().catalogue.places[leaf.scan.form.pack.facility_id])
    only = leaves[0]
    if len(leaves) > 1:
        return _stack_page(leaves)
    if only.scan is None:
        why = only.refusal or Refusal(RefusalCode.NO_CODE)
        return _page("", {"picture": sentence(why)}), 422
    return _form_page(only.scan.form.pack, only.scan.form.number, scan=only.scan)


def _stack_page(leaves: Sequence[Leaf]) -> str:
    scans = [leaf.scan for leaf in leaves if leaf.scan is not None]
    known = {scan.form.pack.pad: scan.form.pack for scan in scans}
    return render_template(
        "counter/paper_stack.html",
        leaves=leaves,
        count=len(scans),
        entered={
            pad: deciding.texts_standing(services().desk, session(), pack)
            for pad, pack in known.items()
        },
        number_text=lambda form: qr.form_number(packs.node_label(form.pack.node_no), form.number),
        sentence=sentence,
    )


def _page(typed: str = "", errors: dict[str, str] | None = None) -> str:
    places = memory().catalogue.places
    there = facilities(Right.ENTER_PAPER)
    found = packs.newest(session(), limit=SHOWN_MAX, facilities=there)
    return render_template(
        "counter/paper.html", packs=found, places=places, typed=typed, errors=errors or {}
    )


@blueprint.get("/paper/<pad>")
@needs(Right.ENTER_PAPER, about.pack)
def pack(pad: str) -> str:
    return _pack_page(_pack(pad))


def _pack_page(found: PaperPack, errors: dict[str, str] | None = None) -> str:
    lead_back(url_for("paper.pack", pad=found.pad))
    account = returning.account(services().desk, found.pad)
    texts = deciding.texts_standing(services().desk, session(), found)
    return render_template(
        "counter/pack.html",
        pack=found,
        place=memory().catalogue.places.get(found.facility_id),
        account=account,
        fates=FATES,
        conflicts={number: texts[number] for number in account.conflicts},
        units=memory().catalogue.units,
        number_text=lambda number: qr.form_number(packs.node_label(found.node_no), number),
        typed=request.form,
        errors=errors or {},
    )


@blueprint.post("/paper/<pad>/open")
@needs(Right.ENTER_PAPER, about.pack)
def open_(pad: str) -> Response:
    found = _pack(pad)
    returning.open_pack(services().desk, found.pad, at=sheets.milliseconds(now()))
    return redirect(url_for("paper.pack", pad=pad), 303)


@blueprint.post("/paper/<pad>/close")
@needs(Right.ENTER_PAPER, about.pack)
def close(pad: str) -> Response | tuple[str, int]:
    found = _pack(pad)
    try:
        returning.close_pack(services().desk, found.pad, at=sheets.milliseconds(now()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.NOT_ACTIVE:
            raise
        words = gettext("まだ閉じられません。すべての番号を入力し、食い違いをなくしてください。")
        return _pack_page(found, {"numbers": words}), 422
    return redirect(url_for("paper.pack", pad=pad), 303)


@blueprint.post("/paper/<pad>/fates")
@needs(Right.ENTER_PAPER, about.pack)
def fates(pad: str) -> Response | tuple[str, int]:
    """台帳が先: which numbers are void, lost or blank, many at once."""
    found, fate = _pack(pad), request.form.get("fate", "")
    numbers = _numbers(request.form.get("numbers", ""), found)
    if not numbers or fate not in FATES or fate == "used":
        words = gettext("番号を「57, 58, 60-72」のように入れてください。この綴りの番号だけです。")
        return _pack_page(found, {"numbers": words}), 422
    for number in numbers:
        _enter(FormText(pad, number, fate))
    return redirect(url_for("paper.pack", pad=pad), 303)


def _numbers(text: str, pack: PaperPack) -> list[int]:
    """「57, 58, 60-72」; empty where something of it is no number of this pack."""
    found: list[int] = []
    for piece in filter(None, re.split(r"[,、，\s]+", text.strip())):
        match = _RANGE.fullmatch(piece)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not pack.first <= first <= last <= pack.last:
            return []
        found += range(first, last + 1)
    return found if len(found) <= NUMBERS_MAX else []


@blueprint.get("/paper/<pad>/<int:number>")
@needs(Right.ENTER_PAPER, about.pack)
def form(pad: str, number: int) -> str:
    return _form_page(_pack(pad), number)


def _form_page(
    found: PaperPack,
    number: int,
    errors: dict[str, str] | None = None,
    *,
    scan: Scan | None = None,
) -> str:
    if not found.first <= number <= found.last:
        raise Refusal(RefusalCode.NOT_FOUND)
    lead_back(url_for("paper.form", pad=found.pad, number=number))
    units = memory().catalogue.units_of_place.get(found.facility_id, ())
    return render_template(
        "counter/paper_form.html",
        scan=scan,
        proposed_unit=_proposed_unit(scan, units) if scan else "",
        pack=found,
        number=number,
        units=[(str(unit.id), unit.name) for unit in units],
        day=_typed_day(found),
        fates=FATES,
        number_text=qr.form_number(packs.node_label(found.node_no), number),
        texts=deciding.texts_standing(services().desk, session(), found)[number],
        known_units=memory().catalogue.units,
        outcome=OUTCOMES.get(request.args.get("done", ""), ""),
        following=number + 1 if number < found.last else None,
        typed=request.form,
        errors=errors or {},
    )


def _proposed_unit(scan: Scan, units: Sequence[LentUnit]) -> str:
    """The room whose name has the ticked size (全面, 半面) in it, if there is but one."""
    sizes = [size for each in scan.ticks or () if each.field == "part" for size in each.ticked]
    named = [unit for unit in units if len(sizes) == 1 and sizes[0] in unit.name]
    return str(named[0].id) if len(named) == 1 else ""


def _typed_day(pack: PaperPack) -> object:
    """The day as it was typed, or the first of the pack's."""
    names = ("year", "month", "day")
    typed = {name: request.form.get(f"date_{name}", "") for name in names}
    return typed if any(typed.values()) else pack.first_day


@blueprint.post("/paper/<pad>/<int:number>")
@needs(Right.ENTER_PAPER, about.pack)
def enter(pad: str, number: int) -> Response | tuple[str, int]:
    found = _pack(pad)
    try:
        outcome = _enter(_text(found, number))
    except Malformed as wrong:
        return _form_page(found, number, dict(wrong.errors)), 422
    except Refusal as refusal:
        return _form_page(found, number, {"unit": sentence(refusal)}), 422
    return redirect(url_for("paper.form", pad=pad, number=number, done=outcome), 303)


def _text(pack: PaperPack, number: int) -> FormText:
    """What was typed of one form.

    raises   Malformed
    """
    sent = request.form
    fate = sent.get("fate", "used")
    if fate != "used":
        return FormText(pack.pad, number, fate)
    errors: dict[str, str] = {}
    day = None
    try:
        day = forms.three_part_date(sent, "date")
    except Malformed as wrong:
        errors |= wrong.errors
    period = period_of(sent.get("start", "").strip(), sent.get("end", "").strip())
    if period is None:
        errors["start"] = gettext("時刻は「18:00」のように、15分きざみで入れてください。")
    people = sent.get("headcount", "").strip()
    if people and not (people.isascii() and people.isdigit() and 0 < int(people) <= PEOPLE_MAX):
        errors["headcount"] = gettext("人数を数字で入れてください。")
    name, phone = sent.get("name", "").strip(), sent.get("phone", "").strip()
    if not name or len(name) > NAME_MAX or not forms.is_name(name):
        errors["name"] = gettext("紙に書かれた氏名か団体名を入れてください。")
    if errors:
        raise Malformed(sent, errors)
    unit_id = sent.get("unit", 0, type=int)
    headcount = int(people) if people else None
    return FormText(
        pack.pad, number, fate, unit_id, day, period, headcount, name, phone[:PHONE_MAX]
    )


def _enter(text: FormText) -> str:
    desk, who = services().desk, context(auth.actor())
    return returning.enter(desk, session(), memory(), text, who)


@blueprint.post("/paper/<pad>/<int:number>/decide")
@needs(Right.DECIDE_PAPER, about.pack)
def decide(pad: str, number: int) -> Response | tuple[str, int]:
    found = _pack(pad)
    decision = Decision(found.pad, number, request.form.get("digest", ""))
    try:
        deciding.decide_form(session(), decision, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.FORM_SETTLED:
            raise
        return _pack_page(found, {"numbers": sentence(refusal)}), 422
    returning.settle(services().desk, memory(), pad, at=sheets.milliseconds(now()))
    return redirect(url_for("paper.pack", pad=pad), 303)


def _pack(pad: str) -> PaperPack:
    """raises   Refusal not_found"""
    found = packs.one(session(), pad)
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found
