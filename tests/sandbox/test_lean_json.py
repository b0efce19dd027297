"""JSON without `json` is the same JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from claudebox_rl.sandbox._guest import lean_json
from claudebox_rl.sandbox._guest.wire import WireError, decode_message

VALUES: tuple[Any, ...] = (
    {"op": "exec", "id": 7, "argv": ["a", '\ud800\u00e9\0"\\\n'], "timeout_s": 1.5, "user": None, "last": True},
    {"deep": {"er": [[0], {"": 1}, [False, -1, 1 << 70]]}},
    [1],
    "text",
)


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_values_are_written_and_read_as_by_json(value: Any) -> None:
    text = lean_json.dumps(value)
    assert text == json.dumps(value, separators=(",", ":")).encode()
    assert lean_json.loads(text) == value
    assert lean_json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


NO_JSON = (b"", b"{", b"{} x", b"nan", b"NaN", b'{"a":-Infinity}', b"\xff", b"{1:2}", b'{"\n":1}', b"[" * 100_000)


@pytest.mark.parametrize("text", NO_JSON, ids=range(len(NO_JSON)))
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(WireError, match="without JSON"):
        decode_message(text)


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", {"a": object()}], ids=["set", "bytes", "object"])
def test_what_json_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        lean_json.dumps(value)
