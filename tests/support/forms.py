"""A person with a browser, without the browser: opens pages, reads them, fills in their forms.

Only what a page really offers can be sent: fields that it does not have, or a button that is not
there, fail the test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

UNPAIRED = {"input", "br", "meta", "link", "img", "hr"}


@dataclass
class HtmlForm:
    """A form as the page has it: `values` are what would be sent without touching anything."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects visible text, forms and links."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self._form: HtmlForm | None = None
        self._select = ""
        self._area = ""
        self._button: tuple[str, str] | None = None
        self._words: list[str] = []
        self._link = ""
        self._unread = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attributes}
        if tag in ("script", "style", "title"):
            self._unread += 1
        elif tag == "form":
            self._form = HtmlForm(have.get("action", ""), have.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "a" and have.get("href"):
            self._link, self._words = have["href"], []
        elif self._form is not None:
            self._field(tag, have)

    def _field(self, tag: str, have: dict[str, str]) -> None:
        assert self._form is not None
        name = have.get("name", "")
        if tag == "input" and name and have.get("type") not in ("checkbox", "radio"):
            self._form.values[name] = have.get("value", "")
        elif tag == "input" and name:
            self._form.values.setdefault(name, "")
            if "checked" in have:
                self._form.values[name] = have.get("value", "on")
        elif tag == "textarea":
            self._area = name
            self._form.values[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if self._select not in self._form.values or "selected" in have:
                self._form.values[self._select] = have.get("value", "")
        elif tag == "button":
            self._button, self._words = (name, have.get("value", "")), []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "title"):
            self._unread -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "a" and self._link:
            self.links.append((_joined(self._words), self._link))
            self._link = ""
        elif tag == "button" and self._button and self._form is not None:
            self._form.buttons.append((_joined(self._words), *self._button))
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        if self._area and self._form is not None:
            self._form.values[self._area] += data
        self.text.append(data)
        self._words.append(data)


def _joined(words: list[str]) -> str:
    return " ".join("".join(words).split())


class Person:
    """Somebody with a browser of their own: cookies, and the page that they are on."""

    def __init__(self, app: Any) -> None:
        self.client: FlaskClient = app.test_client()
        self.answer: TestResponse | None = None
        self._read = _Reader()

    @property
    def status(self) -> int:
        assert self.answer is not None
        return self.answer.status_code

    @property
    def address(self) -> str:
        assert self.answer is not None
        query = self.answer.request.query_string.decode()
        return self.answer.request.path + (f"?{query}" if query else "")

    @property
    def text(self) -> str:
        return _joined(self._read.text)

    @property
    def html(self) -> str:
        assert self.answer is not None
        return self.answer.text

    @property
    def links(self) -> list[tuple[str, str]]:
        return self._read.links

    @property
    def forms(self) -> list[HtmlForm]:
        return self._read.forms

    def opens(self, address: str, **options: Any) -> Person:
        """Types an address, or follows a bookmark."""
        return self._arrived(self.client.get(address, follow_redirects=True, **options))

    def follows(self, words: str) -> Person:
        """Taps the first link that has these words."""
        found = [where for label, where in self.links if words in label]
        assert found, f"no link with {words!r} among {[label for label, _ in self.links]}"
        return self.opens(found[0])

    def presses(self, words: str, /, **typed: str) -> Person:
        """Types into the fields of the form that has this button, and presses it."""
        form, name, value = self._button(words)
        return self._arrived(
            self.client.open(
                form.action,
                method=form.method.upper(),
                follow_redirects=True,
                **self._sent(form, name, value, typed),
            )
        )

    def form_of(self, words: str) -> HtmlForm:
        """The form that has a button with these words."""
        return self._button(words)[0]

    def _button(self, words: str) -> tuple[HtmlForm, str, str]:
        for form in self.forms:
            for label, name, value in form.buttons:
                if words in label:
                    return form, name, value
        labels = [label for form in self.forms for label, _, _ in form.buttons]
        raise AssertionError(f"no button with {words!r} among {labels} on {self.address}")

    def _sent(self, form: HtmlForm, name: str, value: str, typed: dict[str, str]) -> dict[str, Any]:
        unknown = set(typed) - set(form.values)
        assert not unknown, f"the form has no field {unknown}, only {sorted(form.values)}"
        values = {**form.values, **typed}
        if name:
            values[name] = value
        return {"query_string": values} if form.method.lower() == "get" else {"data": values}

    def _arrived(self, answer: TestResponse) -> Person:
        self.answer = answer
        self._read = _Reader()
        if answer.mimetype == "text/html":
            self._read.feed(answer.text)
        return self
