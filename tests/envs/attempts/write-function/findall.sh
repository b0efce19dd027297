# expect: 0.6667
# Reads and formats right, but takes anything that holds a part for a duration.
cat > durations.py <<'PYTHON'
import re

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def parse_duration(text):
    parts = re.findall(r"(\d+)([wdhms])", text)
    if not parts:
        raise ValueError(text)
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def format_duration(seconds):
    if seconds < 0:
        raise ValueError(seconds)
    parts = []
    for unit, size in UNITS.items():
        if seconds >= size:
            parts.append(f"{seconds // size}{unit}")
            seconds %= size
    return " ".join(parts) or "0s"
PYTHON
