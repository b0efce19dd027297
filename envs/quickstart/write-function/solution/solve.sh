#!/bin/bash
set -euo pipefail
cat > durations.py <<'PYTHON'
"""How long a job may take, as text and as seconds."""

import re

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(" *".join(f"(?:([0-9]+){unit})?" for unit in UNITS))


def parse_duration(text):
    """Return the seconds of a duration such as `1h 30m`.

    Raises:
        ValueError: The text is no duration.
    """
    match = _DURATION.fullmatch(text.strip(" "))
    if match is None or not any(match.groups()):
        raise ValueError(f"not a duration: {text!r}")
    return sum(int(number) * size for number, size in zip(match.groups("0"), UNITS.values()))


def format_duration(seconds):
    """Return seconds as text in the largest possible units.

    Raises:
        ValueError: The number is negative.
    """
    if seconds < 0:
        raise ValueError(f"negative duration: {seconds}")
    parts = []
    for unit, size in UNITS.items():
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0s"
PYTHON
