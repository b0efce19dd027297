"""Search in the catalogue of a shop."""

import sqlite3

COLUMNS = ("name", "price", "stock")


def search(rows: list, text: str, sort: str = "name", direction: str = "asc", limit: int = 10) -> list:
    """Return products whose name contains the text, as lists of name, price and stock.

    Args:
        rows: The catalogue: lists of name, price (in cents), stock, and whether it is hidden (0 or 1).
        text: Part of a name, with any characters. Upper and lower case of ASCII letters are the same.
        sort: Column of the result to sort by, rows that are equal in it by name; one of `COLUMNS`.
        direction: `asc` or `desc`, of that column.
        limit: Most products of a result; at least 0.

    Raises:
        ValueError: `sort`, `direction` or `limit` is none of these.
    """
    database = sqlite3.connect(":memory:")
    database.execute("create table products (name text, price integer, stock integer, hidden integer)")
    for name, price, stock, hidden in rows:
        database.execute(f"insert into products values ('{name}', {price}, {stock}, {hidden})")
    query = f"select name, price, stock from products where hidden = 0 and name like '%{text}%'"
    query += f" order by {sort} {direction}, name limit {limit}"
    return [list(row) for row in database.execute(query)]
