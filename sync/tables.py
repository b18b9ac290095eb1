"""The ledger's own tables. They share the caller's session and transaction, not its MetaData.

`sync_line` is the truth; every other table can be worked out again from it. The database refuses
first: a line is unique on (chain, number), a resource is occupied once on (sheet, claim), a slip or
a form is settled once on (sheet, key).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

HASH = String(43)
# A region's sheets are named scope/facility/date; keys and claims are the application's own words.
NAME = String(255)

# arrival   the order in which lines became fit to be shown; NULL while the witness has not them.
line = Table(
    "sync_line",
    metadata,
    Column("chain", NAME, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("hash", HASH, nullable=False),
    Column("author", String(22), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
    Column("arrival", BigInteger, unique=True),
)

# Where a chain stands (sync.sheet.Position), and up to where its lines are witnessed.
chain = Table(
    "sync_chain",
    metadata,
    Column("chain", NAME, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", HASH, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("holder", String(22), nullable=False, index=True),
    Column("witness", NAME, nullable=False),
    Column("is_closed", Boolean(name="is_closed"), nullable=False),
    Column("is_understood", Boolean(name="is_understood"), nullable=False),
    Column("forked_at", Integer, nullable=False),
    Column("pads", Text, nullable=False),
    Column("witnessed", Integer, nullable=False),
    Column("witnessed_hash", HASH, nullable=False),
)

claim = Table(
    "sync_claim",
    metadata,
    Column("sheet", NAME, primary_key=True),
    Column("claim", NAME, primary_key=True),
    Column("owner", NAME, nullable=False),
    Index("ix_sync_claim_owner", "sheet", "owner"),
)

settled = Table(
    "sync_settled",
    metadata,
    Column("sheet", NAME, primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("number", Integer, nullable=False),
)

slip = Table(
    "sync_slip",
    metadata,
    Column("hash", HASH, primary_key=True),
    Column("sheet", NAME, nullable=False, index=True),
    Column("chain", NAME, nullable=False),
    Column("number", Integer, nullable=False),
    Column("asks", Boolean(name="asks"), nullable=False),
)

aside = Table(
    "sync_aside",
    metadata,
    Column("id", Text, primary_key=True),
    Column("chain", NAME, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("hash", HASH, nullable=False),
    Column("why", NAME, nullable=False, index=True),
    Column("raw", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
)

# Certificates that came by a carrier; the application adds them to its Directory when it starts.
member = Table(
    "sync_member",
    metadata,
    Column("key", String(22), primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
)

# How far a carrier is with a mailbox. It changes in the transaction that applies what came.
# since    the mailbox's own word for what has been read
# posted   the arrival up to which our lines have been put there
# turn     counts the changes of this row; `marked` is the last one that was noted in the mailbox
checkpoint = Table(
    "sync_checkpoint",
    metadata,
    Column("mailbox", NAME, primary_key=True),
    Column("since", Text, nullable=False),
    Column("posted", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("marked", BigInteger, nullable=False),
)

# What a mailbox holds and nobody may take for a document, and what it would not take from us.
refused = Table(
    "sync_refused",
    metadata,
    Column("mailbox", NAME, primary_key=True),
    Column("id", NAME, primary_key=True),
    Column("is_ours", Boolean(name="is_ours"), nullable=False),
    Column("why", Text, nullable=False),
)
