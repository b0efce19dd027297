"""Requests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """What a client asks for."""

    method: str
    path: str
