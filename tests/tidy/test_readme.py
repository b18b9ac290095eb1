"""The commands in the pages exist; the README stays short and names the two that matter."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import shlex
from types import ModuleType

import click
import pytest

from tests.tidy.repository import ROOT, texts

FENCE = re.compile(r"^```(?:sh|bash|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:\./run|tonari) [^`]+)`")
CLI = ROOT / "reservations" / "cli.py"
# What a page may ask of the reader's own machine.
OTHERS = {"git", "cd", "cp", "curl", "docker", "sudo", "apt-get", "pg_dump", "tar"}


def the_run_script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def commands_of(page: str) -> list[list[str]]:
    """Every command in the page's shell blocks and in its running text."""
    lines = [line for block in FENCE.findall(page) for line in block.splitlines()]
    lines = [re.sub(r"^\s*[$#>]\s?|\s#.*$|\\$", "", line).strip() for line in lines]
    lines += INLINE.findall(page)
    return [words for line in lines if (words := split(line))]


def split(line: str) -> list[str]:
    words = shlex.split(line.replace("…", " "), posix=True)
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    return words


def unknown(words: list[str]) -> str | None:
    """Why a command is not one of ours, or None."""
    from reservations.cli import main  # noqa: PLC0415 - the fault should be the test's, not the file's

    if words[0] in OTHERS:
        return None
    if words[0] not in ("./run", "tonari"):
        return f"{words[0]} is neither ours nor among {sorted(OTHERS)}"
    rest = words[1:]
    if words[0] == "./run" and (not rest or rest[0] in the_run_script().VERBS):
        return None
    command: click.Command = main
    for position, word in enumerate(rest):
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z|-]*", word):
            for choice in word.split("|"):
                if choice not in command.commands:
                    return f"`{' '.join(words[: position + 2])}` has no {choice}"
            command = command.commands[word.split("|")[0]]
        elif word.startswith("--") and word != "--help" and "|" not in word:
            known = {
                option for each in command.params for option in (*each.opts, *each.secondary_opts)
            }
            if word.strip("[]").split("=")[0] not in known:
                return f"`{' '.join(words)}` has no {word}"
    return None


needs_commands = pytest.mark.skipif(not CLI.exists(), reason="there are no commands yet")


@needs_commands
@pytest.mark.parametrize("page", sorted(texts(".md")))
def test_every_command_in_a_page_exists(page):
    commands = commands_of(texts(".md")[page])

    assert [why for words in commands if (why := unknown(words))] == []


@needs_commands
def test_a_command_that_does_not_exist_is_noticed():
    assert unknown(["./run", "fly"]) is not None
    assert unknown(["tonari", "serve", "--sideways"]) is not None
    assert unknown(["./run", "test", "--quick"]) is None


def test_the_readme_is_short_and_names_the_two_commands():
    readme = texts("README.md")["README.md"]
    fenced = [
        " ".join(words)
        for block in FENCE.findall(readme)
        for words in map(split, block.splitlines())
    ]

    assert len(readme.splitlines()) <= 140
    assert {"./run demo", "./run test"} - {line.split("#")[0].strip() for line in fenced} == set()


def test_every_link_of_a_page_leads_somewhere():
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")

    lost = [
        (page, target)
        for page, text in texts(".md").items()
        for target in link.findall(text)
        if not (ROOT / page).parent.joinpath(target).exists()
    ]
    assert lost == []
