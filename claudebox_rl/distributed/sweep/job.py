"""One job of a sweep, and what it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from claudebox_rl.playing.resume import FREE, GROWING, SHAPING

_DIGITS = 12
_SAYS_WHAT = (*SHAPING, GROWING)


@dataclass(frozen=True, slots=True)
class Job:
    """A rollout of a sweep."""

    job_id: str
    """Follows from what is played: the same settings have the same id, however they were said."""
    run_id: str
    """Of its episodes; follows from the sweep and the job."""
    overrides: tuple[str, ...] = ()
    """All that was said on the command line for it."""
    swept: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the sweep chose for it, by key."""

    def __str__(self) -> str:
        return " ".join(f"{key}={value}" for key, value in self.swept.items()) or self.job_id


def identify(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Return the id of a job: 12 hexadecimal digits that follow from how its settings differ from the defaults.

    Neither the order of overrides counts, nor those that say what holds anyway, nor those that only say where to play.

    Args:
        settings: All resolved settings, as JSON values.
        defaults: Those without any override.
    """
    return digest(dict(_differences(settings, defaults)))


def digest(value: Any) -> str:
    """Return 12 hexadecimal digits that follow from a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _differences(
    settings: Mapping[str, Any], defaults: Mapping[str, Any], above: str = ""
) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        key, default = f"{above}{name}", defaults.get(name)
        if isinstance(value, Mapping) and isinstance(default, Mapping):
            yield from _differences(cast("Mapping[str, Any]", value), cast("Mapping[str, Any]", default), f"{key}.")
        elif (name not in defaults or value != default) and _says_what(key):
            yield key, value
    yield from ((f"{above}{name}", None) for name in defaults if name not in settings)


def _says_what(key: str) -> bool:
    """Whether a setting says which episodes are played, not only where and how densely."""
    return key in _SAYS_WHAT or not any(key == free or key.startswith(f"{free}.") for free in FREE)
