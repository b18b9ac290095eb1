"""Settings, read once from the environment. A wrong value stops the start with its name."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# A name of at least two words, the last of them no number: an address of numbers is none.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
# As a browser writes it: the port only where it is not 443.
_ORIGIN = re.compile(
    rf"https://((?:{_LABEL}\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?)(?::(?!443$)\d{{1,5}})?"
)


class Settings(BaseSettings):
    """Every setting is an environment variable `TONARI_` + the field's name in capitals."""

    model_config = SettingsConfigDict(env_prefix="TONARI_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path(".data"), description="where all state lies")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in data_dir")
    node_name: str = Field("hub", min_length=1, max_length=40, description="this node's name")
    node_no: int = Field(1, ge=1, le=99, description="first part of every booking number it gives")
    witness: str = Field("", max_length=200, description="name of this node's witness; empty: none")
    witnesses: dict[str, str] = Field({}, description="JSON: names of witnesses and where they lie")
    mailbox_url: str = Field("", description="this node's own CouchDB; empty: it has none")
    mailbox_user: str = Field("", description="our name there")
    mailbox_password_file: str = Field("", description="the file with the password for that name")
    mailbox_ca_file: str = Field(
        "", description="the only authority trusted there, if not the usual"
    )
    upstream_url: str = Field(
        "", description="CouchDB of the node above; empty: none, as at the hub"
    )
    upstream_user: str = Field("", description="our name there")
    upstream_password_file: str = Field("", description="the file with the password for that name")
    upstream_ca_file: str = Field(
        "", description="the only authority trusted there, if not the usual"
    )
    towns: str = Field(
        "", pattern=r"^(\d{6}(,\d{6})*)?$", description="codes of the towns carried; empty: all"
    )
    account_town: str = Field(
        "",
        pattern=r"^(\d{6})?$",
        description="code of the town that has the money taken here; empty: that of the facilities",
    )
    threads: int = Field(6, ge=1, le=64, description="threads, and connections, of a process")
    workers: int = Field(2, ge=1, le=32, description="processes that `tonari serve` starts")
    is_https: bool = Field(False, description="behind TLS: secure cookies and HSTS")
    passkey_domain: str = Field(
        "",
        max_length=253,
        description="parent domain of all desks, for passkeys (RP ID); empty: none are offered",
    )
    passkey_origins: list[str] = Field(
        [], description="JSON: exact origins where passkeys are taken: https, under that domain"
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="proxies in front that set X-Forwarded")
    request_bytes_max: int = Field(1_000_000, ge=10_000, description="larger requests are refused")
    session_hours: int = Field(24 * 14, ge=1, description="how long a resident stays signed in")
    horizon_days: int = Field(92, ge=1, le=400, description="how far ahead day masks are made")
    pack_dir: str = Field("", description="where packs are copied to: a removable drive")
    pack_facilities: list[int] = Field(
        [], description="JSON: facilities with a nightly pack, beside those that this node serves"
    )
    unused_days: int = Field(
        180, ge=7, le=3650, description="a role that nobody used for so long is shown to managers"
    )
    argon2_memory_kib: int = Field(19_456, ge=8_192, description="memory for hashing a password")
    support_phone: str = Field(
        "", description="shown as the help line; empty: the facility's or town's"
    )
    support_hours: str = Field("", description="when the help line answers, as it is shown")
    site_url: str = Field(
        "",
        pattern=r"^(https?://[^\s?#]+[^\s?#/])?$",
        description="where residents find these pages, for links in letters; empty: no links",
    )
    smtp_host: str = Field(
        "", description="mail server for letters to people; empty: none, clerks tell them"
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls from the start, or none on one's own machine"
    )
    smtp_ca_file: str = Field("", description="the only authority trusted there, if not the usual")
    smtp_user: str = Field("", description="our name there; empty: no sign-in")
    smtp_password_file: str = Field("", description="the file with the password for that name")
    smtp_from: str = Field(
        "",
        pattern=r"^([^\s@<>,;:\"]+@[^\s@<>,;:\"]+)?$",
        description="address that letters come from; needed with a mail server",
    )
    smtp_seconds: float = Field(
        10, gt=0, le=120, description="the longest wait for an answer there"
    )

    payment_provider: str = Field(
        "",
        pattern=r"^([a-z][a-z_]*)?$",
        description="module of reservations/payments that takes payments online; empty: none here",
    )
    payment_url: str = Field(
        "", pattern=r"^(https?://[^\s?#]+[^\s?#/])?$", description="where the provider is asked"
    )
    payment_key_file: str = Field("", description="the file with our key there")
    payment_secret_file: str = Field(
        "", description="the file with the secret by which the provider signs its notices"
    )
    payment_seconds: float = Field(
        5, gt=0, le=30, description="the longest wait for an answer there"
    )

    @model_validator(mode="before")
    @classmethod
    def _as_admitted(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A machine that joined by a file has its name and number from there (stick.py)."""
        path = Path(values.get("data_dir") or ".data") / "node" / "desk.json"
        try:
            made = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return values
        if "number" not in made:
            return values
        return {"node_name": made["node"], "node_no": made["number"], **values}

    @model_validator(mode="after")
    def _letters_have_a_sender(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("TONARI_SMTP_HOST needs TONARI_SMTP_FROM")
        is_here = self.smtp_host in ("localhost", "127.0.0.1", "::1")
        if self.smtp_user and self.smtp_security == "none" and not is_here:
            raise ValueError("TONARI_SMTP_SECURITY=none would show our password to the line")
        return self

    @model_validator(mode="after")
    def _payments_have_keys(self) -> Self:
        module = Path(__file__).parent / "payments" / f"{self.payment_provider}.py"
        if self.payment_provider and not module.exists():
            raise ValueError(f"TONARI_PAYMENT_PROVIDER: there is no {module.name} in payments/")
        lacking = [
            f"TONARI_{name.upper()}"
            for name in ("payment_url", "payment_key_file", "payment_secret_file")
            if self.payment_provider and not getattr(self, name)
        ]
        if lacking:
            raise ValueError(f"TONARI_PAYMENT_PROVIDER needs {', '.join(lacking)}")
        return self

    @model_validator(mode="after")
    def _passkeys_have_a_name(self) -> Self:
        """A browser gives no passkey to an address without a name, nor over plain http."""
        domain, origins = self.passkey_domain, self.passkey_origins
        if bool(domain) != bool(origins) or (domain and not self.is_https):
            raise ValueError(
                "TONARI_PASSKEY_DOMAIN, TONARI_PASSKEY_ORIGINS and TONARI_IS_HTTPS go together"
            )
        if domain and not _DOMAIN.fullmatch(domain):
            raise ValueError("TONARI_PASSKEY_DOMAIN is a name such as example.jp, in lower case")
        for each in origins:
            found = _ORIGIN.fullmatch(each)
            if found is None or not f".{found[1]}".endswith(f".{domain}"):
                raise ValueError(f"TONARI_PASSKEY_ORIGINS: {each} is not https under {domain}")
        return self

    @property
    def has_mailboxes(self) -> bool:
        """Whether there is anywhere to post."""
        return bool(self.mailbox_url or self.upstream_url)

    @property
    def can_mail_links(self) -> bool:
        """Whether a link by which somebody signs in can go out by mail."""
        return bool(self.smtp_host and self.site_url)

    @property
    def url(self) -> str:
        """The database that is really used."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'tonari.sqlite3'}"

    def secret_key(self) -> str:
        """The key that signs CSRF tokens: made once, kept in data_dir, readable by the owner."""
        path = self.data_dir / "secret-key"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written whole under a name of its own, then linked: of two processes that start at
            # once one wins, and the other never reads a half-written key.
            draft = path.with_name(f"secret-key.{os.getpid()}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_text().strip()
