"""利用者: finding, registering and looking after a person or a group at the counter.

A form carries what it showed. If that is different by now, nothing is saved: what another clerk
wrote is shown beside what was typed, and the next press is made knowing both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from printables import qr
from reservations.actions import accounts
from reservations.actions.accounts import LinkRequest
from reservations.actions.people import (
    Contact,
    CorrectRequest,
    OpenAccountRequest,
    RegisterPartyRequest,
    ResidencyRequest,
    correct_party,
    open_account,
    register_party,
    set_residency,
)
from reservations.errors import Refusal, RefusalCode
from reservations.queries import board as boards
from reservations.queries import bookings, delegates, groups, parties, people
from reservations.queries.parties import Called
from reservations.queries.people import PersonView
from reservations.rules import registration
from reservations.rules.groups import has_rules
from reservations.rules.registration import CONSENTS, NOTHING_BELIEVED, SEEN, Believed
from reservations.rules.rights import Right
from reservations.rules.town import Residency
from reservations.web import auth, forms, language
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.board import digits_of, find
from reservations.web.forms import (
    ContactForm,
    FindForm,
    Malformed,
    NewPartyForm,
    ResidencyForm,
    three_part_date,
)
from reservations.web.language import N_, gettext
from reservations.web.refusals import sentence, sentences
from reservations.web.rights import demand, may, needs
from reservations.web.services import context, lead_back, memory, now, services, session, today

blueprint = APIBlueprint("people", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

KINDS: Mapping[str, str] = {"person": N_("個人"), "group": N_("団体")}
CLASSES: Mapping[str, str] = {
    "resident": N_("在住"),
    "works": N_("在勤"),
    "studies": N_("在学"),
    "outside": N_("市外"),
}
DOCUMENTS: Mapping[str, str] = {
    "licence": N_("運転免許証"),
    "my_number": N_("マイナンバーカード（表）"),
    "residence_card": N_("在留カード"),
    "insurance": N_("健康保険の資格確認書"),
    "letter": N_("住所の書かれた郵便物や請求書"),
    "employment": N_("在勤証明・社員証"),
    "student": N_("学生証・在学証明"),
    "roster": N_("団体の名簿・会則"),
}
assert tuple(DOCUMENTS) == SEEN
WAYS: Mapping[str, str] = {
    "in_person": N_("本人が窓口で申し出た"),
    "proxy": N_("委任状"),
    "resolution": N_("団体の総会や役員会の記録"),
    "guardian": N_("法定代理人の証明"),
}
assert tuple(WAYS) == CONSENTS
CONTACT: Mapping[str, str] = {
    "name": N_("氏名・団体名"),
    "kana": N_("ふりがな"),
    "phone": N_("電話番号"),
    "email": N_("メールアドレス"),
}


@blueprint.get("/people")
@needs(Right.SEE_PEOPLE)
def page() -> str:
    return render_template("counter/people.html", who="", found=None)


@blueprint.post("/people")
@needs(Right.SEE_PEOPLE)
def search() -> Response | str:
    """By POST, so that no telephone and no name stands in an address or a log."""
    lead_back(url_for("people.page"))
    who = forms.read(FindForm, request.form).who
    found = find(who) if who else []
    if len(found) == 1:
        return redirect(url_for("people.one", party_id=found[0].id), 303)
    return render_template("counter/people.html", who=who, found=found if who else None)


# Somebody new


@blueprint.get("/people/new")
@needs(Right.KEEP_PEOPLE)
def new() -> str:
    return _new_page({})


@blueprint.post("/people/new")
@needs(Right.KEEP_PEOPLE)
def register() -> Response | str | tuple[str, int]:
    lead_back(url_for("people.new"))
    if "who" in request.form:
        return _new_page(_begun(forms.read(FindForm, request.form).who))
    try:
        form = forms.read(NewPartyForm, request.form)
        town, believed = _believed()
    except Malformed as wrong:
        return _new_page(request.form, wrong.errors), 422
    if town:
        demand(Right.KEEP_PEOPLE, *about.in_town())
    if not form.is_new and (alike := _alike(form)):
        return _new_page(request.form, alike=alike)
    needs_roster = form.kind == "group" and believed.residency.is_local and _asks_roster(town)
    if needs_roster:
        # A roster is somebody's: the group comes first, and is from outside until it has one.
        believed = NOTHING_BELIEVED
    asked = RegisterPartyRequest(form.kind, _contact(form), town, believed)
    key = auth.form_key(form.key, asked)
    try:
        made = register_party(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return _new_page(request.form, {"until": sentence(refusal)}), 422
    if needs_roster:
        return redirect(url_for("groups.page", party_id=made, town=town), 303)
    return redirect(url_for("people.one", party_id=made, saved="new"), 303)


def _asks_roster(town: str) -> bool:
    return has_rules(memory().catalogue.towns[town].rules_on(today()))


def _begun(who: str) -> dict[str, str]:
    """What was looked for and not found need not be typed again."""
    if digits_of(who).lstrip("+").isdigit():
        return {"phone": who}
    return {"name": who} if forms.has_kanji(who) else {"kana": who}


def _alike(form: NewPartyForm) -> list[Called]:
    """Those who may be the same: reached by the same telephone, or called the same."""
    found = parties.by_phone(session(), digits_of(form.phone))
    found += parties.by_words(session(), form.kana, form.name)
    return list({each.id: each for each in found}.values())


def _new_page(
    typed: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    alike: Sequence[Called] = (),
) -> str:
    town = typed.get("town") or _own_town()
    return render_template(
        "counter/person_new.html",
        typed=typed,
        errors=errors or {},
        alike=alike,
        town=town,
        until=typed_until(typed) or _default_until(town, None),
        kinds=KINDS,
        key=auth.new_token(),
        **_choices(),
    )


# Somebody who is known


@blueprint.get("/people/<party_id>")
@needs(Right.SEE_PEOPLE)
def one(party_id: str) -> str:
    return _page(one_person(party_id))


@blueprint.post("/people/<party_id>/contact")
@needs(Right.KEEP_PEOPLE)
def correct(party_id: str) -> Response | tuple[str, int]:
    lead_back(url_for("people.one", party_id=party_id))
    before = Contact(**{name: request.form.get(f"was_{name}", "") for name in CONTACT})
    try:
        form = forms.read(ContactForm, request.form)
    except Malformed as wrong:
        return _page(one_person(party_id), request.form, errors=wrong.errors, before=before), 422
    asked = CorrectRequest(party_id, before, _contact(form))
    key = auth.form_key(form.key, asked)
    try:
        correct_party(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return _page(one_person(party_id), request.form, refusal, before=before), 422
    return redirect(url_for("people.one", party_id=party_id, saved="contact"), 303)


def _page(
    person: PersonView,
    typed: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    before: Contact | None = None,
) -> str:
    known = {name: getattr(person.called, name) for name in CONTACT}
    filled = dict(known)
    if typed is not None and before is not None:
        # What the clerk did not touch is as it is now; what they did stays as they typed it.
        touched = {name for name in CONTACT if typed.get(name, "") != getattr(before, name)}
        filled |= {name: typed.get(name, "") for name in touched}
    is_clash = refusal is not None and refusal.code is RefusalCode.CHANGED_MEANWHILE
    was = known if before is None or is_clash else {name: getattr(before, name) for name in CONTACT}
    coming = bookings.of_party(session(), memory(), person.id, since=today())
    return render_template(
        "counter/person.html",
        person=person,
        kind=KINDS[person.kind],
        filled=filled,
        was=was,
        labels=CONTACT,
        now=known if is_clash else {},
        errors=errors or {},
        told=sentence(refusal) if refusal else "",
        bookings=[each for each in coming if may(Right.SEE_PEOPLE, each.unit.place)],
        can_keep=may(Right.KEEP_PEOPLE),
        by_others=delegates.of_party(session(), person.id, today=today()),
        ways=WAYS,
        for_others=delegates.by_delegate(session(), person.id, today=today()),
        own_town=_own_town(),
        site=services().settings.site_url,
        key=auth.new_token(),
        **_choices(),
    )


@blueprint.get("/people/<party_id>/residency")
@needs(Right.KEEP_PEOPLE)
def residency(party_id: str) -> str:
    return _residency_page(one_person(party_id), asked_town(request.args), {})


@blueprint.post("/people/<party_id>/residency")
@needs(Right.KEEP_PEOPLE, about.in_town)
def settle(party_id: str) -> Response | tuple[str, int]:
    town = asked_town(request.form)
    lead_back(url_for("people.residency", party_id=party_id, town=town))
    before = _was()
    try:
        form = forms.read(ResidencyForm, request.form)
        _, after = _believed()
    except Malformed as wrong:
        page = _residency_page(
            one_person(party_id), town, request.form, errors=wrong.errors, before=before
        )
        return page, 422
    asked = ResidencyRequest(party_id, town, before, after)
    key = auth.form_key(form.key, asked)
    try:
        set_residency(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        is_clash = refusal.code is RefusalCode.CHANGED_MEANWHILE
        shown = None if is_clash else before
        page = _residency_page(
            one_person(party_id), town, request.form, refusal, after=after, before=shown
        )
        return page, 422
    return redirect(url_for("people.one", party_id=party_id, saved="residency"), 303)


def _residency_page(
    person: PersonView,
    town: str,
    typed: Mapping[str, str],
    refusal: Refusal | None = None,
    *,
    errors: Mapping[str, str] | None = None,
    before: Believed | None = None,
    after: Believed | None = None,
) -> str:
    """before: what the form showed, where that still holds; without it, what is so now."""
    known = person.towns.get(town, NOTHING_BELIEVED)
    is_clash = refusal is not None and refusal.code is RefusalCode.CHANGED_MEANWHILE
    chosen = known if known.residency.is_local else Believed(Residency.RESIDENT)
    return render_template(
        "counter/person_residency.html",
        person=person,
        town=town,
        town_name=town_names()[town],
        known=known,
        after=after if is_clash else None,
        was=before or known,
        residency=typed.get("residency") or chosen.residency.value,
        seen=typed.get("seen", ""),
        until=typed_until(typed) or _default_until(town, known.until),
        errors=errors or {},
        told=" ".join(sentences(refusal)) if refusal else "",
        roster=groups.one(session(), person.id, town).roster if person.kind == "group" else None,
        rules=memory().catalogue.towns[town].rules_on(today()),
        key=auth.new_token(),
        **_choices(),
    )


def _was() -> Believed:
    """raises   Refusal malformed"""
    try:
        until = request.form.get("was_until", "")
        return Believed(
            Residency(request.form.get("was_residency", "outside")),
            request.form.get("was_seen", ""),
            date.fromisoformat(until) if until else None,
        )
    except ValueError:
        raise Refusal(RefusalCode.MALFORMED) from None


# A login on paper


@blueprint.post("/people/<party_id>/link")
@needs(Right.KEEP_PEOPLE)
def link(party_id: str) -> Response | str | tuple[str, int]:
    """A page to print: it is shown this once, because only the link's hash is kept."""
    lead_back(url_for("people.one", party_id=party_id))
    person = one_person(party_id)
    site = services().settings.site_url
    try:
        account = person.account or _opened(person)
    except Refusal as refusal:
        return _page(person, refusal=refusal), 422
    token = auth.new_token()
    issued = LinkRequest(account, auth.token_hash(token))
    accounts.issue_link(session(), issued, context(auth.actor()))
    address = f"{site}/enter/{token}"
    return render_template(
        "counter/person_link.html",
        person=person,
        where=address,
        rows=qr.rows(address, "M"),
        until=now() + issued.valid,
    )


