"""Compares reports on made-up timesheets with a model that counts minutes."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, call, expect, judge, run, scratch
from model import report, sheet, weeks

SHEETS = [sheet(random.Random(3 * 1000 + seed), min(3, 1 + seed % 3)) for seed in range(120)]


def reports() -> None:
    for text, answer in zip(SHEETS, call("timesheet", "report", [[text] for text in SHEETS])):
        wanted = report(text, 3)
        expect(answer.get("value") == wanted, f"report({text[:300]!r}): wanted {wanted!r}, got {answer.get('value', answer)!r}"[:1800])


def prints() -> None:
    with scratch() as place:
        for number, text in enumerate(SHEETS[:6]):
            (place / f"sheet {number}").write_text(text)
            ended = run(["python3", str(WORKDIR / "timesheet.py"), str(place / f"sheet {number}")])
            expect(ended.exit_code == 0 and ended.stdout == report(text, 3) + "\n", f"timesheet.py on {text[:300]!r}: {ended}")


def by_weeks() -> None:
    for text, answer in zip(SHEETS, call("timesheet", "weeks", [[text] for text in SHEETS])):
        expect(answer.get("value") == weeks(text), f"weeks({text[:300]!r}): wanted {weeks(text)}, got {answer.get('value', answer)!r}"[:1800])


judge({"reports": reports, "prints": prints, "by_weeks": by_weeks})
