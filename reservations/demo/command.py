"""`tonari demo`: fill, serve, and print where to look. At most twelve lines."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from reservations import clock, server
from reservations.actions.accounts import LinkRequest, SignInRequest, issue_link, sign_in
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.db import Database
from reservations.demo import keys, line, node, payments, people, seeding
from reservations.demo.regions import REGIONS, Region
from reservations.models import Account, schema
from reservations.web.auth import new_token, token_hash

HOST = "127.0.0.1"
LOGIN_PATH = "/enter/"
TOKEN_DAYS = 7


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    region: str
    port: int
    seed: int
    is_json: bool
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Links:
    """One-time logins, made anew at every start."""

    resident: str
    counter: str
    clerk: str
    token: str
    neighbour: str


def run(settings: Settings, wanted: Wanted) -> None:
    """Fill what is missing, serve, print the links once it answers; ends with Ctrl-C.

    raises   seeding.OtherContents, OSError (no free port)
    """
    region = REGIONS[wanted.region]
    port = server.free_port(HOST, wanted.port)
    counter_port = server.free_port(HOST, port + 1)
    node_port = server.free_port(HOST, counter_port + 1)
    payments_port = server.free_port(HOST, node_port + 1)
    seeded = fill(settings, region, wanted)
    own = node.prepare(settings, region, wanted.seed)
    # The hub alone has the line to it.
    settings = payments.prepare(settings, payments_port)
    links, facility_id = _links(settings, own, port, counter_port)
    ports = (port, node_port)
    if wanted.is_json:
        announce = partial(_print_json, settings, region, ports, links, seeded)
    else:
        announce = partial(_print_lines, settings, region, wanted, ports, links, seeded)
    hub_side = keys.Side("住民（共用サーバー）", server.base_url(HOST, port), links.token)
    gym_side = keys.Side("窓口（体育館の拠点）", server.base_url(HOST, node_port), links.neighbour)
    parent = os.getpid()
    others: list[Any] = [
        server.FORK.Process(
            target=_serve_node, args=(own, port, node_port, parent), name="tonari-gym"
        ),
        server.FORK.Process(
            target=payments.serve, args=(settings, payments_port, parent), name="tonari-payments"
        ),
        server.FORK.Process(target=line.carry, args=(settings, own, parent), name="tonari-line"),
    ]
    if not wanted.is_json:
        arguments = (settings, hub_side, gym_side, facility_id, parent)
        others.append(server.FORK.Process(target=keys.listen, args=arguments, name="tonari-keys"))
    counter = server.FORK.Process(
        target=server.serve,
        args=(settings,),
        kwargs={
            "host": HOST, "port": counter_port, "audience": "counter", "workers": 1,
            "has_jobs": False,
        },
        name="tonari-counter",
    )  # fmt: skip
    server.serve(settings, host=HOST, port=port, on_ready=announce, others=(counter, *others))


def _serve_node(own: Settings, hub_port: int, port: int, parent: int) -> None:
    """The gym's own server; it starts when the hub answers, so as not to slow it down."""
    server.end_with_parent(parent)
    if server.wait_until_it_answers(HOST, hub_port):
        server.serve(own, host=HOST, port=port, workers=1, has_jobs=False)


def fill(settings: Settings, region: Region, wanted: Wanted) -> seeding.Seeded:
    """The database as the demonstration needs it today.

    Fast and not durable: a power cut while filling means filling again.
    """
    today = clock.local_day(clock.now())
    database = Database(settings.url, threads=1, is_durable=False)
    try:
        if wanted.is_fresh and not schema.is_empty(database):
            seeding.check_is_demo(database)
            schema.drop(database)
            for folder in (settings.data_dir / "node", settings.data_dir / node.NAME):
                shutil.rmtree(folder, ignore_errors=True)
        return seeding.seed(
            database,
            region=region.name,
            today=today,
            seed=wanted.seed,
            horizon_days=settings.horizon_days,
        )
    finally:
        database.dispose()


