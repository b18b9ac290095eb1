"""Servers that refuse, forget, come back from a copy, or are not whom they say."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from sync import checkpoint
from sync.carriers import couch
from sync.carriers.couch import Address, Mailbox, NoContact, Server, Trouble
from sync.carriers.post import LOOK_AGAIN_SECONDS, MARK_SECONDS
from sync.document import wire
from tests.support.process import free_port
from tests.support.proxy import a_line
from tests.sync.couch.test_strangers import put
from tests.sync.couch.towns import (
    PASSWORD,
    Clock,
    Towns,
    follow,
    heads,
    post,
    refused,
    rows,
    sql,
    status,
    write,
)
from tests.sync.desks import SCOPE

pytestmark = pytest.mark.timeout(120)


def trouble_of(mailbox: Mailbox) -> Trouble:
    with pytest.raises(NoContact) as caught:
        mailbox.changes("", limit=1)
    return caught.value.trouble


# Who answers


def test_a_wrong_password_is_said_in_words(towns, box):
    mailbox = towns.mailbox(user="gym", password="wrong")

    assert trouble_of(mailbox) is Trouble.WRONG_PASSWORD


def test_a_user_whom_it_does_not_know_is_refused(towns, box):
    assert trouble_of(towns.mailbox(user="nobody")) is Trouble.WRONG_PASSWORD


def test_a_user_of_another_mailbox_is_refused(towns, box):
    towns.prepare("town", "town")
    couch.add_user(towns.couches["town"].admin, "gym", PASSWORD)

    assert trouble_of(towns.mailbox("town", user="gym")) is Trouble.NOT_ALLOWED


def test_a_mailbox_that_was_never_made_is_said_to_be_missing(towns, box):
    server = towns.couches["hub"].admin

    assert trouble_of(Mailbox(server, f"{box.database}-never")) is Trouble.MISSING


def test_a_port_where_nobody_listens_is_silence():
    assert trouble_of(Mailbox(Server(Address(f"http://127.0.0.1:{free_port()}")), "ev-x")) is (
        Trouble.SILENT
    )


def test_a_password_is_in_no_message(towns, box):
    server = towns.mailbox(user="gym").server

    assert PASSWORD not in repr(server.address)
    with pytest.raises(NoContact) as caught:
        Mailbox(server, "ev-no").changes("", limit=1)
    assert PASSWORD not in str(caught.value)


def test_a_web_server_that_is_no_couchdb_is_an_error_and_no_crash(tmp_path):
    with a_line(free_port()) as line:
        line.cut()
        assert trouble_of(Mailbox(Server(Address(line.url)), "ev-x")) is Trouble.SILENT


# What it hears of us


def test_the_client_says_nothing_about_this_machine(towns, box):
    sent: list[Any] = []
    mailbox = towns.mailbox(user="gym")
    for client in (mailbox.server._client, mailbox.server._reader):
        client.get_http_client().hooks["response"].append(
            lambda answer, **_: sent.append(answer.request.headers)
        )

    mailbox.changes("", limit=1)
    mailbox.changes("", limit=1, wait_seconds=0.01)
    mailbox.mark("x")

    assert len(sent) >= 3
    assert {headers["User-Agent"] for headers in sent} == {"tonari"}
    assert [name for headers in sent for name in headers if "analytics" in name.lower()] == []


# Whose certificate


@contextmanager
def secure(
    towns: Towns, folder: Path, *, name: str = "127.0.0.1", days: int = 1
) -> Iterator[tuple[str, Path]]:
    """A TLS line to the hub, with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    host = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=30))
        .not_valid_after(today + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([host]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    with a_line(towns.couches["hub"].port, context) as line:
        yield line.url, pem


def mailbox_at(towns: Towns, url: str, *, ca_file: str = "") -> Mailbox:
    server = Server(Address(url, "gym", PASSWORD, ca_file=ca_file))
    towns.servers.append(server)
    return Mailbox(server, towns.database_at("hub"))


def test_a_certificate_of_the_towns_own_authority_is_trusted_where_it_is_named(
    towns, box, tmp_path
):
    with secure(towns, tmp_path) as (url, authority):
        assert mailbox_at(towns, url, ca_file=str(authority)).changes("", limit=1).found == []


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(towns, box, tmp_path):
    with secure(towns, tmp_path) as (url, _):
        assert trouble_of(mailbox_at(towns, url)) is Trouble.NOT_TRUSTED


def test_a_certificate_for_another_name_is_not_trusted(towns, box, tmp_path):
    with secure(towns, tmp_path, name="hub.example") as (url, authority):
        mailbox = mailbox_at(towns, url, ca_file=str(authority))
        assert trouble_of(mailbox) is Trouble.NOT_TRUSTED


def test_a_certificate_that_is_over_is_not_trusted(towns, box, tmp_path):
    with secure(towns, tmp_path, days=-2) as (url, authority):
        mailbox = mailbox_at(towns, url, ca_file=str(authority))
        assert trouble_of(mailbox) is Trouble.NOT_TRUSTED


# What it refuses


def forbid(box: Mailbox, rule: str) -> None:
    """A rule that the server's owner wrote; it answers 403 for each document that breaks it."""
    document = {"_id": "_design/rule", "validate_doc_update": rule}
    put(box, document)


def test_a_line_that_the_server_forbids_is_seen_and_the_others_go_on(towns, box, hub):
    first, second = write(hub, "court a"), write(hub, "court b")
    forbid(box, f"function (d) {{ if (d._id === '{first.id}') throw({{forbidden: 'no'}}); }}")
    carrier = towns.carrier(hub)

    post(carrier)

    assert second.id in rows(box) and first.id not in rows(box)
    assert [(each.id, each.is_ours, each.why) for each in status(carrier).refused] == [
        (first.id, True, "forbidden: no")
    ]


def test_a_line_that_was_forbidden_is_posted_when_the_rule_is_gone(towns, box, hub):
    slip = write(hub, "court a")
    forbid(box, "function (d) { if (d.signature) throw({forbidden: 'no'}); }")
    clock = Clock()
    carrier = towns.carrier(hub, clock=clock)
    post(carrier)
    rule = rows(box)["_design/rule"]
    put(box, {"_id": rule["_id"], "_rev": rule["_rev"], "_deleted": True})

    clock.seconds += LOOK_AGAIN_SECONDS + 1
    post(carrier)

    assert slip.id in rows(box)
    assert refused(hub) == []


# What it forgets


def remade(towns: Towns, box: Mailbox) -> None:
    """The database is lost, and somebody makes it anew under its old name."""
    box.server.call("delete_database", db=box.database)
    towns.prepare("hub", "hub", "town", "gym")


def test_a_mailbox_that_was_lost_gets_everything_again(towns, box, hub, gym):
    slips = [write(hub, f"court {number}").id for number in range(3)]
    carrier = towns.carrier(hub)
    post(carrier)
    remade(towns, box)

    carrier.failed("it does not answer")
    post(carrier)

    assert [each for each in slips if each not in rows(box)] == []
    assert len(follow(towns.carrier(gym)).applied) == 3


def test_a_mailbox_that_was_lost_in_silence_is_noticed_at_the_next_look(towns, box, hub):
    slip = write(hub, "court a")
    clock = Clock()
    carrier = towns.carrier(hub, clock=clock)
    post(carrier)
    remade(towns, box)
    post(carrier)
    assert slip.id not in rows(box)

    clock.seconds += LOOK_AGAIN_SECONDS + 1
    post(carrier)

    assert slip.id in rows(box)


def test_a_reader_of_a_new_mailbox_begins_at_its_beginning(towns, box, hub, gym):
    for number in range(5):
        write(hub, f"court {number}")
    reader = towns.carrier(gym)
    post(towns.carrier(hub))
    follow(reader)
    remade(towns, box)
    later = write(hub, "court 9")
    post(towns.carrier(hub))

    receipt = follow(towns.carrier(gym))

    assert [line.id for line in receipt.applied] == [later.id]
    assert heads(gym) == heads(hub)


def image(box: Mailbox) -> list[dict[str, Any]]:
    """A copy of the database, as a backup would have it, with the marks of its nodes."""
    answer = box._call("post_all_docs", include_docs=True)
    return [row["doc"] for row in answer["rows"]]


def restored(towns: Towns, box: Mailbox, copy: list[dict[str, Any]], marks: dict[str, int]) -> None:
    remade(towns, box)
    put(box, *copy, new_edits=False)
    for key, turn in marks.items():
        box.set_mark(key, turn)


def test_a_mailbox_from_an_old_copy_gets_what_it_had_forgotten(towns, box, hub, gym):
    clock = Clock()
    carrier, reader = towns.carrier(hub, clock=clock), towns.carrier(gym, clock=clock)
    write(hub, "court a")
    post(carrier)
    follow(reader)
    keys = (hub.me.key, gym.me.key)
    copy, marks = image(box), {key: box.mark(key) for key in keys}
    clock.seconds += MARK_SECONDS
    lost = write(hub, "court b")
    post(carrier)
    follow(reader)

    restored(towns, box, copy, marks)
    assert lost.id not in rows(box)
    for each in (carrier, reader):
        each.failed("it does not answer")
    write(gym, "court c")
    post(reader)
    post(carrier)
    follow(carrier)
    follow(reader)

    assert lost.id in rows(box)
    assert heads(gym) == heads(hub)


def test_a_mailbox_that_remembers_us_is_not_read_again(towns, box, hub, gym):
    write(hub, "court a")
    post(towns.carrier(hub))
    follow(towns.carrier(gym))

    page = towns.carrier(gym).follow()

    assert page is None
    with sql(gym) as store:
        assert checkpoint.load(store.session, box.name).since != ""


def test_a_new_incarnation_reads_and_offers_everything(towns, box, hub, gym):
    write(gym, "court a")
    carrier = towns.carrier(gym)
    post(carrier)
    with sql(gym) as store:
        before = checkpoint.load(store.session, box.name)
        store.session.execute(text("UPDATE sync_checkpoint SET marked = 999"))

    carrier.failed("it does not answer")
    carrier.post()

    with sql(gym) as store:
        after = checkpoint.load(store.session, box.name)
    assert (before.posted, after.posted) == (1, 1)
    assert after.marked < 999


# Our own side


def test_a_busy_database_of_our_own_is_no_loss(towns, box, hub):
    slip = write(hub, "court a")
    post(towns.carrier(hub))
    slow = towns.desk("gym", sql=f"{towns.sqlite('gym')}?timeout=0")
    engine = create_engine(towns.sqlite("gym"), poolclass=NullPool)
    reader = towns.carrier(slow)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked"):
            reader.follow()

    assert [line.id for line in follow(reader).applied] == [slip.id]
    engine.dispose()


def test_the_scope_of_a_carrier_is_the_database_it_belongs_to():
    assert couch.database_of(SCOPE) == "ev-13201-2026"
    assert couch.database_of("public") == "public"


@pytest.mark.parametrize("step", ["post", "follow"])
def test_beginning_anew_is_not_undone_by_what_was_under_way(step, towns, box, hub):
    write(hub, "court a")
    post(towns.carrier(hub))
    carrier = towns.carrier(hub)
    follow(carrier)
    second = write(hub, "court b")
    if step == "follow":
        box.post([wire(second)])

    def begin_anew(answer, **_):
        if answer.request.path_url.split("?")[0].endswith(("_bulk_docs", "_changes")):
            with sql(hub) as store:
                checkpoint.start_over(store.session, box.name)

    hooks = carrier.mailbox.server._client.get_http_client().hooks["response"]
    hooks.append(begin_anew)
    if step == "post":
        with sql(hub) as store:
            store.number_arrivals(limit=10)
        carrier.post()
    else:
        assert carrier.follow() is not None

    with sql(hub) as store:
        found = checkpoint.load(store.session, box.name)
    assert (found.posted if step == "post" else found.since) in (0, "")
