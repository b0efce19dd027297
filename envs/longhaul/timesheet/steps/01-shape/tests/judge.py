"""Compares reports on made-up timesheets with a model that counts minutes."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import WORKDIR, call, expect, judge, run, scratch
from model import report, sheet

SHEETS = [sheet(random.Random(1 * 1000 + seed), min(1, 1 + seed % 1)) for seed in range(120)]


def reports() -> None:
    for text, answer in zip(SHEETS, call("timesheet", "report", [[text] for text in SHEETS])):
        wanted = report(text, 1)
        expect(answer.get("value") == wanted, f"report({text[:300]!r}): wanted {wanted!r}, got {answer.get('value', answer)!r}"[:1800])


def prints() -> None:
    with scratch() as place:
        for number, text in enumerate(SHEETS[:6]):
            (place / f"sheet {number}").write_text(text)
            ended = run(["python3", str(WORKDIR / "timesheet.py"), str(place / f"sheet {number}")])
            expect(ended.exit_code == 0 and ended.stdout == report(text, 1) + "\n", f"timesheet.py on {text[:300]!r}: {ended}")


judge({"reports": reports, "prints": prints})
