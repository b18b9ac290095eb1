"""The repository's own files, as the tidy tests read them."""

from __future__ import annotations

import functools
import gzip
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = ("vendor", "node_modules")
GENERATED = {".venv", ".tools", ".data", ".git", ".hypothesis", "__pycache__", "node_modules"}


@functools.cache
def paths() -> tuple[str, ...]:
    """Every file that is or would be committed, relative to the root."""
    listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    found = _walk() if listed is None else [name for name in listed.split("\0") if name]
    return tuple(sorted(name for name in set(found) if (ROOT / name).is_file()))


def _git(*arguments: str) -> str | None:
    """git's answer, or None where the tree came without its history or there is no git."""
    command = ["git", "-c", f"safe.directory={ROOT}", *arguments]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return None if done.returncode else done.stdout.decode()


def _walk() -> list[str]:
    """For a tree that came without git: everything but what the commands make."""
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if name not in GENERATED and not name.endswith("_cache")]
        found += [str((Path(folder) / file).relative_to(ROOT)) for file in files]
    return [name for name in found if not name.endswith(".pyc")]


def is_ours(path: str) -> bool:
    """Written here: neither vendored nor a lock file."""
    parts = path.split("/")
    return not any(part in NOT_OURS for part in parts) and not path.endswith(".lock")


@functools.cache
def text(path: str) -> str | None:
    """A file's text (unpacked if it is gzip), or None where it is not UTF-8 text."""
    raw = (ROOT / path).read_bytes()
    if path.endswith(".gz"):
        raw = gzip.decompress(raw)
    try:
        return None if b"\0" in raw else raw.decode()
    except UnicodeDecodeError:
        return None


def texts(*endings: str) -> dict[str, str]:
    """Our text files, of these endings or of all."""
    found = {}
    for path in paths():
        if is_ours(path) and (not endings or path.endswith(endings)):
            content = text(path)
            if content is not None:
                found[path] = content
    return found
