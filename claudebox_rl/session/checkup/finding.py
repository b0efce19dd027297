"""What one look at a machine came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]
"""`warn`: episodes are played, but slower, less isolated or not for long; `fail`: none is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; it travels between processes and is printed as JSON."""

    name: str
    status: Status
    seen: str
    """What was found, without keys."""
    fix: str = ""
    """What to do; empty where nothing is to be done."""
