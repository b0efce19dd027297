"""JSON as the module `json` reads and writes it, without its import of `re`: by what CPython has built it on."""

from __future__ import annotations

import _json

from claudebox_rl.sandbox._guest.lean import Any, cast


class _Plain:
    """What a scanner asks for."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int

    @staticmethod
    def parse_constant(name: str) -> float:
        """Refuse NaN and the infinities, which no peer sends."""
        raise ValueError(name)


def _refuse(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is not JSON")


_scan = _json.make_scanner(cast("Any", _Plain))
_pieces = _json.make_encoder({}, _refuse, _json.encode_basestring_ascii, None, ":", ",", False, False, True)


def loads(text: bytes) -> Any:
    """Return the value that a text has.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deep.
    """
    whole = text.decode("utf-8", "surrogatepass")
    try:
        value, end = _scan(whole, 0)
    except StopIteration:
        raise ValueError("no JSON") from None
    if end != len(whole):
        raise ValueError("more than JSON")
    return value


def dumps(value: object) -> bytes:
    """Return a value as one line of ASCII.

    Raises:
        TypeError: JSON has no such value.
    """
    return "".join(_pieces(value, 0)).encode()
