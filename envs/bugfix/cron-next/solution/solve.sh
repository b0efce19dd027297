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
    "cron/fields.py",
    "        high = highest if star else int(last or first)",
    "        high = highest if star or (step and not last) else int(last or first)",
)
edit(
    "cron/expression.py",
    "        by_date, by_week = day.day in self.days, day.weekday() + 1 in self.weekdays",
    "        by_date, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays",
)
edit(
    "cron/expression.py",
    '''    both = True
    return Expression(sorted(minutes), sorted(hours), days, months, weekdays, both)''',
    '''    both = fields[2].startswith("*") or fields[4].startswith("*")
    return Expression(sorted(minutes), sorted(hours), days, months, {day % 7 for day in weekdays}, both)''',
)
edit(
    "cron/schedule.py",
    '''    while day <= last:
        yield day
        if day.day == 30 and day.month != 12:
            day = day.replace(month=day.month + 1, day=1)
        else:
            day += timedelta(days=1)''',
    '''    while day <= last:
        yield day
        day += timedelta(days=1)''',
)
edit("cron/schedule.py", "                if time >= start:", "                if time > start:")
PYTHON
python3 -m unittest --quiet
