"""Secrets are replaced wherever they stand, whatever else is there stays byte for byte."""

from __future__ import annotations

import json
import random
import re
import sys
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory.rows import call_row, dump
from claudebox_rl.trajectory.scrubbing import detectors
from claudebox_rl.trajectory.scrubbing.make import make_scrubber
from claudebox_rl.trajectory.scrubbing.scrubber import Scrubber
from claudebox_rl.types import ModelCall

KEY = 'pa"ss\\wörd-1234'
KEYS = {KEY: "api-key", "gateway-secret-0123456789": "gateway", "short": "env:X"}
_RANDOM = random.Random(7)


def drawn(alphabet: str, length: int) -> str:
    return "".join(_RANDOM.choices(alphabet, k=length))


WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BASE64 = WORD + "+/"
FOUND = {
    "github": f"ghp_{drawn(WORD, 36)}",
    "anthropic": f"sk-ant-api03-{drawn(WORD, 90)}",
    "aws": f"AKIA{drawn('ABCDEFGHIJKLMNOP234567', 16)}",
    "aws-secret": drawn(BASE64, 40),
    "azure": f"AccountKey={drawn(BASE64, 86)}==",
    "slack": "xoxb-" + "123456789012-1234567890123-" + drawn("abcdefgh0123", 24),
    "stripe": "sk_live_" + drawn(WORD, 24),
    "google": "AIza" + drawn(WORD, 35),
    "jwt": f"eyJ{drawn(WORD, 30)}.eyJ{drawn(WORD, 60)}",
    "npm": f"npm_{drawn(WORD, 36)}",
}


def pem() -> str:
    lines = "\n".join(drawn(BASE64, 64) for _ in range(5))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\nabcd==\n-----END RSA PRIVATE KEY-----"


