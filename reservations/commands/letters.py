"""`tonari letters`: what people are to be told, and whether it went out."""

from __future__ import annotations

import click

from reservations.commands.common import answering, json_option, opened, print_json, settings

GROUPS = {
    "open": ("to_send", "failed", "to_hand_over"),
    "hand": ("to_hand_over",),
    "failed": ("failed",),
    "done": ("sent", "handed_over", "void"),
}
WORDS = {
    "to_send": "送信待ち",
    "failed": "再送待ち",
    "to_hand_over": "窓口から伝える",
    "sent": "送信済み",
    "handed_over": "伝達済み",
    "void": "不要",
}


@click.group()
def letters() -> None:
    """Letters to people: answers to 仮受付, and promises that a facility had to take back.

    The job of `tonari serve` words and sends them each minute, through TONARI_SMTP_HOST. Who has
    no mail address is told by a clerk, on the counter's page 知らせ.
    """


@letters.command("list")
@click.option(
    "--show", type=click.Choice(list(GROUPS)), default="open", show_default=True,
    help="Which: all that wait, those for a clerk, those that failed, or those that are done.",
)  # fmt: skip
@click.option("--page", type=click.IntRange(0, 10_000), default=0, help="Pages of 50, from 0.")
@json_option
@answering
def list_(show: str, page: int, is_json: bool) -> None:
    """What waits to go out, newest first, and how often it was tried. Names stay on the page."""
    from reservations.queries import letters as outbox  # noqa: PLC0415 - the database
    from reservations.queries import memory  # noqa: PLC0415 - as above

    with opened() as database, database.session() as session:
        known = memory.newest(database)
        found = outbox.listed(session, known, states=GROUPS[show], page=page)
        counts = outbox.counts(session)
    lines = [
        {"id": each.id, "kind": each.kind, "state": each.state, "number": each.number}
        | {"at": each.at, "tries": each.tries, "next_at": each.next_at, "why": each.why}
        for each in found
    ]
    if is_json:
        print_json({"counts": counts, "page": page, "letters": lines})
        return
    for each in found:
        said = WORDS[each.state], each.number, each.kind, f"{each.tries}回", each.why
        click.echo("\t".join((each.id, *said)))
    click.echo("、".join(f"{WORDS[state]}{count:,}件" for state, count in counts.items()))


@letters.command("send")
@json_option
@answering
def send(is_json: bool) -> None:
    """One round by hand: word what waits, send what is due."""
    from reservations import postman  # noqa: PLC0415 - the database

    chosen = settings()
    with opened() as database:
        done = postman.deliver(database, chosen)
    if is_json:
        print_json({"worded": done.worded, "sent": done.sent, "failed": done.failed})
    else:
        click.echo(f"送信{done.sent:,}件、送信できず{done.failed:,}件")


@letters.command("retry")
@click.argument("letter_id", metavar="[ID]", required=False)
@json_option
@answering
def retry(letter_id: str | None, is_json: bool) -> None:
    """Send again what failed or was left to a clerk: the letter ID, or all of them.

    After the mail server, its password or an address was mended. Each is tried afresh, at once;
    who has no address comes back to the clerk.
    """
    from reservations import postman  # noqa: PLC0415 - the database

    chosen = settings()
    with opened() as database:
        again = postman.retry(database, chosen, letter_id or "")
        done = postman.deliver(database, chosen)
    if is_json:
        print_json({"retried": again, "sent": done.sent, "failed": done.failed})
    else:
        click.echo(f"やり直し{again:,}件: 送信{done.sent:,}件、送信できず{done.failed:,}件")
