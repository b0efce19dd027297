"""Migrates made-up databases, good and bad, kills some in the middle, and compares all rows with the rules."""

import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, content, expect, judge, limits, looking_at, run, scratch

OLD = """
create table customers (id integer primary key, email text, name text);
create table orders (id integer primary key, customer_id integer, cents integer);
create table notes (id integer primary key, text text);
pragma user_version = 1;
"""


def make(path: Path, customers: list, orders: list) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(OLD)
        database.executemany("insert into customers values (?, ?, ?)", customers)
        database.executemany("insert into orders values (?, ?, ?)", orders)
        database.executemany("insert into notes values (?, ?)", [(1, "keep"), (7, None)])


def dump(path: Path) -> dict:
    with looking_at(path.name), closing(sqlite3.connect(path)) as database:
        found = {"version": database.execute("pragma user_version").fetchone()[0]}
        found["schema"] = sorted(" ".join(row[0].lower().replace('"', "").split()) for row in database.execute("select sql from sqlite_master where sql not null"))
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            found[table] = sorted(map(tuple, database.execute(f"select * from {table}")))
        found["whole"] = database.execute("pragma integrity_check").fetchone()[0]
        return found


def rules(customers: list, orders: list):
    """The rows of version 2, or the id to blame."""
    people: dict = {}
    who: dict = {}
    for identity, email, name in sorted(customers):
        address = (email or "").strip().lower()
        who[identity] = address
        people.setdefault(address, []).append((identity, name))
    rows, moved = [], []
    for identity, customer, cents in sorted(orders):
        if not who.get(customer) or type(cents) is not int:
            return None
        moved.append((identity, people[who[customer]][0][0], cents))
    for address, same in people.items():
        if address:
            rows.append((same[0][0], address, next((name for _, name in same if name), address)))
    return sorted(rows), moved


def made_up(dice: random.Random, size: int) -> tuple:
    forms = ["{}@x.example", " {}@x.example", "{}@X.example\n", "\t{}@x.EXAMPLE "]
    customers = []
    for identity in dice.sample(range(1, 10 * size), size):
        email = dice.choice(forms).format(dice.choice(["ada", "Bob", "Çelik", "o'neil", "d" + str(dice.randrange(size))]))
        customers.append((identity, dice.choice([email] * 9 + [None, "", "  "]), dice.choice(["Ada", "", None, "Robert'); --", "名"])))
    buyers = [row[0] for row in customers if (row[1] or "").strip()]
    orders = [(n * 3, dice.choice(buyers), dice.randrange(-500, 10**12)) for n in range(1, dice.randrange(2 * size))] if buyers else []
    return customers, orders


def migrate(path: Path):
    return run(["python3", str(WORKDIR / "migrate.py"), str(path)])


def only(path: Path, case: str) -> None:
    expect(os.listdir(path.parent) == [path.name], f"{case}: left beside the database: {os.listdir(path.parent)}")


NEW_SCHEMA = ["create index orders_by_customer on orders(customer_id)",
              "create table customers (id integer primary key, email text not null unique, name text not null)",
              "create table notes (id integer primary key, text text)",
              "create table orders (id integer primary key, customer_id integer not null references customers(id), cents integer not null)"]


def check_new(path: Path, customers: list, orders: list, case: str) -> None:
    found = dump(path)
    rows, moved = rules(customers, orders)
    expect(found["version"] == 2 and found["whole"] == "ok", f"{case}: version {found['version']}, {found['whole']}")
    expect(found["schema"] == NEW_SCHEMA, f"{case}: the schema is {found['schema']}")
    expect(found["customers"] == rows, f"{case}: customers: wanted {rows}, got {found['customers']}")
    expect(found["orders"] == moved, f"{case}: orders: wanted {moved}, got {found['orders']}")
    expect(found["notes"] == [(1, "keep"), (7, None)], f"{case}: notes: {found['notes']}")


def migrates() -> None:
    content("migrate.py")
    with scratch() as place:
        path = place / "shop #1?.db"
        for seed in range(12):
            dice = random.Random(seed)
            customers, orders = made_up(dice, dice.choice([0, 1, 4, 30]))
            make(path, customers, orders)
            for turn in ("once", "again"):
                ended = migrate(path)
                expect(ended.exit_code == 0 and not ended.stdout and not ended.stderr, f"database {seed}, {turn}: {ended}")
                check_new(path, customers, orders, f"database {seed}, {turn}")
            only(path, f"database {seed}")


def fails() -> None:
    content("migrate.py")
    with scratch() as place:
        path = place / "shop.db"
        customers, orders = made_up(random.Random(99), 20)
        buyer = orders[0][1]
        bad = {"9001": (customers, [*orders, (9001, 777777, 5)]), "9002": (customers, [*orders, (9002, buyer, None)]),
               "9003": (customers, [*orders, (9003, buyer, "12 or so")]), "9004": ([*customers, (9004, "  ", "Nobody")], [*orders, (9999, 9004, 1)]),
               "9005": (customers, [*orders, (9005, None, 5)]), "9006": (customers, [*orders, (9006, buyer, 1.5)])}
        for blamed, (people, bought) in bad.items():
            make(path, people, bought)
            before = dump(path)
            ended = migrate(path)
            expect(ended.exit_code == 1 and blamed in ended.stderr and not ended.stdout, f"a row that can't be migrated ({blamed}): {ended}")
            expect(dump(path) == before, f"a migration that failed ({blamed}) changed the database")
            only(path, f"a migration that failed ({blamed})")
        for version in (0, 3):
            make(path, customers, orders)
            with closing(sqlite3.connect(path)) as database, database:
                database.execute(f"pragma user_version = {version}")
            before = dump(path)
            ended = migrate(path)
            expect(ended.exit_code == 1 and dump(path) == before, f"version {version}: {ended}")
        path.write_bytes(b"no database " * 100)
        ended = migrate(path)
        expect(ended.exit_code == 1 and bool(ended.stderr) and path.read_bytes() == b"no database " * 100, f"no database: {ended}")
        path.unlink()
        ended = migrate(path)
        expect(ended.exit_code == 1 and not path.exists(), f"a missing database: {ended}")


def killed() -> None:
    content("migrate.py")
    dice = random.Random(6)
    with scratch() as place:
        path = place / "shop.db"
        customers, orders = made_up(dice, 4000)
        make(path, customers, orders)
        old = path.read_bytes()
        for turn in range(12):
            for other in place.iterdir():
                other.unlink()
            path.write_bytes(old)
            process = subprocess.Popen([sys.executable, "-s", "-B", str(WORKDIR / "migrate.py"), str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       cwd=WORKDIR, start_new_session=True, env={"PATH": os.environ["PATH"]}, preexec_fn=limits())
            time.sleep(0.03 + 0.02 * turn)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            with looking_at("a database whose migration was killed"), closing(sqlite3.connect(path)) as database:  # takes back what a journal holds
                version = database.execute("pragma user_version").fetchone()[0]
                sizes = [database.execute(f"select count(*) from {table}").fetchone()[0] for table in ("customers", "orders")]
            wanted = [len(customers), len(orders)] if version == 1 else [len(rules(customers, orders)[0]), len(orders)]
            expect(version in (1, 2) and sizes == wanted, f"killed after {0.03 + 0.02 * turn:.2f} s: version {version}, {sizes} rows of {wanted}")
        ended = migrate(path)
        expect(ended.exit_code == 0, f"after it was killed: {ended}")
        check_new(path, customers, orders, "after it was killed")


judge({"migrates": migrates, "fails": fails, "killed": killed})
