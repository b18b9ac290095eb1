"""Who may do what at the counter: every route says which right it needs, and at which place.

`demand` is the one function that asks. `needs` calls it before a view, so that nothing is read or
done first; a view calls it again for what only its form tells. `may` is the same question for
links, which are left out where it says no. Grants come with the account, in the statement that
reads the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app

from reservations.actions import rights as actions
from reservations.errors import Refusal, RefusalCode
from reservations.queries.catalogue import Place
from reservations.rules import rights
from reservations.rules.rights import Right
from reservations.web import auth, language
from reservations.web.language import gettext
from reservations.web.services import memory, session, today

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
# From what is in the address to the places that a request is about; none: some place will do, and
# the page shows what is there.
At = Callable[..., Iterable[Place]]


def needs(right: Right, at: At | None = None) -> Callable[[Callable[Asked, Answer]], Any]:
    """Let only those into a view who have the right at every place that it is about."""

    def decorate(view: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        @wraps(view)
        def entered(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
            places = tuple(at(**kwargs) if at is not None else ())
            demand(right, *places)
            answer = view(*args, **kwargs)
            # Not before: the view may have asked again, and refused.
            _note_use(right, places)
            return answer

        entered.tonari_right = right  # type: ignore[attr-defined]  # read by may_open and tests
        return entered

    return decorate


def for_all_staff(view: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """A page about nobody but whoever is signed in, or about nothing."""
    view.tonari_right = None  # type: ignore[attr-defined]  # read by may_open and tests
    return view


def demand(right: Right, *places: Place) -> None:
    """raises   Refusal not_allowed, unless they have the right at all of these places

    Without a place it is enough to have it anywhere.
    """
    roles = rights.roles_with(right)
    for place in places:
        if not may(right, place):
            name = language.named(place.name, place.name_en)
            raise Refusal(RefusalCode.NOT_ALLOWED, roles=roles, place=name)
    if not places and not may(right):
        raise Refusal(RefusalCode.NOT_ALLOWED, roles=roles, place=gettext("担当する施設"))


def _note_use(right: Right, places: Iterable[Place]) -> None:
    """Once a day each grant that was needed is marked: the page 職員 lists those that never are."""
    found = auth.account()
    if found is None or len(found.used_today) == len(found.held):
        return
    where: list[rights.Place | None] = [each.where for each in places]
    day = today()
    needed: set[str] = set()
    for each in where or [None]:
        needed |= rights.used(found.held, right, each, day)
    if needed - found.used_today:
        actions.note_use(session(), needed - found.used_today, day)


def may(right: Right | str, place: Place | None = None) -> bool:
    """Whether whoever is signed in has the right there; without a place, anywhere."""
    found = auth.account()
    if found is None:
        return False
    right = Right(right)
    if place is None:
        return rights.may_somewhere(found.grants, right, today())
    return rights.may(found.grants, right, place.where, today())


def may_open(endpoint: str) -> bool:
    """Whether a link to a page that is about no place of its own leads anywhere."""
    view: Any = current_app.view_functions[endpoint]
    right: Right | None = view.tonari_right
    return right is None or may(right)


def facilities(right: Right) -> frozenset[int]:
    """The facilities where they have the right: what a list shows."""
    return frozenset(each.id for each in _places(right))


def towns(right: Right) -> frozenset[str]:
    """The towns with at least one such facility."""
    return frozenset(each.town.code for each in _places(right))


def _places(right: Right) -> list[Place]:
    found = auth.account()
    reach = rights.reach(found.grants if found else (), right, today())
    return [each for each in memory().catalogue.places.values() if reach.has(each.where)]
