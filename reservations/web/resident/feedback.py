"""このページで困ったこと: from any page, without signing in; a ticket number comes back."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import feedback
from reservations.actions.feedback import TICKET_LENGTH, TICKET_LETTERS, ProblemRequest, ticket_of
from reservations.errors import Refusal, RefusalCode
from reservations.web import auth, forms, language
from reservations.web.auth import Who, guard
from reservations.web.forms import PAGE_LENGTH_MAX, WORDS_LENGTH_MAX, Malformed, ProblemForm
from reservations.web.services import context, lead_back, session

blueprint = APIBlueprint("feedback", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)


@blueprint.get("/problem")
def form() -> str:
    return _page(_page_of(request.args.get("page", "")), "", {})


@blueprint.post("/problem")
def send() -> Response | tuple[str, int]:
    about = _page_of(request.form.get("page", ""))
    lead_back(url_for("feedback.form", page=about))
    try:
        typed = forms.read(ProblemForm, request.form)
    except Malformed as wrong:
        return _page(about, wrong.values.get("words", ""), wrong.errors), 422
    told = ProblemRequest(about, typed.words.strip(), language.locale())
    key = auth.form_key(typed.key, told)
    problem_id = feedback.report_problem(session(), told, context(auth.actor(), key=key))
    return redirect(url_for("feedback.thanks", ticket=ticket_of(problem_id), page=about), 303)


@blueprint.get("/problem/<ticket>")
def thanks(ticket: str) -> str:
    if len(ticket) != TICKET_LENGTH or set(ticket) - set(TICKET_LETTERS):
        raise Refusal(RefusalCode.NOT_FOUND)
    return render_template(
        "feedback/thanks.html", ticket=ticket, page=auth.own_path(request.args.get("page"))
    )


def _page_of(address: str) -> str:
    """The page that is meant: a path of ours, without what was typed into its query."""
    return auth.own_path(address).partition("?")[0][:PAGE_LENGTH_MAX]


def _page(about: str, words: str, errors: dict[str, str]) -> str:
    return render_template(
        "feedback/problem.html",
        page=about,
        words=words,
        errors=errors,
        words_max=WORDS_LENGTH_MAX,
        key=auth.new_token(),
    )
