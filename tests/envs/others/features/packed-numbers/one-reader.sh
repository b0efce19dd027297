# A reader with a place in the bytes, and blocks told apart by slices of the series.
cat > sensors/packing.py <<'PYTHON'
"""Series of whole numbers as bytes."""

import re

from sensors.errors import PackError

MOST = 1_000_000


def pack(series):
    """Return the message of a series."""
    body = bytearray(b"\x53")
    body += _varint(len(series))
    plain = []
    at = 0
    while at < len(series):
        run = at + 1
        while run < len(series) and series[run] == series[at]:
            run += 1
        steps = at + 1
        while steps < len(series) and series[steps] - series[steps - 1] == series[at + 1] - series[at]:
            steps += 1
        if run - at >= 3:
            body += _plain(plain)
            plain = []
            body += _varint(4 * (run - at) + 1) + _signed(series[at])
            at = run
        elif steps - at >= 4:
            body += _plain(plain)
            plain = []
            body += _varint(4 * (steps - at) + 2) + _signed(series[at]) + _signed(series[at + 1] - series[at])
            at = steps
        else:
            plain.append(series[at])
            at += 1
    body += _plain(plain)
    body.append(sum(body) % 256)
    return body.hex()


def _plain(numbers):
    if not numbers:
        return b""
    return _varint(4 * len(numbers)) + b"".join(_signed(number) for number in numbers)


def _varint(number):
    out = []
    while number > 127:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


def _signed(number):
    return _varint(2 * number if number >= 0 else -2 * number - 1)


def unpack(text):
    """Return the series of a message."""
    if not isinstance(text, str) or not re.fullmatch("([0-9a-fA-F]{2})*", text) or "\n" in text:
        raise PackError("no hex")
    data = bytes.fromhex(text)
    if len(data) < 3 or data[0] != 0x53 or sum(data[:-1]) % 256 != data[-1]:
        raise PackError("no message")
    reader = _Reader(data[1:-1])
    count = reader.varint()
    if count > MOST:
        raise PackError("too many")
    numbers = []
    while len(numbers) < count:
        length, kind = divmod(reader.varint(), 4)
        if kind == 3 or length == 0 or length > count - len(numbers) or kind == 2 and length < 3:
            raise PackError("no block")
        if kind == 0:
            numbers += [reader.signed() for _ in range(length)]
        else:
            first = reader.signed()
            step = reader.signed() if kind == 2 else 0
            numbers += [first + index * step for index in range(length)]
    if reader.data:
        raise PackError("more than announced")
    return numbers


class _Reader:
    def __init__(self, data):
        self.data = data

    def varint(self):
        for size, byte in enumerate(self.data, 1):
            if byte < 128:
                if byte == 0 and size > 1:
                    raise PackError("a byte too many")
                value = sum((each & 127) << (7 * at) for at, each in enumerate(self.data[:size]))
                self.data = self.data[size:]
                return value
        raise PackError("cut off")

    def signed(self):
        value = self.varint()
        return value // 2 if value % 2 == 0 else -(value + 1) // 2
PYTHON
