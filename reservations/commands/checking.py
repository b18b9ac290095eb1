"""`tonari verify`: is this paper genuine, and what has become of it? Answered with the line cut."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reservations.commands.common import (
    answering,
    json_option,
    opened,
    print_json,
    refuse,
    settings,
)


@click.command("verify")
@click.argument("paper", metavar="IMAGE|PDF|TEXT")
@json_option
@answering
def verify(paper: str, is_json: bool) -> None:
    """Say whether a paper is genuine, from a picture or PDF of it or the text of its code.

    The keys are the region's certificates that lie here. Beside what the paper says it tells
    whether the booking has been changed or cancelled since, as this node knows. Exit 0 when every
    code is genuine and its booking stands or is not known here, 1 when one is not.
    """
    from printables import scanned  # noqa: PLC0415 - with the decoder
    from reservations.actions.scanning import REASONS  # noqa: PLC0415 - the database
    from reservations.app import create_app  # noqa: PLC0415 - the whole application
    from reservations.errors import Refusal  # noqa: PLC0415 - with it
    from reservations.queries import genuine, memory  # noqa: PLC0415 - the database
    from reservations.web.genuine import said  # noqa: PLC0415 - the words

    chosen = settings()
    path = Path(paper)
    with opened() as database, database.session() as session:
        known, desk = memory.newest(database), database.desk
        if paper.upper().startswith("TN1:") or not _is_file(path):
            found = [genuine.look(desk, session, known, paper)]
        else:
            try:
                found = genuine.look_at_file(desk, session, known, path.read_bytes())
            except genuine.NoPicture:
                refuse(f"{path.name}: 写真としてもPDFとしても読めません。")
            except scanned.NoPages as fault:
                raise Refusal(REASONS[fault.reason], pages_max=genuine.PDF_PAGES_MAX) from None
    if not found:
        refuse(f"{path.name}: 二次元コードが見つかりません。")
    with create_app(chosen).test_request_context():
        told = [said(each) for each in found]
    if is_json:
        codes = [
            {
                "verdict": each.answer.verdict.value,
                "standing": each.standing.value,
                "node": each.answer.node,
                "says": dict(words.lines),
            }
            for each, words in zip(found, told, strict=True)
        ]
        print_json({"codes": codes})
    else:
        for words in told:
            click.echo("\n".join(filter(None, [words.sentence, words.standing])))
            for label, value in words.lines:
                click.echo(f"  {label}: {value}")
    sys.exit(0 if all(genuine.is_good(each) for each in found) else 1)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
