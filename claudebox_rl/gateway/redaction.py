"""Secrets taken out of what is recorded or sent on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

REDACTED = "[redacted]"


class Redactor:
    """Replaces each of a few known values wherever it stands in a text.

    Args:
        secrets: Values without a name.
        named: Name -> value: `***NAME***` takes the value's place.
    """

    def __init__(self, secrets: Iterable[str], named: Mapping[str, str] | None = None) -> None:
        marks = {secret: REDACTED for secret in secrets if secret}
        marks |= {secret: f"***{name}***" for name, secret in (named or {}).items() if secret}
        # The longest first, so that a secret which holds another one goes as a whole.
        self._marks = sorted(marks.items(), key=lambda each: len(each[0]), reverse=True)

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret, mark in self._marks:
            text = text.replace(secret, mark)
        return text

    def data(self, data: bytes) -> bytes:
        """Return `data` without secrets."""
        for secret, mark in self._marks:
            data = data.replace(secret.encode(), mark.encode())
        return data

    def json_data(self, data: bytes) -> bytes:
        """Return lines of JSON, or any other text, without secrets as such a text writes them."""
        for secret, mark in self._marks:
            for form in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
                data = data.replace(form.encode(), mark.encode())
        return data

    def value(self, value: Any) -> Any:
        """Return a JSON value without secrets in its texts and names; the old one is not changed."""
        text = json.dumps(value)
        clean = text
        for secret, mark in self._marks:
            clean = clean.replace(json.dumps(secret)[1:-1], json.dumps(mark)[1:-1])
        return value if clean == text else json.loads(clean)
