"""Replaces secrets in the texts of rows by `[secret:<kind>]`, counts them, and alters nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from claudebox_rl.trajectory.rows import Row

LEVELS = ("keys", "detect", "off")
SHORTEST_KEY = 8
"""Characters; what is shorter stands in too many texts to be taken out of them."""
_KEPT = frozenset(
    {
        "episode_id", "run_id", "group_id", "parent_episode_id", "call_id", "parent_call_id", "copy_of", "task_id",
        "tool_use_id", "parent_tool_use_id", "agent_path", "outcome", "relation", "kind", "sha256",
    }
)  # fmt: skip
"""Fields by which rows are joined and told apart."""
_TOKENS = ("prompt_token_ids", "completion_token_ids", "logprobs")
_PLAIN = re.compile(r"[\w+/=.:~-]+", re.ASCII)
_HASH = re.compile(r"(?:[0-9a-f]{32,128}|[0-9A-F]{32,128}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})")
"""A hash or UUID, which code is full of."""
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S]){40,20000}-----END ")
_PEM_LINE = re.compile(r"(?<![\\A-Za-z0-9+/=])[A-Za-z0-9+/=]{16,}|(?<=\\n)[A-Za-z0-9+/=]{16,}")

Detector = tuple[str, re.Pattern[str]]
"""Kind of secret, and what it looks like. Of a match with groups the longest group is the secret."""


class Scrubber:
    """Takes secrets out of rows.

    Args:
        keys: Values that are known, each with its kind.
        detectors: Looks of secrets that are not known; see `detectors.load`.

    Attributes:
        num_scrubbed: Replaced until now.
        num_calls_without_tokens: Model calls until now whose token ids and log-probabilities were dropped, since a
            text of theirs held a secret.
    """

    def __init__(self, keys: Mapping[str, str], detectors: Sequence[Detector] = ()) -> None:
        known = ((key, f"[secret:{_slug(kind)}]") for key, kind in keys.items() if len(key) >= SHORTEST_KEY)
        marks = {form: mark for key, mark in known for form in _forms(key)}
        # The longest first, so that a key which holds another one goes as a whole.
        self._marks = sorted(marks.items(), key=lambda each: len(each[0]), reverse=True)
        self._bytes = [form.encode("utf-8", "replace") for form in marks]
        self._detectors = [(f"[secret:{_slug(kind)}]", pattern) for kind, pattern in detectors]
        self.num_scrubbed = 0
        self.num_calls_without_tokens = 0

    def row(self, row: Row) -> Row:
        """Return a row without secrets; the same object where it holds none."""
        before = self.num_scrubbed
        clean = self._value(row)
        if self.num_scrubbed == before:
            return row
        if any(clean.get(name) is not None for name in _TOKENS):
            self.num_calls_without_tokens += 1
            clean |= dict.fromkeys(_TOKENS)
        return clean

    def text(self, text: str) -> str:
        """Return a text without secrets, whether it is plain, JSON, or JSON within JSON."""
        for form, mark in self._marks:
            if form in text:
                self.num_scrubbed += text.count(form)
                text = text.replace(form, mark)
        for mark, pattern in self._detectors:
            text = pattern.sub(lambda found, mark=mark: self._found(found, mark), text)
        if self._detectors and "PRIVATE KEY" in text:
            text = _PEM.sub(self._key_block, text)
        return text

    def holds(self, data: bytes) -> bool:
        """Whether a content, which can't be altered, has a secret in it."""
        if any(form in data for form in self._bytes):
            return True
        text = data.decode("latin-1") if self._detectors else ""
        return any(self._is_secret(found) for _, pattern in self._detectors for found in pattern.finditer(text))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            items = cast("dict[str, Any]", value).items()
            return {key: item if key in _KEPT else self._value(item) for key, item in items}
        if isinstance(value, list):
            each = cast("list[Any]", value)
            return each if each and isinstance(each[0], int | float) else [self._value(item) for item in each]
        return value

    def _found(self, found: re.Match[str], mark: str) -> str:
        if not self._is_secret(found):
            return found[0]
        self.num_scrubbed += 1
        group = _group(found)
        start, stop = found.start(group) - found.start(), found.end(group) - found.start()
        return found[0][:start] + mark + found[0][stop:]

    def _is_secret(self, found: re.Match[str]) -> bool:
        """Whether it is no mere hash, and JSON around it stays JSON: no quote or escape is in it or cut by it."""
        group = _group(found)
        before = found.string[max(0, found.start(group) - 8) : found.start(group)]
        is_cut = (len(before) - len(before.rstrip("\\"))) % 2 == 1
        return not is_cut and _PLAIN.fullmatch(found[group]) is not None and not _HASH.fullmatch(found[group])

    def _key_block(self, found: re.Match[str]) -> str:
        """Take a private key out line by line, since a diff counts its lines."""
        self.num_scrubbed += 1
        return _PEM_LINE.sub("[secret:private-key]", found[0])


def _group(found: re.Match[str]) -> int:
    groups = found.re.groups
    longest = max(range(1, groups + 1), key=lambda i: len(found[i] or ""), default=0)
    return longest if longest and len(found[longest] or "") >= SHORTEST_KEY else 0


def _forms(key: str) -> set[str]:
    """Return how a key is written in a text, in JSON, and in JSON within JSON."""
    forms = {key}
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=is_ascii)[1:-1] for form in set(forms) for is_ascii in (True, False)}
    return forms


def _slug(kind: str) -> str:
    return re.sub(r"[^a-z0-9_:]+", "-", kind.lower()).strip("-") or "key"
