"""`tonari audit`: seals on what was done, and whether the record is whole."""

from __future__ import annotations

import sys

import click

from reservations.commands.common import answering, json_option, opened, print_json, settings

FAULTS = {
    "lines": "封のあとで、行が変えられたか、消されたか、足されました",
    "seal": "前の封とつながりません",
    "said": "ほかの拠点が聞いた封と違います",
    "other": "その拠点の封が、前の封とつながりません",
}


@click.group()
def audit() -> None:
    """The record of who did what and who was shown whom, under seals that follow each other.

    `tonari serve` seals every quarter of an hour, and says each seal to the other nodes.
    """


@audit.command()
@json_option
@answering
def seal(is_json: bool) -> None:
    """Seal what was done since the last seal; the job by hand."""
    from reservations import jobs  # noqa: PLC0415 - the scheduler and the database

    chosen = settings()
    with opened() as database:
        fact = jobs.seal_audit(database, chosen)
    if is_json:
        print_json({"no": fact.no, "lines": fact.lines, "digest": fact.digest} if fact else {})
    elif fact is None:
        click.echo("新しい行はありません。")
    else:
        click.echo(f"{fact.no}番の封 {fact.lines}行 {fact.digest}")


@audit.command()
@json_option
@answering
def verify(is_json: bool) -> None:
    """Read every line again and compare with the seals, ours and those that others heard.

    Exit 0 when all is as it was written, 1 when it is not. Write the last seal's hash down, or look
    at it on 日計表: whoever rewrites everything cannot rewrite that.
    """
    from reservations.projection import open_desk  # noqa: PLC0415 - the database
    from reservations.queries import trail  # noqa: PLC0415 - as above

    chosen = settings()
    with opened() as database, database.session() as session:
        found = trail.verify(session, open_desk(database, chosen))
    if is_json:
        faults = [
            {"kind": each.kind, "node": each.node, "no": each.no}
            | {"first": each.first, "last": each.last}
            for each in found.faults
        ]
        print_json({
            "ok": not faults, "seals": found.seals, "lines": found.lines,
            "unsealed": found.unsealed, "digest": found.last.digest, "faults": faults,
        })  # fmt: skip
    else:
        for each in found.faults:
            lines = f"（{each.first}行から{each.last}行）" if each.last else ""
            click.echo(f"NG  {each.node} {each.no}番の封{lines}: {FAULTS[each.kind]}")
        click.echo(f"封{found.seals:,}個、{found.lines:,}行。まだ封のない行{found.unsealed:,}")
        click.echo(f"最後の封 {found.last.digest or '-'}")
    sys.exit(1 if found.faults else 0)
