"""Bring a database to version 2: python3 migrate.py DATABASE."""

import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
database.executescript("""
    drop table customers;
    create table customers (id integer primary key, email text not null unique, name text not null);
    pragma user_version = 2;
""")
