"""Every check on text holds for the repository, and every one of them can fail."""

from __future__ import annotations

import pytest

from tests.tidy import checks, repository

# For each check a file that it must refuse, in pieces where the text itself would be found here.
REFUSED = {
    checks.long_files: ("reservations/long.py", "x = 1\n" * 501),
    checks.long_functions: ("reservations/f.py", "def f():\n" + "    g()\n" * 70),
    checks.registry_hosts: ("Dockerfile", "RUN curl https://files.python" + "hosted.org/x"),
    checks.machine_paths: ("a.md", "see /ro" + "ot/.config/x"),
    checks.secrets: ("a.py", "PASSWORD" + " = 'kei4oocoh3Ah1x'"),
    checks.unfinished: ("a.py", "# TO" + "DO: later"),
    checks.mail_addresses: ("reservations/demo/towns.csv", "taro.yamada" + "@city.kanazawa.lg.jp"),
    checks.sleeping_tests: ("tests/test_a.py", "time.sle" + "ep(1)"),
    checks.disaster_branches: ("reservations/actions/a.py", "if mode is Mode.DISASTER: pass"),
    checks.reasonless_exceptions: ("a.py", "import x  # no" + "qa: PLC0415"),
}
ACCEPTED = {
    checks.long_files: ("reservations/long.csv", "x\n" * 501),
    checks.long_functions: ("a.py", "def f():\n  '''\n" + "words\n" * 70 + "'''\n"),
    checks.registry_hosts: ("a.md", "see https://www.digital.go.jp/"),
    checks.machine_paths: ("a.html", '<a href="/units/work/1">'),
    checks.secrets: ("a.yml", "password: ${POSTGRES_PASSWORD:?}"),
    checks.unfinished: ("a.py", "hacked = 'todos'"),
    checks.mail_addresses: ("a.py", "hanako@example.jp, x@town.example"),
    checks.sleeping_tests: ("reservations/jobs.py", "time.sle" + "ep(1)"),
    checks.disaster_branches: ("reservations/rules/modes.py", "if mode is Mode.DISASTER: pass"),
    checks.reasonless_exceptions: ("a.py", "import x  # no" + "qa: PLC0415 - 0.3 s at start"),
}


@pytest.mark.parametrize("check", checks.EVERY, ids=lambda check: check.__name__)
def test_the_repository_passes(check):
    files = repository.texts()

    assert len(files) > 30
    assert check(files) == []


@pytest.mark.parametrize("check", checks.EVERY, ids=lambda check: check.__name__)
def test_the_check_can_fail(check):
    assert len(check(dict([REFUSED[check]]))) == 1
    assert check(dict([ACCEPTED[check]])) == []


def test_a_template_may_not_ask_for_the_mode():
    template = {"reservations/web/templates/a.html": "{% if mode == 'disaster' %}x{% endif %}"}

    assert len(checks.disaster_branches(template)) == 1
