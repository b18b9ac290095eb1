"""`tonari demo`: fill, serve, and print where to look. At most twelve lines."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from reservations import clock, server
from reservations.actions.accounts import LinkRequest, SignInRequest, issue_link, sign_in
from reservations.actions.step import Context
from reservations.config import Settings
from reservations.db import Database
from reservations.demo import people, seeding
from reservations.demo.regions import REGIONS, Region
from reservations.models import schema
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
    token: str


def run(settings: Settings, wanted: Wanted) -> None:
    """Fill what is missing, serve, print the links once it answers; ends with Ctrl-C.

    raises   seeding.OtherContents, OSError (no free port)
    """
    region = REGIONS[wanted.region]
    port = server.free_port(HOST, wanted.port)
    counter_port = server.free_port(HOST, port + 1)
    seeded = fill(settings, region, wanted)
    database = Database(settings.url, threads=1)
    with database.session() as session:
        links = _links(session, settings, port, counter_port)
    database.dispose()
    if wanted.is_json:
        announce = partial(_print_json, settings, region, port, links, seeded)
    else:
        announce = partial(_print_lines, settings, region, wanted, port, links, seeded)
    counter = server.FORK.Process(
        target=server.serve,
        args=(settings,),
        kwargs={
            "host": HOST, "port": counter_port, "audience": "counter", "workers": 1,
            "has_jobs": False,
        },
        name="tonari-counter",
    )  # fmt: skip
    server.serve(settings, host=HOST, port=port, on_ready=announce, others=(counter,))


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
        return seeding.seed(
            database,
            region=region.name,
            today=today,
            seed=wanted.seed,
            horizon_days=settings.horizon_days,
        )
    finally:
        database.dispose()


def _links(session: Session, settings: Settings, port: int, counter_port: int) -> Links:
    """A login link for the resident and one for staff, and the resident's token for the API."""
    now = clock.now()
    context = partial(Context, now=now, node=settings.node_name, node_no=settings.node_no)
    secrets = {}
    for account_id in (people.RESIDENT, people.STAFF):
        secrets[account_id] = new_token()
        request = LinkRequest(account_id, token_hash(secrets[account_id]))
        issue_link(session, request, context(account_id))
    token = new_token()
    expires_at = now + timedelta(days=TOKEN_DAYS)
    request_token = SignInRequest(
        people.RESIDENT, token_hash(token), expires_at, kind="api", way="link"
    )
    sign_in(session, request_token, context(people.RESIDENT))
    return Links(
        server.base_url(HOST, port) + LOGIN_PATH + secrets[people.RESIDENT],
        server.base_url(HOST, counter_port) + LOGIN_PATH + secrets[people.STAFF],
        token,
    )


def _print_json(
    settings: Settings, region: Region, port: int, links: Links, seeded: seeding.Seeded
) -> None:
    line = {
        "hub": server.base_url(HOST, port),
        "resident": links.resident,
        "counter": links.counter,
        "token": links.token,
        "region": region.name,
        "towns": seeded.towns,
        "facilities": seeded.facilities,
        "units": seeded.units,
        "bookings": seeded.bookings,
        "data": str(settings.data_dir.absolute()),
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _print_lines(
    settings: Settings,
    region: Region,
    wanted: Wanted,
    port: int,
    links: Links,
    seeded: seeding.Seeded,
) -> None:
    story = region.story
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
        f"データ: {_short(settings.data_dir)}  作り直す: --fresh  終わる: Ctrl-C",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _short(path: Path) -> str:
    full = path.absolute()
    here = Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)
