"""ログイン: by mail address or phone number and password, or by a link that works once.

A link is only looked at with GET, so that a mail scanner does not use it up; the button does.
Residents and staff have the same pages, each in their own process.
"""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from reservations.actions import accounts, links
from reservations.actions.accounts import FollowRequest, SignInRequest, SignOutRequest
from reservations.actions.links import WishRequest
from reservations.errors import Refusal, RefusalCode
from reservations.queries import accounts as accounts_query
from reservations.web import auth, errors, forms, passkeys, second_step
from reservations.web.auth import Who, guard
from reservations.web.forms import Malformed, SignInForm
from reservations.web.language import gettext
from reservations.web.refusals import sentence
from reservations.web.resident import flow
from reservations.web.services import context, lead_back, now, services, session

blueprint = APIBlueprint("sign_in", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

LOGIN_MAX = 254


@blueprint.get("/sign-in")
def form() -> str | Response:
    target = auth.own_path(request.args.get("next"))
    if auth.account() is not None and target != "/":
        return redirect(target, 303)
    return page(target)


@blueprint.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    target = auth.own_path(request.form.get("next"))
    lead_back(url_for("sign_in.form", next=target))
    login = request.form.get("login", "")
    try:
        typed = forms.read(SignInForm, request.form)
        begun = auth.check_password(typed.login, typed.password)
    except Malformed as wrong:
        return page(target, login=login, errors=wrong.errors), 422
    except Refusal as refusal:
        said = {"login": sentence(refusal)}
        return page(target, login=login, errors=said), errors.page_status(refusal.code)
    if second_step.is_needed(begun.account_id):
        return second_step.ask(begun.account_id, target)
    return signed_in(begun, target)


def signed_in(begun: SignInRequest, target: str) -> Response:
    """Begin the session and go where they were going."""
    accounts.sign_in(session(), begun, context(begun.account_id))
    return auth.remember(redirect(target, 303))


@blueprint.post("/sign-out")
def leave() -> Response:
    found = auth.account()
    token = auth.session_cookie()
    if found is not None and token is not None:
        ended = SignOutRequest(found.id, auth.token_hash(token))
        accounts.sign_out(session(), ended, context(found.id))
    return auth.forget(redirect("/", 303))


@blueprint.get("/sign-in/link")
def ask_form() -> str:
    return render_template("account/ask_link.html", login="", errors={}, can_send=_can_send())


@blueprint.post("/sign-in/link")
def ask() -> Response | tuple[str, int]:
    """The same answer for everybody, whether the login is known or not."""
    typed = request.form.get("login", "").strip()
    login = auth.fold_login(typed)
    lead_back(url_for("sign_in.ask_form"))
    if not login or len(login) > LOGIN_MAX or not _can_send():
        errors = {"login": gettext("メールアドレスか電話番号を入れてください。")}
        page = render_template(
            "account/ask_link.html", login=typed, errors=errors, can_send=_can_send()
        )
        return page, 422
    auth.count_wish(login)
    links.ask_link(session(), WishRequest(login), context("anonymous"))
    return redirect(url_for("sign_in.asked"), 303)


@blueprint.get("/sign-in/link/asked")
def asked() -> str:
    return render_template("account/link_asked.html")


def _can_send() -> bool:
    return services().settings.can_mail_links


@blueprint.get("/enter/<token>")
def link(token: str) -> str:
    if not accounts_query.link_is_live(session(), auth.token_hash(token), now=now()):
        raise Refusal(RefusalCode.LINK_EXPIRED)
    return render_template(
        "account/link.html", token=token, next=auth.own_path(request.args.get("next"))
    )


@blueprint.post("/enter/<token>")
def follow(token: str) -> Response:
    target = auth.own_path(request.form.get("next"))
    whose = accounts_query.whose_link(session(), auth.token_hash(token), now=now())
    if whose is not None and second_step.is_needed(whose):
        return second_step.ask(whose, target)
    begun = auth.begin("", way="link")
    used = FollowRequest(auth.token_hash(token), begun.token_hash, begun.expires_at, begun.device)
    accounts.follow_link(session(), used, context("anonymous"))
    return auth.remember(redirect(target, 303))


def page(target: str, *, login: str = "", errors: dict[str, str] | None = None) -> str:
    """The page of the ways in; also for resident/passkeys.py."""
    is_resident = services().audience == "resident"
    return render_template(
        "account/sign_in.html",
        next=target,
        login=login,
        errors=errors or {},
        can_send=_can_send(),
        has_passkeys=passkeys.are_offered(),
        frame=flow.frame_in(target) if is_resident else None,
    )
