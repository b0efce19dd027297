"""Write plain Parquet files: flat, uncompressed, in several row groups and pages."""

import random
import struct

BOOLEAN, INT32, INT64, FLOAT, DOUBLE, BYTES = 0, 1, 2, 4, 5, 6
"""Physical types, as parquet.thrift numbers them."""
_FORMATS = {INT32: "<i", INT64: "<q", FLOAT: "<f", DOUBLE: "<d"}
_UTF8, _TIMESTAMP = 0, 9


def varint(value: int) -> bytes:
    """Write a number, 7 bits a byte."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(value: int) -> tuple:
    return 5, varint(value << 1 if value >= 0 else (-value << 1) - 1)


def wide(value: int) -> tuple:
    return 6, number(value)[1]


def text(value: str | bytes) -> tuple:
    data = value.encode() if isinstance(value, str) else value
    return 8, varint(len(data)) + data


def flag(value: bool) -> tuple:
    return (1 if value else 2), b""


def several(kind: int, values: list) -> tuple:
    head = bytes([len(values) << 4 | kind]) if len(values) < 15 else bytes([0xF0 | kind]) + varint(len(values))
    return 9, head + b"".join(data for _, data in values)


def record(fields: dict) -> tuple:
    """Write a struct in Thrift's compact protocol, of values by the ids of its fields."""
    out, last = b"", 0
    for field, (kind, data) in sorted(fields.items()):
        near = field - last < 16
        out += bytes([(field - last) << 4 | kind]) if near else bytes([kind]) + number(field)[1]
        out, last = out + data, field
    return 12, out + b"\0"


def levels(there: list, dice: random.Random) -> bytes:
    """Write definition levels as runs of both kinds."""
    out, at = b"", 0
    while at < len(there):
        same = 1
        while at + same < len(there) and there[at + same] == there[at]:
            same += 1
        left = len(there) - at
        if same >= dice.choice([4, 8, 20]) or left < 8 and dice.random() < 0.5:
            out += varint(same << 1) + bytes([there[at]])
            at += same
        else:
            groups = min(dice.randrange(1, 4), (left + 7) // 8)
            for_now = there[at : at + 8 * groups]
            out += varint(groups << 1 | 1) + bits(for_now + [0] * (8 * groups - len(for_now)))
            at += 8 * groups
    return struct.pack("<I", len(out)) + out


def bits(values: list) -> bytes:
    """Pack truth values, from the lowest bit on."""
    padded = [*values, *[0] * (-len(values) % 8)]
    return bytes(sum(bool(value) << bit for bit, value in enumerate(padded[i : i + 8])) for i in range(0, len(padded), 8))


def plain(kind: int, values: list) -> bytes:
    if kind == BOOLEAN:
        return bits(values)
    if kind == BYTES:
        return b"".join(struct.pack("<I", len(data)) + data for data in (value.encode() for value in values))
    return b"".join(struct.pack(_FORMATS[kind], value) for value in values)


def page(kind: int, optional: bool, values: list, dice: random.Random) -> bytes:
    there = [value is not None for value in values]
    body = (levels(there, dice) if optional else b"") + plain(kind, [value for value in values if value is not None])
    head = {1: number(len(values)), 2: number(0), 3: number(3), 4: number(3)}
    if dice.random() < 0.5:
        head[5] = record({3: wide(there.count(False))})
    return record({1: number(0), 2: number(len(body)), 3: number(len(body)), 5: record(head)})[1] + body


def parquet(columns: dict, groups: list, dice: random.Random) -> bytes:
    """Return a file.

    Args:
        columns: Physical type and whether it is optional, by name; in this order.
        groups: For each row group its rows, dicts; None is a null.
        dice: Says where pages and runs begin, and what is told besides.
    """
    out, told = b"PAR1", []
    for rows in groups:
        chunks = {}
        for name in dice.sample(list(columns), len(columns)):
            kind, optional = columns[name]
            values, start, at = [row[name] for row in rows], len(out), 0
            while at < len(values):
                size = dice.choice([1, 3, 17, 60])
                out += page(kind, optional, values[at : at + size], dice)
                at += size
            size = len(out) - start
            meta = {
                1: number(kind), 2: several(5, [number(0), number(3)]), 3: several(8, [text(name)]), 4: number(0),
                5: wide(len(values)), 6: wide(size), 7: wide(size), 9: wide(start),
            }
            if dice.random() < 0.5:
                meta[8] = several(12, [record({1: text("written"), 2: text("by a shop")})])
                meta[12] = record({3: wide(values.count(None))})
            chunks[name] = record({2: wide(start), 3: record(meta)}), size
        told.append(record({1: several(12, [chunks[name][0] for name in columns]), 2: wide(sum(size for _, size in chunks.values())), 3: wide(len(rows))}))
    schema = [record({4: text("schema"), 5: number(len(columns))})]
    for name, (kind, optional) in columns.items():
        element = {1: number(kind), 3: number(int(optional)), 4: text(name)}
        if kind == BYTES:
            element |= {6: number(_UTF8), 10: record({1: record({})})}
        elif name == "at":
            element |= {6: number(_TIMESTAMP), 10: record({8: record({1: flag(True), 2: record({1: record({})})})})}
        schema.append(record(element))
    rows = sum(map(len, groups))
    meta = {1: number(1), 2: several(12, schema), 3: wide(rows), 4: several(12, told), 6: text("a shop")}
    if dice.random() < 0.7:
        meta[5] = several(12, [record({1: text("shop"), 2: text("PAR1")}), record({1: text("alone")})])
    footer = record(meta)[1]
    return out + footer + struct.pack("<I", len(footer)) + b"PAR1"
