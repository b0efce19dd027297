#!/bin/bash
set -euo pipefail
cat > answer.py <<'PYTHON'
"""Sum up the orders of a folder of Parquet files: python3 answer.py FOLDER OUT"""

import json
import struct
import sys
from pathlib import Path

COLUMNS = ["id", "customer", "cents", "paid", "weight", "at"]
SIZES = {1: "i", 2: "q", 4: "f", 5: "d"}


class Reader:
    """Reads Thrift's compact protocol."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def varint(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self) -> int:
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def value(self, kind: int) -> object:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.take(1)[0]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            return struct.unpack("<d", self.take(8))[0]
        if kind == 8:
            return self.take(self.varint())
        if kind in (9, 10):
            head = self.take(1)[0]
            size = self.varint() if head >> 4 == 15 else head >> 4
            return [self.element(head & 15) for _ in range(size)]
        if kind == 11:
            size = self.varint()
            kinds = self.take(1)[0] if size else 0
            return [(self.element(kinds >> 4), self.element(kinds & 15)) for _ in range(size)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"type {kind}")

    def element(self, kind: int) -> object:
        return self.take(1)[0] == 1 if kind in (1, 2) else self.value(kind)

    def struct(self) -> dict:
        fields, number = {}, 0
        while head := self.take(1)[0]:
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            fields[number] = self.value(head & 15)
        return fields


def levels(data: bytes, count: int) -> list:
    reader, found = Reader(data, 0), []
    while len(found) < count:
        head = reader.varint()
        if head & 1:
            found += [byte >> bit & 1 for byte in reader.take(head >> 1) for bit in range(8)]
        else:
            found += [reader.take(1)[0]] * (head >> 1)
    return found[:count]


def plain(data: bytes, kind: int, count: int) -> list:
    if kind == 0:
        return [bool(data[i >> 3] >> (i & 7) & 1) for i in range(count)]
    if kind == 6:
        reader = Reader(data, 0)
        return [reader.take(struct.unpack("<I", reader.take(4))[0]).decode() for _ in range(count)]
    return list(struct.unpack_from(f"<{count}{SIZES[kind]}", data))


def column(data: bytes, chunk: dict, element: dict) -> list:
    reader, found = Reader(data, chunk[9]), []
    while len(found) < chunk[5]:
        header = reader.struct()
        page = reader.take(header[3])
        if header[1] != 0:
            continue
        count = header[5][1]
        there = [1] * count
        if element[3] == 1:
            size = struct.unpack_from("<I", page)[0]
            there, page = levels(page[4 : 4 + size], count), page[4 + size :]
        values = iter(plain(page, element[1], sum(there)))
        found += [next(values) if is_there else None for is_there in there]
    return found


def rows(data: bytes):
    size = struct.unpack("<I", data[-8:-4])[0]
    meta = Reader(data, len(data) - 8 - size).struct()
    elements = {element[4].decode(): element for element in meta[2][1:]}
    for group in meta[4]:
        chunks = {chunk[3][3][0].decode(): chunk[3] for chunk in group[1]}
        yield from zip(*(column(data, chunks[name], elements[name]) for name in COLUMNS))


orders = {}
for path in Path(sys.argv[1]).glob("*.parquet"):
    for row in rows(path.read_bytes()):
        if row[0] not in orders or orders[row[0]][-1] < row[-1]:
            orders[row[0]] = row
paid = [(customer, cents) for _, customer, cents, paid, _, _ in orders.values() if paid and cents is not None]
by_customer = {}
for customer, cents in paid:
    if customer is not None:
        by_customer[customer] = by_customer.get(customer, 0) + cents
weights = [row[4] for row in orders.values() if row[4] is not None]
answer = {
    "orders": len(orders),
    "paid_cents": sum(cents for _, cents in paid),
    "by_customer": by_customer,
    "unknown": sum(row[1] is None and row[2] is None for row in orders.values()),
    "mean_weight": sum(weights) / len(weights) if weights else None,
    "last": min(orders, key=lambda number: (-orders[number][-1], number), default=None),
}
Path(sys.argv[2]).write_text(json.dumps(answer))
PYTHON
