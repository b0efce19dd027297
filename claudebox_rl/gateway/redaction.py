"""Secrets taken out of what is recorded or sent on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

REDACTED = "[redacted]"


class Redactor:
    """Replaces each of a few known values wherever it stands in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first, so that a secret which holds another one goes as a whole.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def data(self, data: bytes) -> bytes:
        """Return `data` without secrets."""
        for secret in self._secrets:
            data = data.replace(secret.encode(), REDACTED.encode())
        return data

    def value(self, value: Any) -> Any:
        """Return a JSON value without secrets in its texts and names; the old one is not changed."""
        text = json.dumps(value)
        clean = text
        for secret in self._secrets:
            clean = clean.replace(json.dumps(secret)[1:-1], REDACTED)
        return value if clean == text else json.loads(clean)
