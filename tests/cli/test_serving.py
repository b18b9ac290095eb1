"""`serve` and `demo` as processes: what they print, and that nothing is left of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import free_port, running, wait_until
from tests.support.server import (
    ROOT,
    TONARI,
    answers,
    environment,
    first_line,
    running_server,
    tonari,
)

pytestmark = pytest.mark.timeout(240)


def descendants(pid: int) -> list[int]:
    """Every living process below `pid` (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in map(int, children) for each in (child, *descendants(child))]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def stopped(process: subprocess.Popen[bytes], sign: signal.Signals) -> tuple[int, list[int]]:
    """(exit code, processes that outlived it)."""
    below = descendants(process.pid)
    assert below
    process.send_signal(sign)
    code = process.wait(20)
    return code, [pid for pid in below if is_alive(pid)]


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A data folder that holds the demonstration already: filling it is not what is tried here."""
    folder: Path = tmp_path_factory.mktemp("demo") / "state"
    command = [*TONARI, "demo", "--json", "--port", str(free_port())]
    log = folder.parent / "log"
    with running(
        command, log=log, env=environment(folder, None, {}), cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert first_line(process, seconds=200), log.read_text()
    return folder


def demo(folder: Path, *arguments: str, log: Path) -> Any:
    command = [*TONARI, "demo", *arguments]
    env = environment(folder, None, {})
    return running(command, log=log, env=env, cwd=ROOT, stdout=subprocess.PIPE)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_server_stops_cleanly_and_leaves_nothing_behind(tmp_path, sign):
    with running_server(tmp_path / "state", seconds=60) as server:
        code, left = stopped(server.process, sign)

    assert (code, left) == (0, [])


def test_workers_do_not_outlive_a_server_that_was_killed(tmp_path):
    with running_server(tmp_path / "state", seconds=60) as server:
        below = descendants(server.process.pid)
        server.process.kill()
        server.process.wait(10)
        wait_until_gone(below)

    assert [pid for pid in below if is_alive(pid)] == []


def wait_until_gone(pids: list[int]) -> None:
    log = Path(os.devnull)
    waiting = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        wait_until(lambda: not any(map(is_alive, pids)), waiting, seconds=15, log=log)
    finally:
        waiting.kill()
        waiting.wait()
        assert waiting.stdin is not None
        waiting.stdin.close()


def test_a_port_that_is_taken_is_refused_in_one_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        done = tonari("serve", "--port", str(port), data_dir=tmp_path)

    assert done.returncode == 2
    assert [str(port) in line for line in done.stderr.splitlines()] == [True]


def test_the_demonstration_prints_one_line_of_json_once_it_serves(filled, tmp_path):
    port = free_port()

    with demo(filled, "--json", "--port", str(port), log=tmp_path / "log") as process:
        line = json.loads(first_line(process, seconds=60))
        assert answers(f"{line['hub']}/api/v1/node")
        signed = urllib.request.Request(
            f"{line['hub']}/api/v1/node", headers={"Authorization": f"Bearer {line['token']}"}
        )
        with urllib.request.urlopen(signed, timeout=10) as answer:
            assert answer.status == 200
        for link in (line["resident"], line["counter"]):
            with urllib.request.urlopen(link, timeout=10) as page:
                assert page.status == 200
        code, left = stopped(process, signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.read() == b""

    assert line["hub"] == f"http://127.0.0.1:{port}"
    assert (code, left) == (0, [])


def lines_of(process: subprocess.Popen[bytes], *, last: str) -> Iterator[str]:
    while True:
        line = first_line(process, seconds=60).decode()
        if not line:
            return
        yield line.rstrip("\n")
        if last in line:
            return


def test_people_get_at_most_twelve_lines_and_the_next_free_port(filled, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with demo(filled, "--port", str(taken), log=tmp_path / "log") as process:
            lines = list(lines_of(process, last="Ctrl-C"))

    assert len(lines) <= 12
    assert [line for line in lines if f"{taken}番は使用中" in line]
    assert [line for line in lines if "/enter/" in line and f":{taken}/" not in line]


def test_the_keys_cut_the_line_book_on_both_sides_and_rejoin(filled, tmp_path):
    command = [*TONARI, "demo", "--port", str(free_port())]
    env = environment(filled, None, {})
    with running(
        command, log=tmp_path / "log", env=env, cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        for line in lines_of(process, last="Ctrl-C"):
            if "拠点" in line:
                node = line.split()[-1]
        wait_until(lambda: answers(f"{node}api/v1/node"), process, seconds=30, log=tmp_path / "log")
        cut = said(process, "c", 1)
        booked = said(process, "b", 3)
        rejoined = said(process, "r", 3)
        said(process, "q", 0)
        code = process.wait(20)
        assert process.stdin is not None
        process.stdin.close()

    assert "切りました" in cut[0]
    assert "確定" in booked[1] and "仮受付" in booked[2]
    assert "確定" in rejoined[1] and "取れず" in rejoined[2]
    assert code == 0


def said(process: subprocess.Popen[bytes], key: str, count: int) -> list[str]:
    """Press a key and read so many lines of the answer; what is offered comes indented further."""
    assert process.stdin is not None
    process.stdin.write(key.encode())
    process.stdin.flush()
    lines: list[str] = []
    while len(lines) < count:
        line = first_line(process, seconds=40).decode()
        assert line, lines
        if "→" not in line:
            lines.append(line)
    return lines
