"""団体の名簿: a group's roster for one town, as lines that can be typed, or pasted from a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.groups import RosterRequest, set_roster
from reservations.errors import Refusal, RefusalCode
from reservations.queries import groups
from reservations.queries.groups import RosterView
from reservations.rules.groups import MEMBERS_MAX, Member
from reservations.rules.rights import Right
from reservations.rules.town import Residency, TownRules
from reservations.web import auth, forms
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.people import CLASSES, asked_town, one_person, town_names
from reservations.web.forms import Malformed, RosterForm
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.rights import needs
from reservations.web.services import context, lead_back, memory, session, today

blueprint = APIBlueprint("groups", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

_BETWEEN = re.compile(r"[\t,、，]")
_FIELDS = 3


@blueprint.get("/people/<party_id>/roster")
@needs(Right.KEEP_PEOPLE)
def page(party_id: str) -> str:
    return _page(party_id, asked_town(request.args))


@blueprint.post("/people/<party_id>/roster")
@needs(Right.KEEP_PEOPLE, about.in_town)
def save(party_id: str) -> Response | tuple[str, int]:
    town = asked_town(request.form)
    lead_back(url_for("groups.page", party_id=party_id, town=town))
    try:
        form = forms.read(RosterForm, request.form)
        members = parsed(form.lines)
    except Malformed as wrong:
        return _page(party_id, town, request.form, errors=wrong.errors), 422
    asked = RosterRequest(party_id, town, form.version, members)
    key = auth.form_key(form.key, asked)
    try:
        set_roster(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        return _page(party_id, town, request.form, refusal), 422
    return redirect(url_for("people.residency", party_id=party_id, town=town), 303)


def parsed(lines: str) -> tuple[Member, ...]:
    """Members, one a line: name, kana, and what they are to the town, or nothing for outsiders.

    raises   Malformed, with the number of the first line that cannot be read
    """
    found: dict[tuple[str, str], Member] = {}
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        member = _member([each.strip() for each in _BETWEEN.split(line.strip())], number)
        same = (member.name, member.kana)
        if same in found:
            raise _wrong(gettext("%(number)s行目：同じ人が2回あります。", number=number))
        found[same] = member
    if len(found) > MEMBERS_MAX:
        raise _wrong(gettext("名簿は%(most)s人までです。", most=MEMBERS_MAX))
    return tuple(found.values())


def _member(words: Sequence[str], number: int) -> Member:
    classes = {str(text): code for code, text in CLASSES.items()}
    classes |= {gettext(text): code for code, text in CLASSES.items()} | {"": "outside"}
    name, kana, what = (*words, "", "")[:_FIELDS]
    if not name or not kana or len(words) > _FIELDS:
        raise _wrong(
            gettext(
                "%(number)s行目：「氏名、ふりがな、区分」の順に、読点で区切ってください。",
                number=number,
            )
        )
    if forms.has_kanji(kana):
        raise _wrong(gettext("%(number)s行目：ふりがなは、かなで入力してください。", number=number))
    if what not in classes:
        raise _wrong(
            gettext(
                "%(number)s行目：区分は、在住、在勤、在学、市外のどれかにしてください。",
                number=number,
            )
        )
    return Member(name, forms.fold_kana(kana), Residency(classes[what]))


def _wrong(words: str) -> Malformed:
    return Malformed(request.form, {"lines": words})


def _page(
    party_id: str,
    town: str,
    typed: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    *,
    errors: Mapping[str, str] | None = None,
) -> str:
    person = one_person(party_id)
    if person.kind != "group":
        raise Refusal(RefusalCode.NOT_FOUND)
    known = groups.one(session(), party_id, town)
    is_clash = refusal is not None and refusal.code is RefusalCode.CHANGED_MEANWHILE
    shown = known.version if typed is None or is_clash else typed.get("version", "")
    return render_template(
        "counter/roster.html",
        person=person,
        town=town,
        town_name=town_names()[town],
        known=known,
        rules=rules_of(town),
        lines=typed.get("lines", "") if typed is not None else lines_of(known),
        current=lines_of(known) if is_clash else "",
        version=shown,
        errors=errors or {},
        told=sentence(refusal) if refusal else "",
        key=auth.new_token(),
    )


def lines_of(view: RosterView) -> str:
    """The roster as it is typed."""
    return "\n".join(
        f"{each.name}、{each.kana}、{gettext(CLASSES[each.residency.value])}"
        for each in view.members
    )


def rules_of(town: str) -> TownRules:
    return memory().catalogue.towns[town].rules_on(today())
