"""パスキー in a real browser, with a device of its own making, over https under a name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from reservations.models import Passkey
from tests.support import browser as browsers
from tests.support import passkeys
from tests.support.browser import desk, open_context, run_axe
from tests.support.house import House, serving
from tests.support.process import free_port
from tests.support.site import PASSWORD, a_site
from tests.support.tls import self_signed

NAME = f"yoyaku.{passkeys.DOMAIN}"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def named_browser(browser: Any) -> Iterator[Any]:
    """A Chromium that finds our names on this machine, and believes the certificate."""
    rules = f"--host-resolver-rules=MAP *.{passkeys.DOMAIN} 127.0.0.1, MAP * ~NOTFOUND"
    flags = f"{rules}, EXCLUDE 127.0.0.1", "--ignore-certificate-errors"
    with browsers.another_browser(browser, *flags) as made:
        yield made


@contextmanager
def a_house(folder: Path, audience: str) -> Iterator[House]:
    port = free_port()
    settings = passkeys.settings(folder, passkey_origins=[f"https://{NAME}:{port}"])
    url = f"sqlite:///{folder / 'house.db'}"
    site = a_site(url, folder, audience=audience, settings=settings)
    with serving(site, port=port, tls=self_signed(folder, NAME), name=NAME) as house:
        yield house
    site.database.dispose()


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """The residents' pages and the counter's, each with people of its own."""
    with ExitStack() as stack:
        made = []
        for audience in ("resident", "counter"):
            folder = tmp_path / audience
            folder.mkdir()
            made.append(stack.enter_context(a_house(folder, audience)))
        yield made[0], made[1]


def plug_in(page: Any, **changed: Any) -> Any:
    """A device of the machine itself, which has seen its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    asked = {"options": {**DEVICE, **changed}}
    session.number = session.send("WebAuthn.addVirtualAuthenticator", asked)["authenticatorId"]
    return session


def sign_in(page: Any, house: House, login: str) -> None:
    page.goto(f"{house.url}/sign-in")
    page.locator("#field-login").fill(login)
    page.locator("#field-password").fill(PASSWORD)
    page.get_by_role("button", name="ログインする", exact=True).click()


def add(page: Any, house: House) -> None:
    page.goto(f"{house.url}/passkeys")
    page.locator("#field-name").fill("わたしの電話")
    page.locator("#field-password").fill(PASSWORD)
    page.get_by_role("button", name="次へ進む").click()
    page.get_by_role("button", name="この端末で作る").click()
    page.get_by_text("パスキーを登録しました。").wait_for()


def leave(page: Any) -> None:
    page.context.clear_cookies()


def test_a_resident_registers_a_passkey_and_signs_in_with_it(named_browser, houses):
    house = houses[0]
    found: list[str] = []
    with open_context(named_browser, names=(NAME,)) as context:
        page = context.new_page()
        device = plug_in(page)
        sign_in(page, house, "resident@example.jp")
        add(page, house)
        found += run_axe(page)
        kept = device.send("WebAuthn.getCredentials", {"authenticatorId": device.number})
        leave(page)

        page.goto(f"{house.url}/sign-in?next=/account")
        found += run_axe(page)
        page.get_by_role("button", name="パスキーでログインする").click()
        page.wait_for_url(f"{house.url}/account")

        assert "resident@example.jp" in page.content()
        page.goto(f"{house.url}/passkeys")
        assert "最後に使ったのは" in page.content()
    assert found == []
    credential = kept["credentials"][0]
    assert (credential["rpId"], credential["isResidentCredential"]) == (passkeys.DOMAIN, True)


def test_at_the_counter_a_passkey_is_both_steps(named_browser, houses):
    house = houses[1]
    with open_context(named_browser, names=(NAME,), **desk()) as context:
        page = context.new_page()
        plug_in(page)
        sign_in(page, house, "staff@example.jp")
        page.goto(f"{house.url}/sessions")
        page.get_by_role("link", name="パスキー").click()
        add(page, house)
        leave(page)

        page.goto(f"{house.url}/sign-in?next=/board")
        page.get_by_role("button", name="パスキーでログインする").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{house.url}/board*")


def test_a_device_that_has_not_seen_its_owner_is_refused_by_the_browser_in_words(
    named_browser, houses
):
    house = houses[0]
    with open_context(named_browser, names=(NAME,)) as context:
        page = context.new_page()
        plug_in(page, isUserVerified=False)
        sign_in(page, house, "resident@example.jp")
        page.goto(f"{house.url}/passkeys")
        page.locator("#field-password").fill(PASSWORD)
        page.get_by_role("button", name="次へ進む").click()
        page.get_by_role("button", name="この端末で作る").click()
        page.get_by_text("パスキーを作れませんでした。").wait_for()
    with house.site.database.session() as session:
        assert session.scalars(select(Passkey)).all() == []


def test_without_scripts_everything_else_is_as_it_was(named_browser, houses):
    house = houses[0]
    with open_context(named_browser, names=(NAME,), java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{house.url}/sign-in")
        assert not page.get_by_role("button", name="パスキーでログインする").is_visible()
        sign_in(page, house, "resident@example.jp")
        page.goto(f"{house.url}/passkeys")
        page.locator("#field-password").fill(PASSWORD)
        page.get_by_role("button", name="次へ進む").click()

        assert page.get_by_text("このブラウザーでは、パスキーを作れません。").is_visible()
