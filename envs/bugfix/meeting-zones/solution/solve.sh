#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit(
    "meetings/changes.py",
    "    return day + timedelta(days=7 - day.weekday() + 7 * (nth - 1))",
    "    return day + timedelta(days=6 - day.weekday() + 7 * (nth - 1))",
)
edit(
    "meetings/convert.py",
    '''    distance = known[0][1]
    for moment, after in known:
        if moment <= local:
            distance = after
    return local - distance''',
    '''    before = known[0][1]
    for moment, after in known[1:]:
        # The earlier distance counts as long as its clock has not passed the change.
        if local - before < moment or local - after < moment:
            return local - before
        before = after
    return local - before''',
)
edit(
    "meetings/series.py",
    '''        last = found[-1]
        if series["every"] == "month":
            days = calendar.monthrange(last.year, last.month)[1]
            found.append(last + timedelta(days=days))''',
    '''        if series["every"] == "month":
            month = first.month - 1 + len(found)
            year, month = first.year + month // 12, month % 12 + 1
            day = min(first.day, calendar.monthrange(year, month)[1])
            found.append(first.replace(year=year, month=month, day=day))''',
)
edit(
    "meetings/series.py",
    '''    found = locals_of(series)
    start = to_utc(series["zone"], found[0])
    return [start + (local - found[0]) for local in found]''',
    '    return [to_utc(series["zone"], local) for local in locals_of(series)]',
)
edit(
    "meetings/conflicts.py",
    "from meetings.series import as_text, locals_of",
    "from meetings.series import as_text, times",
)
edit(
    "meetings/conflicts.py",
    '''    for start in locals_of(one):
        for other in locals_of(two):
            if start <= other + long_two and other <= start + long_one:
                yield max(start, other)''',
    '''    for start in times(one):
        for other in times(two):
            if start < other + long_two and other < start + long_one:
                yield max(start, other)''',
)
PYTHON
python3 -m unittest --quiet
