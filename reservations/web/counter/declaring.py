"""災害の宣言 and its end: what it changes, why it is said, and a word that is typed before it is.

It holds for the whole region, with the line cut as well: other desks hear of it as soon as they
are heard themselves. Whoever declares needs the right at everything that this desk does.
"""

from __future__ import annotations

from collections.abc import Mapping

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.declaring import DeclareRequest, declare
from reservations.errors import Refusal, RefusalCode
from reservations.queries import declaring as query
from reservations.rules import modes, rights
from reservations.rules.modes import Mode
from reservations.rules.rights import Right
from reservations.web import acts, auth, forms
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.forms import DeclareForm, Malformed, folded
from reservations.web.language import N_, comma, gettext
from reservations.web.refusals import ROLES, sentence
from reservations.web.rights import may, needs
from reservations.web.services import context, lead_back, memory, session

blueprint = APIBlueprint("declaring", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

# What people ask first, in their words; any other action has its words in the audit (acts.py).
STOPPED: Mapping[str, str] = {
    "book": N_("新しい予約の申し込み"),
    "change": N_("予約の変更"),
    "take_offer": N_("かわりの場所の予約"),
    "book_for": N_("窓口での新しい予約"),
    "change_for": N_("窓口での予約の変更"),
}
GOES_ON: Mapping[str, str] = {
    "cancel": N_("予約の取消"),
    "close": N_("部屋を閉める"),
    "check_in": N_("来館の記録"),
    "pay": N_("料金の受取"),
    "refund": N_("還付の決定"),
    "enter_form": N_("紙の入力"),
    "make_pack": N_("紙運用セットの作成"),
    "register_party": N_("利用者登録"),
}
# What is typed before it is said.
WORDS: Mapping[Mode, str] = {Mode.DISASTER: N_("宣言"), Mode.NORMAL: N_("解除")}


@blueprint.get("/disaster")
@needs(Right.DECLARE)
def page() -> str:
    return _page()


@blueprint.post("/disaster/check")
@needs(Right.DECLARE, about.whole_desk)
def check() -> str | tuple[str, int]:
    """What is going to be said, once more, and the word to be typed."""
    lead_back(url_for("declaring.page"))
    try:
        typed = forms.read(DeclareForm, request.form)
    except Malformed as wrong:
        return _page(wrong.errors), 422
    return _check(typed)


@blueprint.post("/disaster")
@needs(Right.DECLARE, about.whole_desk)
def say() -> Response | tuple[str, int]:
    lead_back(url_for("declaring.page"))
    try:
        typed = forms.read(DeclareForm, request.form)
    except Malformed as wrong:
        return _page(wrong.errors), 422
    mode = _next()
    word = gettext(WORDS[mode])
    if str(folded(typed.word)).casefold() != word.casefold():
        wrong_word = gettext("「%(word)s」と入力してください。まだ何も変えていません。", word=word)
        return _check(typed, {"word": wrong_word}), 422
    asked = DeclareRequest(mode, typed.reason, after=typed.after)
    try:
        declare(session(), asked, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is not RefusalCode.CHANGED_MEANWHILE:
            raise
        return _page({"reason": sentence(refusal)}), 422
    return redirect(url_for("declaring.page", done=1), 303)


def _next() -> Mode:
    return modes.next_declared(memory().masks.mode)


def _page(wrong: Mapping[str, str] | None = None) -> str:
    declared = memory().masks.mode
    found = query.declarations(session())
    return render_template(
        "counter/disaster.html",
        is_stopped=bool(modes.stopped(declared)),
        words=WORDS,
        found=found,
        standing=found[0] if found and found[0].mode is declared else None,
        after=found[0].id if found else "",
        stopped=_stopped(),
        goes_on=_goes_on(),
        may_declare=all(may(Right.DECLARE, each) for each in about.whole_desk()),
        roles=comma().join(gettext(ROLES[role]) for role in rights.roles_with(Right.DECLARE)),
        reason=request.form.get("reason", ""),
        reason_max=query.REASON_MAX,
        errors=wrong or {},
        done=request.args.get("done", ""),
    )


def _check(typed: DeclareForm, wrong: Mapping[str, str] | None = None) -> str:
    mode = _next()
    return render_template(
        "counter/disaster_check.html",
        is_stopped=bool(modes.stopped(memory().masks.mode)),
        word=gettext(WORDS[mode]),
        stopped=comma().join(_stopped()),
        typed=typed,
        errors=wrong or {},
    )


def _stopped() -> list[str]:
    """What rules/modes.py stops in a disaster, in words."""
    return [gettext(STOPPED.get(name, acts.WORDS[name])) for name in modes.stopped(Mode.DISASTER)]


def _goes_on() -> list[str]:
    return [gettext(words) for name, words in GOES_ON.items() if modes.may(name, Mode.DISASTER)]
