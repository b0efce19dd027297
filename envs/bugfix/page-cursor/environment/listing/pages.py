"""Pages."""

from listing.cursor import decode, encode
from listing.order import place


def page(items, sort, size, cursor=None):
    """Return one page of a list; see the README."""
    field = sort.removeprefix("-")

    def key(item):
        return place(sort, item.get(field), item["id"])

    ordered = sorted(items, key=key)
    if cursor is not None:
        value, number = decode(cursor, sort)
        ordered = [item for item in ordered if place(sort, item.get(field), 0) > place(sort, value, 0)]
    shown = ordered[:size]
    last = shown[-1] if len(shown) == size else None
    return {
        "ids": [item["id"] for item in shown],
        "next": encode(sort, last.get(field), last["id"]) if last else None,
    }
