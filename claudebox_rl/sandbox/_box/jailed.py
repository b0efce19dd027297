"""The process whose end is a box's end."""

from __future__ import annotations

from pathlib import Path


def machine_process(pid: int) -> int:
    """Return process 1 of the namespace that BoxLite's jail makes for a box; where there is none, `pid`.

    BoxLite names the process outside, whose end a detached box survives (0.10.8); the end of that one inside ends all.

    Args:
        pid: As BoxLite gives it.
    """
    found = {place.name: _status(place) for place in Path("/proc").glob("[0-9]*")}
    below = [str(pid)]
    for each in below:
        numbers = found.get(each, {}).get("NSpid", [])
        if len(numbers) > 1 and numbers[-1] == "1":
            return int(each)
        below += [child for child, status in found.items() if status.get("PPid") == [each]]
    return pid


def _status(place: Path) -> dict[str, list[str]]:
    """Return the lines of a process's `status`, proc(5); empty for one that has ended."""
    try:
        lines = (place / "status").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
