"""The witness: compare and append, on a medium that may be torn, damaged, shared or far away."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from sync.document import Entry, Malformed, seal
from sync.store import Head
from sync.witness import Answer, FileWitness, RemoteWitness, Silent, serve
from tests.sync.desks import GYM, HALL, REGION, a_key

KEY = a_key("desk")


def chain(count: int, *, on: str = GYM, word: str = "a") -> list[Entry]:
    lines: list[Entry] = []
    for number in range(1, count + 1):
        previous = lines[-1].hash if lines else ""
        body = {"type": "entry", "chain": on, "number": number, "previous": previous}
        line = seal({**body, "kind": "refuse", "settles": [word + str(number)]}, KEY, region=REGION)
        assert isinstance(line, Entry)
        lines.append(line)
    return lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stick" / "witness"


@pytest.fixture(params=["file", "another node"])
def witness(request, path):
    file = FileWitness.create(path)
    if request.param == "file":
        return file
    return RemoteWitness(lambda call: serve(file, call))


def test_lines_are_taken_in_order_and_read_back(witness):
    lines = chain(3)

    assert witness.append(GYM, lines[:2]) == Answer(True, Head(2, lines[1].hash))
    assert witness.append(GYM, lines[2:]) == Answer(True, Head(3, lines[2].hash))
    assert witness.after(GYM, 1) == lines[1:]
    assert witness.after(HALL, 0) == []
    assert witness.heads() == {GYM: Head(3, lines[2].hash)}


def test_the_same_lines_again_are_harmless(witness):
    lines = chain(3)
    witness.append(GYM, lines[:2])

    assert witness.append(GYM, lines).is_taken
    assert witness.append(GYM, lines[:1]).is_taken
    assert witness.after(GYM, 0) == lines


def test_a_line_that_does_not_stand_on_the_last_one_is_refused(witness):
    lines, others = chain(3), chain(3, word="b")
    witness.append(GYM, lines[:2])
    head = Head(2, lines[1].hash)

    assert witness.append(GYM, others[:2]) == Answer(False, head)
    assert witness.append(GYM, others[2:]) == Answer(False, head)
    assert witness.append(GYM, [lines[2], others[2]]) == Answer(False, head)
    assert witness.append(HALL, chain(3, on=HALL)[1:]) == Answer(False, Head(0, ""))
    assert witness.after(GYM, 0) == lines[:2]


def test_what_was_taken_is_there_after_a_start(path):
    lines = chain(3)
    FileWitness.create(path).append(GYM, lines)

    assert FileWitness(path).after(GYM, 0) == lines


def test_a_lost_witness_is_not_started_again_empty(path):
    with pytest.raises(Silent):
        FileWitness(path)
    FileWitness.create(path)
    with pytest.raises(FileExistsError):
        FileWitness.create(path)


def test_a_record_torn_by_a_power_cut_was_never_acknowledged(path):
    lines = chain(3)
    FileWitness.create(path).append(GYM, lines[:2])
    whole = path.read_bytes()
    FileWitness(path).append(GYM, lines[2:])
    full = path.read_bytes()

    for length in range(len(whole), len(full)):
        path.write_bytes(full[:length])
        again = FileWitness(path)
        assert again.after(GYM, 0) == lines[:2]
        assert again.append(GYM, lines[2:]).is_taken
        assert path.read_bytes() == full


def test_a_damaged_witness_is_unreadable_and_not_shortened(path):
    FileWitness.create(path).append(GYM, chain(3))
    octets = bytearray(path.read_bytes())
    octets[60] ^= 1
    path.write_bytes(octets)

    with pytest.raises(Silent):
        FileWitness(path)
    assert path.read_bytes() == octets


def test_a_full_medium_is_silent_and_keeps_what_it_had(path, monkeypatch):
    lines = chain(3)
    witness = FileWitness.create(path)
    witness.append(GYM, lines[:1])
    before = path.read_bytes()

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("sync.witness.os.fsync", fail)
        with pytest.raises(Silent):
            witness.append(GYM, lines[1:])

    assert path.read_bytes() == before
    assert witness.append(GYM, lines[1:]).is_taken


def test_a_witness_that_does_not_answer_is_silent(path):
    def nobody(_call: dict[str, Any]) -> dict[str, Any]:
        raise ConnectionRefusedError

    with pytest.raises(Silent):
        RemoteWitness(nobody).heads()


@pytest.mark.parametrize(
    "call",
    [{}, {"call": "append"}, {"call": "append", "chain": GYM, "lines": []}, {"call": "after"}],
)
def test_a_stranger_call_is_malformed(call, path):
    with pytest.raises(Malformed):
        serve(FileWitness.create(path), call)


def _race(path: Path, word: str, results: Any) -> None:
    witness = FileWitness(path)
    taken = 0
    while True:
        here = len(witness.after(GYM, 0))
        if here >= 40:
            break
        body = {"type": "entry", "chain": GYM, "kind": "refuse", "settles": [f"{word}{here}"]}
        previous = witness.heads()[GYM].hash if here else ""
        number = witness.heads()[GYM].number + 1 if here else 1
        line = seal({**body, "number": number, "previous": previous}, KEY, region=REGION)
        taken += witness.append(GYM, [line]).is_taken
    results.put(taken)


def test_of_two_processes_only_one_appends_a_number(path):
    FileWitness.create(path)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    racers = [context.Process(target=_race, args=(path, word, results)) for word in "ab"]

    for racer in racers:
        racer.start()
    taken = [results.get(timeout=50) for _ in racers]
    for racer in racers:
        racer.join()

    lines = FileWitness(path).after(GYM, 0)
    assert sum(taken) == len(lines) >= 40
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
