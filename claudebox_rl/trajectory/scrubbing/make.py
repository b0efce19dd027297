"""From a setting to a scrubber."""

from __future__ import annotations

from collections.abc import Mapping

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory.scrubbing import detectors
from claudebox_rl.trajectory.scrubbing.scrubber import LEVELS, Scrubber


def make_scrubber(level: str, keys: Mapping[str, str]) -> Scrubber | None:
    """Return what takes secrets out of rows; None for `off`.

    Args:
        level: `keys`, `detect` or `off`.
        keys: Values that are known, each with its kind.

    Raises:
        ConfigError: The level is unknown, or its detectors are not installed.
    """
    if level not in LEVELS:
        raise ConfigError(f"scrub must be one of {', '.join(LEVELS)}, not {level!r}", field="scrub")
    if level == "off":
        return None
    return Scrubber(keys, detectors.load() if level == "detect" else ())
