from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl.trajectory.json_text import quoted, tokens

# One expression that looks at each character, which `tokens` does not.
PLAIN_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?|[{}\[\]]|[^\s{}\[\]"]+', re.DOTALL)
TEXTS = st.lists(st.sampled_from(['"', "\\", "\n", "\x00", "\x1f", "\x7f", "é日😀", "\u2028", ":", "{", "a" * 70])).map(
    "".join
) | st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
FORMS: list[dict[str, Any]] = [
    {"ensure_ascii": False},
    {"separators": (",", ":")},
    {"separators": (" , ", " \t: "), "indent": "\n "},
]


@given(VALUES, st.sampled_from(FORMS))
def test_tokens_are_those_of_an_expression_that_reads_each_character(value: Any, form: dict[str, Any]) -> None:
    text = json.dumps(value, **form)
    expected = [(match[0], match.end()) for match in PLAIN_TOKEN.finditer(text)]
    assert list(tokens(text)) == expected
    for index, (_, end) in enumerate(expected):
        assert list(tokens(text, end)) == expected[index + 1 :]
    assert json.loads("".join(token for token, _ in tokens(text))) == value
    assert all(end + len(token) <= after for (_, end), (token, after) in pairwise([("", 0), *expected]))


@pytest.mark.parametrize("text", ['"', '{"a": "b', '["\\"', '"' + "x" * 100, '"\\\\\\"'])
def test_a_string_without_an_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not found"):
        list(tokens(text))


@given(TEXTS)
def test_a_string_is_written_as_json_does(text: str) -> None:
    assert quoted(text) == json.dumps(text, ensure_ascii=False)


def test_all_characters_below_the_last_surrogate() -> None:
    text = "".join(map(chr, range(0xD800)))
    assert quoted(text) == json.dumps(text, ensure_ascii=False)
    with pytest.raises(UnicodeEncodeError):
        quoted("\ud800")
