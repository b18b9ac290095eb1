"""The page for the browser's printing, and drawing while others draw."""

from __future__ import annotations

import re
import threading

from printables.registry import PAPERS

PERMIT, BOARD = PAPERS["permit"], PAPERS["timetable"]


def test_links_stand_above_the_paper_in_their_own_language_and_are_not_printed():
    record = PERMIT.samples()["typical"]

    plain = PERMIT.html(record)
    page = PERMIT.html(record, links=[("Back <1>", "/b?a=1&c=2")], links_language="en")

    assert "<nav" not in plain
    assert '<nav lang="en"><a href="/b?a=1&amp;c=2">Back &lt;1&gt;</a></nav>\n<main>' in page
    assert "@media print { nav { display: none; } }" in page
    assert re.sub(r"<nav.*?</nav>\n", "", page) == plain


def test_papers_drawn_at_once_are_the_papers_drawn_alone():
    records = [
        (paper, record) for paper in (PERMIT, BOARD) for record in paper.samples().values()
    ] * 4
    alone = [paper.draw(record).pdf for paper, record in records]
    together: dict[int, bytes] = {}
    lined_up = threading.Barrier(len(records))

    def draw(number: int) -> None:
        paper, record = records[number]
        lined_up.wait(20)
        together[number] = paper.draw(record).pdf

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(len(records))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [together.get(number) for number in range(len(records))] == alone