def _opened(person: PersonView) -> str:
    """raises   Refusal login_taken, party_not_here"""
    login = auth.fold_login(person.called.email or person.called.phone)
    if not login:
        raise Refusal(RefusalCode.PARTY_NOT_HERE)
    nobodys = auth.hash_password(auth.new_token())
    asked = OpenAccountRequest(person.id, login, nobodys)
    return open_account(session(), asked, context(auth.actor()))


# What the forms share


def one_person(party_id: str) -> PersonView:
    """raises   Refusal not_found"""
    found = people.one(session(), party_id) if party_id.isprintable() else None
    if found is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _contact(form: ContactForm) -> Contact:
    return Contact(form.name, form.kana, form.phone, form.email)


def _believed() -> tuple[str, Believed]:
    """raises   Malformed"""
    form = forms.read(ResidencyForm, request.form)
    chosen = Residency(form.residency)
    if form.town not in memory().catalogue.towns:
        raise Malformed(request.form, {"town": gettext("町を一覧から選んでください。")})
    if not chosen.is_local:
        return form.town, NOTHING_BELIEVED
    return form.town, Believed(chosen, form.seen, three_part_date(request.form, "until"))


def asked_town(source: Mapping[str, str]) -> str:
    """raises   Refusal not_found"""
    town = source.get("town", "")
    if town not in memory().catalogue.towns:
        raise Refusal(RefusalCode.NOT_FOUND)
    return town


def _own_town() -> str:
    """The town of whoever sits here: the one whose facility the node serves."""
    place = boards.own_place(session(), memory(), services().settings.node_name)
    return place.town.code if place else ""


def _default_until(town: str, known: date | None) -> date | None:
    there = memory().catalogue.towns.get(town)
    if there is None:
        return None
    return registration.until_by_default(today(), there.rules_on(today()), known)


def typed_until(typed: Mapping[str, str]) -> dict[str, str] | None:
    """The three fields of the last day as they were typed, or None."""
    parts = {part: typed.get(f"until_{part}", "") for part in ("year", "month", "day")}
    return parts if any(parts.values()) else None


def town_names() -> dict[str, str]:
    """Code to name in the reader's language."""
    towns = memory().catalogue.towns
    return {code: language.named(town.name, town.name_en) for code, town in towns.items()}


def _choices() -> dict[str, Any]:
    """What the selects of these pages are made from."""
    return {"towns": town_names(), "classes": CLASSES, "documents": DOCUMENTS}