def _links(settings: Settings, own: Settings, port: int, counter_port: int) -> tuple[Links, int]:
    """The logins of both servers, and the facility that the node serves."""
    database = Database(settings.url, threads=1)
    with database.session() as session:
        links = _hub_links(session, settings, port, counter_port)
    facility_id = node.facility_of(database)
    database.dispose()
    assert facility_id is not None, "the node was prepared"
    database = Database(own.url, threads=1)
    with database.session() as session:
        token = _token(session, own, people.NEIGHBOUR)
    database.dispose()
    return replace(links, neighbour=token), facility_id


def _token(session: Session, settings: Settings, account_id: str) -> str:
    """A bearer token for the API."""
    now = clock.now()
    token = new_token()
    expires_at = now + timedelta(days=TOKEN_DAYS)
    request = SignInRequest(account_id, token_hash(token), expires_at, kind="api", way="link")
    sign_in(session, request, Context(account_id, now, settings.node_name, settings.node_no))
    return token


def _hub_links(session: Session, settings: Settings, port: int, counter_port: int) -> Links:
    """Login links for the resident, staff and a clerk, and the resident's token for the API."""
    now = clock.now()
    context = partial(Context, now=now, node=settings.node_name, node_no=settings.node_no)
    secrets = {}
    for account_id in (people.RESIDENT, people.STAFF, people.CLERK):
        if session.get(Account, account_id) is None:
            # A demonstration from before there was a clerk.
            continue
        secrets[account_id] = new_token()
        request = LinkRequest(account_id, token_hash(secrets[account_id]))
        issue_link(session, request, context(account_id))
    return Links(
        server.base_url(HOST, port) + LOGIN_PATH + secrets[people.RESIDENT],
        server.base_url(HOST, counter_port) + LOGIN_PATH + secrets[people.STAFF],
        server.base_url(HOST, counter_port) + LOGIN_PATH + secrets[people.CLERK]
        if people.CLERK in secrets
        else "",
        _token(session, settings, people.RESIDENT),
        "",
    )


def _print_json(
    settings: Settings, region: Region, ports: tuple[int, int], links: Links, seeded: seeding.Seeded
) -> None:
    port, node_port = ports
    printed = {
        "hub": server.base_url(HOST, port),
        "node": server.base_url(HOST, node_port),
        "resident": links.resident,
        "counter": links.counter,
        "clerk": links.clerk,
        "payments": settings.payment_url,
        "token": links.token,
        "node_token": links.neighbour,
        "region": region.name,
        "towns": seeded.towns,
        "facilities": seeded.facilities,
        "units": seeded.units,
        "bookings": seeded.bookings,
        "data": str(settings.data_dir.absolute()),
    }
    sys.stdout.write(json.dumps(printed, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _print_lines(
    settings: Settings,
    region: Region,
    wanted: Wanted,
    ports: tuple[int, int],
    links: Links,
    seeded: seeding.Seeded,
) -> None:
    story = region.story
    port, node_port = ports
    how = {
        "made": "用意しました",
        "topped up": "今日に合わせました",
        "nothing": "前のデータのままです",
    }
    lines = [
        f"隣 Tonari  {region.title}: {seeded.towns}市町村 {seeded.facilities:,}施設 "
        f"{seeded.units:,}室場 予約{seeded.bookings:,}件"
        f" ({seeded.seconds:.1f}秒で{how[seeded.done]})",
        "室場・料金・予約はデモ用に作ったものです。施設は公開データによります。",
    ]
    if port != wanted.port:
        lines.append(f"{wanted.port}番は使用中のため、{port}番で動いています。")
    lines += [
        "",
        f"住民の画面(一度だけのログイン)  {links.resident}",
        f"窓口の画面(一度だけのログイン)  {links.counter}",
        f"ログインせずに見る             {server.base_url(HOST, port)}/",
        "ためしに: 土曜18時〜21時のバドミントン。"
        f"{story.full[0][1]}は満員、隣の{story.free[1]}に空き。",
        f"{story.full[0][1]}の拠点（近い日の台帳を持つ）   {server.base_url(HOST, node_port)}/",
        keys.HELP,
        f"データ: {_short(settings.data_dir)}  作り直す: --fresh  終わる: q か Ctrl-C",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _short(path: Path) -> str:
    full = path.absolute()
    here = Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)
