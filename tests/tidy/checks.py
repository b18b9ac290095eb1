"""The checks on text: each takes files as {path: text} and lists what is wrong, a line each.

They are functions of what they read, so that test_checks.py can show that each of them can fail.
Words that a check looks for are written here in pieces, because this file is checked as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping

Files = Mapping[str, str]

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
SIZED = (".py", ".js", ".css", ".html")

HOSTS = re.compile(
    r"py"
    r"pi\.org|pythonhosted"
    r"\.org|npm"
    r"js\.(?:org|com)|registry\."
    r"yarnpkg"
    r"|deb\."
    r"debian\.org|security\."
    r"debian\.org|snapshot\."
    r"debian\.org"
    r"|docker"
    r"\.io|gh"
    r"cr\.io|qu"
    r"ay\.io|-docker\."
    r"pkg\.dev|art"
    r"ifactory",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(
    r"/ro"
    r"ot/|/ho"
    r"me/[a-z]\w*/|/Us"
    r"ers/\w+/|(?<![\w.])/wo"
    r"rk/|\.py"
    r"env\b|\bC:\\\\?Us"
    r"ers"
)
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIV"
    r"ATE KEY-----|\bAK"
    r"IA[0-9A-Z]{16}\b|\bgh"
    r"[pousr]_\w{30,}"
    r"|\bxo"
    r"x[abprs]-\w{10,}|\bAI"
    r"za[\w-]{30,}|\bsk"
    r"_live_\w{10,}"
    r"|(?i:(?:password|passwd|secret|api_?key)\s*[:=]\s*['\"](?=\S*\d)(?=\S*[a-z])[^'\"\s{}<$]{12,}['\"])"
)
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
ADDRESS = re.compile(r"[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})\b", re.IGNORECASE)
RESERVED = re.compile(
    r"(?:^|\.)(?:example(?:\.(?:com|net|org|jp|[a-z]+\.jp))?|test|invalid|localhost)$"
)
SLEEPS = re.compile(r"\btime\.sle" r"ep\(|\bwait_for_" r"timeout\(|(?<!\w)sle" r"ep\(\s*\d")
DISASTER = re.compile(r"\bdisas" r"ter\b", re.IGNORECASE)
TEMPLATE_IF = re.compile(r"\{%-?\s*(?:el)?if\b[^%]*%\}|\{\{[^}]*\bif\b[^}]*\}\}")
NOQA = re.compile(r"#\s*no" r"qa(?P<rest>.*)$")
REASON = re.compile(r":\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*[\s#-]+\w.*\w")
MODES = "reservations/rules/modes.py"
WAITS = "tests/support/process.py"


def matching(pattern: re.Pattern[str], files: Files, what: str) -> list[str]:
    return [
        f"{path}:{number}: {what}: {found.group(0)[:60]}"
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for found in pattern.finditer(line)
    ]


def long_files(files: Files) -> list[str]:
    """A file that does not fit into a head is two files."""
    counts = {path: len(text.splitlines()) for path, text in files.items()}
    return [
        f"{path}: {count} lines, at most {FILE_LINES_MAX}"
        for path, count in counts.items()
        if (path.endswith(SIZED) or path == "run") and count > FILE_LINES_MAX
    ]


def long_functions(files: Files) -> list[str]:
    """A page a function, its docstring not counted."""
    return [
        f"{path}:{node.lineno}: {node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
        for path, text in python(files)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := length(node)) > FUNCTION_LINES_MAX
    ]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def registry_hosts(files: Files) -> list[str]:
    """Where packages come from is each machine's own setting."""
    return matching(HOSTS, files, "names a registry")


def machine_paths(files: Files) -> list[str]:
    return matching(MACHINE_PATHS, files, "a path of one machine")


def secrets(files: Files) -> list[str]:
    return matching(SECRETS, files, "looks like a secret")


def unfinished(files: Files) -> list[str]:
    """What is left to do is an issue, not a comment."""
    return matching(UNFINISHED, files, "unfinished")


def mail_addresses(files: Files) -> list[str]:
    """Only addresses that reach nobody (RFC 2606)."""
    return [
        f"{path}:{number}: an address that may reach somebody: {found.group(0)}"
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        for found in ADDRESS.finditer(line)
        if not RESERVED.search(found.group(1).lower())
    ]


def sleeping_tests(files: Files) -> list[str]:
    """A test waits for the thing itself; only the one polling loop pauses."""
    tests = {path: text for path, text in files.items() if path.startswith("tests/")}
    tests.pop(WAITS, None)
    return matching(SLEEPS, {p: t for p, t in tests.items() if p.endswith(".py")}, "sleeps")


def disaster_branches(files: Files) -> list[str]:
    """What changes in a disaster is a cell of one table, never an if elsewhere."""
    found = []
    ours = {path: text for path, text in files.items() if path.startswith("reservations/")}
    for path, text in python(ours):
        if path == MODES:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.If | ast.IfExp | ast.While):
                asked: ast.expr = node.test
            elif isinstance(node, ast.Match):
                asked = node.subject
            else:
                continue
            if DISASTER.search(ast.unparse(asked).replace("_", " ")):
                found.append(f"{path}:{node.lineno}: asks for the mode")
    for path, text in ours.items():
        if path.endswith((".html", ".txt", ".xml")):
            found += [
                f"{path}: asks for the mode: {condition}"
                for condition in TEMPLATE_IF.findall(text)
                if DISASTER.search(condition)
            ]
    return found


def reasonless_exceptions(files: Files) -> list[str]:
    """Who switches a lint off for a line says which one, and why, there or in the line above."""
    found = []
    for path, text in python(files):
        above = ""
        for number, line in enumerate(text.splitlines(), 1):
            exception = NOQA.search(line)
            has_reason = above.startswith("# ") or (exception and REASON.match(exception["rest"]))
            if exception and not has_reason:
                found.append(f"{path}:{number}: an exception without its reason")
            above = line.strip()
    return found


def python(files: Files) -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in files.items() if path.endswith(".py") or path == "run")


EVERY: tuple[Callable[[Files], list[str]], ...] = (
    long_files,
    long_functions,
    registry_hosts,
    machine_paths,
    secrets,
    unfinished,
    mail_addresses,
    sleeping_tests,
    disaster_branches,
    reasonless_exceptions,
)
