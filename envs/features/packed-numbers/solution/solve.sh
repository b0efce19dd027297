#!/bin/bash
set -euo pipefail
cat > sensors/packing.py <<'PYTHON'
"""The format."""

import re

from sensors.errors import PackError

LARGEST = 1_000_000
PLAIN, RUN, STEPS = range(3)


def _varint(number):
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes([*data, number])


def _signed(number):
    return _varint(2 * number if number >= 0 else -2 * number - 1)


def _run_at(series, at):
    end = at
    while end < len(series) and series[end] == series[at]:
        end += 1
    return end - at


def _steps_at(series, at):
    end = at + 2
    while end < len(series) and series[end] - series[end - 1] == series[at + 1] - series[at]:
        end += 1
    return min(end, len(series)) - at


def _blocks(series):
    at, plain = 0, []
    while at < len(series):
        run, steps = _run_at(series, at), _steps_at(series, at)
        if run < 3 and steps < 4:
            plain.append(series[at])
            at += 1
            continue
        if plain:
            yield PLAIN, len(plain), plain
            plain = []
        if run >= 3:
            yield RUN, run, [series[at]]
            at += run
        else:
            yield STEPS, steps, [series[at], series[at + 1] - series[at]]
            at += steps
    if plain:
        yield PLAIN, len(plain), plain


def pack(series):
    """Return a series of numbers as a message in hex."""
    data = b"\x53" + _varint(len(series))
    for kind, length, numbers in _blocks(series):
        data += _varint(4 * length + kind) + b"".join(map(_signed, numbers))
    return (data + bytes([sum(data) % 256])).hex()


class _Reader:
    def __init__(self, data):
        self._data, self.at = data, 0

    def varint(self):
        number = shift = 0
        while True:
            if self.at >= len(self._data):
                raise PackError("too short")
            byte = self._data[self.at]
            self.at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                if byte == 0 and shift > 7:
                    raise PackError("a number with too many bytes")
                return number

    def signed(self):
        number = self.varint()
        return -(number + 1) // 2 if number % 2 else number // 2


def unpack(text):
    """Return the numbers of a message in hex."""
    if not re.fullmatch("([0-9a-fA-F]{2}){3,}", text):
        raise PackError("no hex")
    *data, check = bytes.fromhex(text)
    if data[0] != 0x53 or sum(data) % 256 != check:
        raise PackError("another first byte, or a wrong check")
    reader = _Reader(data)
    reader.at = 1
    count = reader.varint()
    if count > LARGEST:
        raise PackError("too many numbers")
    series = []
    while reader.at < len(data):
        length, kind = divmod(reader.varint(), 4)
        if not 1 <= length <= count - len(series) or kind > STEPS or (kind == STEPS and length < 3):
            raise PackError("not a block")
        if kind == PLAIN:
            series += [reader.signed() for _ in range(length)]
        elif kind == RUN:
            series += [reader.signed()] * length
        else:
            first, step = reader.signed(), reader.signed()
            series += [first + number * step for number in range(length)]
    if len(series) < count:
        raise PackError("too few numbers")
    return series
PYTHON