def strings(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@given(parts=st.lists(st.text() | st.sampled_from(list(KEYS)), max_size=8))
def test_exactly_the_keys_are_replaced(parts: list[str]) -> None:
    """Texts that together make a key are one too, so what is left is told by the same replacement."""
    scrubber = Scrubber({"gateway-secret-0123456789": "gateway"})
    text = "".join(parts)
    assert scrubber.text(text) == text.replace("gateway-secret-0123456789", "[secret:gateway]")
    assert scrubber.num_scrubbed == text.count("gateway-secret-0123456789")


LEAVES = st.text() | st.floats(allow_nan=False) | st.none()


@given(value=st.recursive(LEAVES, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=12))
@pytest.mark.parametrize("level", ["keys", "detect"])
def test_a_row_without_secrets_is_the_same_row(level: str, value: Any) -> None:
    scrubber = make_scrubber(level, KEYS)
    assert scrubber is not None
    row = {"observation": dump(value), "nested": [{"output": dump(value)}], "n": [1, 2], "none": None}
    assert scrubber.row(row) is row
    assert scrubber.num_scrubbed == 0


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_key_is_found_in_json_within_json(depth: int) -> None:
    scrubber = Scrubber(KEYS)
    text = f"before {KEY} after"
    wanted = "before [secret:api-key] after"
    for _ in range(depth):
        text, wanted = json.dumps({"x": text}), json.dumps({"x": wanted})
    assert scrubber.text(text) == wanted
    assert scrubber.num_scrubbed == 1


def test_a_key_within_a_key_and_one_too_short() -> None:
    scrubber = Scrubber({"12345678": "a", "0123456789": "b", "short": "c"})
    assert scrubber.text("0123456789 12345678 short") == "[secret:b] [secret:a] short"


def test_ids_are_kept() -> None:
    scrubber = Scrubber({"episode-1-secret": "x"})
    row = {"episode_id": "episode-1-secret", "action": "episode-1-secret"}
    assert scrubber.row(row) == {"episode_id": "episode-1-secret", "action": "[secret:x]"}


@pytest.mark.parametrize("where", ["request", "response"])
def test_a_call_whose_text_held_a_secret_loses_its_tokens(where: str) -> None:
    scrubber = Scrubber(KEYS)
    tokens: dict[str, Any] = {"prompt_token_ids": (1, 2), "completion_token_ids": (3,), "logprobs": (-0.5,)}
    texts: dict[str, Any] = {"request": {"a": "b"}, "response": {"a": "b"}}
    clean = ModelCall("c", "e", **texts, status=200, **tokens)
    dirty = ModelCall("c", "e", **(texts | {where: {"a": f"it is {KEY}"}}), status=200, **tokens)
    assert scrubber.row(call_row(clean, 0))["prompt_token_ids"] == [1, 2]
    assert scrubber.num_calls_without_tokens == 0
    row = scrubber.row(call_row(dirty, 0))
    assert [row[name] for name in tokens] == [None, None, None]
    assert json.loads(row[where]) == {"a": "it is [secret:api-key]"}
    assert scrubber.num_calls_without_tokens == 1


def test_contents_that_hold_a_secret_are_told() -> None:
    detect = make_scrubber("detect", KEYS)
    assert detect is not None
    assert Scrubber(KEYS).holds(b"\0\xff" + KEY.encode())
    assert not Scrubber(KEYS).holds(b"\0\xff" + FOUND["github"].encode())
    assert detect.holds(b"\0\xff" + FOUND["github"].encode())
    assert not detect.holds(bytes(range(256)) * 10)


@pytest.mark.parametrize("kind", FOUND)
def test_what_looks_like_a_secret_is_replaced_and_json_stays_json(kind: str) -> None:
    scrubber = make_scrubber("detect", {})
    assert scrubber is not None
    name = "AWS_SECRET_ACCESS_KEY"
    text = f'export {name}="{FOUND[kind]}"\n{name}={FOUND[kind]}\n'
    clean = scrubber.text(text)
    assert FOUND[kind] not in clean
    assert re.fullmatch(rf'export {name}="(AccountKey=)?\[secret:\w+\]"\n{name}=(AccountKey=)?\[secret:\w+\]\n', clean)
    nested = json.dumps({"a": [text], "b": json.dumps({"c": text})})
    inner = json.loads(scrubber.text(nested))
    assert inner["a"] == [clean]
    assert json.loads(inner["b"]) == {"c": clean}


def test_a_private_key_goes_line_by_line() -> None:
    scrubber = make_scrubber("detect", {})
    assert scrubber is not None
    text = f"a\n{pem()}\nb"
    clean = scrubber.text(text)
    assert clean.count("\n") == text.count("\n"), "a diff counts its lines"
    assert clean.count("[secret:private-key]") == 5
    assert json.loads(scrubber.text(json.dumps(text))) == clean
    assert scrubber.num_scrubbed == 2


def code() -> str:
    """Lines of code as repositories have them, full of what is random and no secret."""
    lines: list[str] = []
    for i in range(200):
        sha, digest = drawn("0123456789abcdef", 40), drawn("0123456789abcdef", 64)
        lines += [
            f"commit {sha}",
            f"index {sha[:7]}..{sha[7:14]} 100644",
            f'aws_sdk = {{"key": "{sha}", "token": "{digest}"}}  # pinned',
            f'  "integrity": "sha512-{drawn(BASE64, 86)}==",',
            f"uuid = '{uuid.UUID(int=_RANDOM.getrandbits(128))}'",
            f"    --hash=sha256:{digest} \\\\",
            f'PNG = "iVBORw0KGgo{drawn(BASE64, 200)}"',
            f"assert token_{i} != password[{i}] and APFloatSemantics == self.api_key",
            f'SECRET_KEY = os.environ["SECRET_KEY"]; url = "postgres://user:password@localhost:{i}/db"',
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{drawn(BASE64, 43)} me@host",
        ]  # fmt: skip
    return "\n".join(lines)


def test_hashes_uuids_and_code_are_not_altered() -> None:
    scrubber = make_scrubber("detect", KEYS)
    assert scrubber is not None
    text = code()
    assert scrubber.text(text) == text
    assert scrubber.text(strings({"output": text})) == strings({"output": text})


def test_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_scrubber("off", KEYS) is None
    with pytest.raises(ConfigError, match="keys, detect, off"):
        make_scrubber("all", KEYS)
    detectors.load.cache_clear()
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins.jwt", None)
    with pytest.raises(ConfigError, match=r"claudebox_rl\[scrub\]"):
        make_scrubber("detect", KEYS)
    detectors.load.cache_clear()
