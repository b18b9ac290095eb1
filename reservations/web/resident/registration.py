"""利用者登録: one page of questions, one page to check the answers and choose a password.

The answers travel in the form between the two pages, the password never does: it is asked last.
"""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import accounts
from reservations.actions.accounts import RegisterRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries.catalogue import Town
from reservations.rules.town import Residency
from reservations.web import auth, forms, language
from reservations.web.auth import PASSWORD_LENGTH_MIN, Who, guard
from reservations.web.forms import Malformed, PasswordForm, PersonForm
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.resident.sign_in import signed_in
from reservations.web.services import context, lead_back, memory, session

blueprint = APIBlueprint("registration", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

ANSWERS = ("name", "kana", "login", "home", "works", "studies")


@blueprint.get("/register")
def form() -> str:
    return _questions({})


@blueprint.post("/register")
def send() -> Response | str | tuple[str, int]:
    """One address for both pages: `step` says which button was pressed."""
    lead_back(url_for("registration.form", next=_target()))
    typed = {name: request.form.get(name, "") for name in ANSWERS}
    step = request.form.get("step")
    if step == "edit":
        return _questions(typed)
    try:
        person = _person()
    except Malformed as wrong:
        return _questions(typed, wrong.errors), 422
    if step != "register":
        return _answers(typed, person)
    try:
        chosen = forms.read(PasswordForm, request.form)
        return _registered(person, chosen)
    except Malformed as wrong:
        return _answers(typed, person, wrong.errors), 422
    except Refusal as refusal:
        if refusal.code is RefusalCode.LOGIN_TAKEN:
            return _questions(typed, {"login": sentence(refusal)}), 422
        return _answers(typed, person, {"password": sentence(refusal)}), 422


def _person() -> PersonForm:
    """raises   Malformed, also for a town that the region does not have"""
    person = forms.read(PersonForm, request.form)
    towns = memory().catalogue.towns
    answers = {"home": person.home, "works": person.works, "studies": person.studies}
    wrong = {
        name: gettext("町を一覧から選んでください。")
        for name, code in answers.items()
        if code and code not in towns and not (name == "home" and code == ELSEWHERE)
    }
    if wrong:
        raise Malformed(answers, wrong)
    return person


# Somebody who lives outside of the region has no town here.
ELSEWHERE = "other"


def _registered(person: PersonForm, chosen: PasswordForm) -> Response:
    login = auth.fold_login(person.login)
    made = RegisterRequest(
        name=person.name,
        kana=person.kana,
        login=login,
        password_hash=auth.hash_password(chosen.password),
        home_code=None if person.home == ELSEWHERE else person.home,
        residencies=residencies(person),
        phone="" if "@" in login else login,
        email=login if "@" in login else "",
        locale=language.locale(),
    )
    # A second click finds the first one's account, but only with the same answers and password.
    key = auth.form_key(chosen.key, person, chosen.password)
    account_id = accounts.register(session(), made, context("anonymous", key=key))
    return signed_in(auth.begin(account_id, way="registration"), _target())


def residencies(person: PersonForm) -> tuple[tuple[str, str], ...]:
    """What the person declares to be to each town; living there counts before working there."""
    found: dict[str, str] = {}
    for code, residency in (
        (person.home, Residency.RESIDENT),
        (person.works, Residency.WORKS),
        (person.studies, Residency.STUDIES),
    ):
        if code and code != ELSEWHERE:
            found.setdefault(code, residency.value)
    return tuple(found.items())


def _target() -> str:
    return auth.own_path(request.values.get("next"))


def _questions(typed: dict[str, str], errors: dict[str, str] | None = None) -> str:
    return render_template(
        "account/register.html",
        typed=typed,
        errors=errors or {},
        towns=town_options(),
        elsewhere=ELSEWHERE,
        next=_target(),
    )


def _answers(
    typed: dict[str, str], person: PersonForm, errors: dict[str, str] | None = None
) -> str:
    towns = memory().catalogue.towns
    return render_template(
        "account/register_check.html",
        typed=typed,
        person=person,
        towns={code: town_name(town) for code, town in towns.items()},
        errors=errors or {},
        length_min=PASSWORD_LENGTH_MIN,
        key=request.form.get("key") or auth.new_token(),
        next=_target(),
    )


def town_options() -> list[tuple[str, str]]:
    """The region's towns in order of their codes."""
    return [(code, town_name(town)) for code, town in memory().catalogue.towns.items()]


def town_name(town: Town) -> str:
    return language.named(town.name, town.name_en)
