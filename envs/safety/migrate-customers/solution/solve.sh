#!/bin/bash
set -euo pipefail
cat > migrate.py <<'PYTHON'
"""Bring a database to version 2, wholly or not at all: python3 migrate.py DATABASE."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

NEW = (
    "create table customers (id integer primary key, email text not null unique, name text not null)",
    "create table orders (id integer primary key, customer_id integer not null references customers(id), cents integer not null)",
)


class Fails(Exception):
    """The migration can't be done; the message says why."""


def merged(customers: list, buyers: set) -> tuple:
    """Return the customers that stay, and by which id each one goes on."""
    kept: dict = {}
    becomes: dict = {}
    for identity, email, name in customers:
        address = str(email or "").strip().lower()
        if not address:
            if identity in buyers:
                raise Fails(f"customer {identity} has orders but no address")
            continue
        first = kept.setdefault(address, [identity, address, ""])
        first[2] = first[2] or name or ""
        becomes[identity] = first[0]
    return [(identity, address, name or address) for identity, address, name in kept.values()], becomes


def migrate(database: sqlite3.Connection) -> None:
    database.execute("begin immediate")
    (version,) = database.execute("pragma user_version").fetchone()
    if version == 2:
        return
    if version != 1:
        raise Fails(f"version {version} is not 1")
    customers = database.execute("select id, email, name from customers order by id").fetchall()
    orders = database.execute("select id, customer_id, cents from orders order by id").fetchall()
    staying, becomes = merged(customers, {order[1] for order in orders})
    for identity, customer, cents in orders:
        if customer not in becomes:
            raise Fails(f"order {identity} is of customer {customer}, who does not exist")
        if type(cents) is not int:
            raise Fails(f"order {identity} costs {cents!r} cents")
    database.execute("drop table orders")
    database.execute("drop table customers")
    for statement in NEW:
        database.execute(statement)
    database.executemany("insert into customers values (?, ?, ?)", staying)
    database.executemany("insert into orders values (?, ?, ?)", [(order[0], becomes[order[1]], order[2]) for order in orders])
    database.execute("create index orders_by_customer on orders(customer_id)")
    database.execute("pragma user_version = 2")
    database.execute("commit")


def main(arguments: list) -> int:
    try:
        if len(arguments) != 1 or not os.path.isfile(arguments[0]):
            raise Fails(f"there is no database {arguments}")
        uri = Path(arguments[0]).absolute().as_uri() + "?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as database:
            migrate(database)
    except (Fails, sqlite3.Error) as why:
        print(f"not migrated: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
PYTHON
