"""Each shipped task, proved on a real sandbox: solution 1.0, nothing 0.0, plausible attempts below 1.0."""

from __future__ import annotations

import csv
import json
import pickle
import re
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sandbox_play import play

from claudebox_rl.sandbox import Sandbox
from claudebox_rl.tasks import Task, check_playable, find_tasks

TASKS = find_tasks("quickstart")
BY_NAME = {task.path.name: task for task in TASKS}
ATTEMPTS = sorted(Path(__file__).with_name("attempts").glob("*/*.sh"))


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
async def test_the_solution_gets_everything(sandbox: Sandbox, task: Task):
    result = await play(sandbox, task, 'exec bash "$SOLUTION/solve.sh"')
    assert result.reward == 1.0, result.output
    assert set(result.rewards.values()) == {1.0}


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
async def test_doing_nothing_gets_nothing(sandbox: Sandbox, task: Task):
    result = await play(sandbox, task)
    assert result.reward == 0.0, result.output
    assert "wrong: " in result.output


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_an_attempt_is_not_enough(sandbox: Sandbox, attempt: Path):
    script = attempt.read_text()
    result = await play(sandbox, BY_NAME[attempt.parent.name], script)
    expected = re.search(r"^# expect: (\S+)$", script, re.MULTILINE)
    assert result.reward == pytest.approx(float(expected[1]) if expected else 0.0, abs=1e-4), result.output


async def test_judged_code_finds_no_answers(sandbox: Sandbox):
    spy = 'import os, pathlib\nroot = os.getcwd().removesuffix("/workspace")\n'
    spy += "raise SystemExit(f\"sees {[p.name for p in pathlib.Path(root + '/tests').iterdir()]}\")\n"
    result = await play(sandbox, BY_NAME["fix-bug"], f"cat > freetime.py <<'PYTHON'\n{spy}PYTHON")
    assert "sees []" in result.output
    assert result.reward == 0.0


def test_every_task_has_an_attempt():
    assert {attempt.parent.name for attempt in ATTEMPTS} == set(BY_NAME)


@pytest.mark.parametrize("task", TASKS, ids=BY_NAME)
def test_the_task_runs_without_an_image_and_without_a_network(task: Task):
    check_playable(task, "local", images=False, networks=frozenset({"none"}))
    check_playable(task, "boxlite", images=True, networks=frozenset({"none", "full"}))
    assert task.task_id == f"quickstart/{task.path.name}"
    assert task.name == f"claudebox/{task.path.name}"
    assert task.network == "none"
    assert task.keywords
    assert task.metadata["difficulty"] in ("easy", "medium", "hard")
    assert pickle.loads(pickle.dumps(task)) == task


def test_the_agent_is_given_no_part_of_the_answer():
    for task in TASKS:
        assert task.environment_files is not None
        given = {path.name for path in task.environment_files.rglob("*")}
        assert not given & {"judge.py", "judging.py", "solve.sh", "answers.json", "rates.json", "rotate.sh"}


def test_the_answers_about_the_orders_are_right():
    folder = BY_NAME["data-question"].path / "environment"
    judge = (BY_NAME["data-question"].tests_dir / "judge.py").read_text()
    stated = json.loads(re.sub(r",\s*\}", "}", judge[judge.index("{") : judge.index("}") + 1]))
    assert stated == _answers(folder)


def _answers(folder: Path) -> dict[str, object]:
    """Compute the answers in exact fractions, from the last line of the file upwards."""
    lines = {name: (folder / f"{name}.csv").read_text().splitlines() for name in ("orders", "customers", "rates")}
    tables = {name: list(csv.reader(rows))[1:] for name, rows in lines.items()}
    rates = {currency: Fraction(euros) for currency, euros in tables["rates"]}
    seen: set[str] = set()
    spent: dict[str, Fraction] = {}
    amounts: list[Fraction] = []
    for order, placed, customer, status, amount, currency in reversed(tables["orders"]):
        if order not in seen and status == "paid" and _utc(placed).startswith("2024-03-"):
            amounts.append(Fraction(amount.replace(",", "")) * rates[currency])
            spent[customer] = spent.get(customer, Fraction(0)) + amounts[-1]
        seen.add(order)
    amounts.sort()
    middle = (amounts[(len(amounts) - 1) // 2] + amounts[len(amounts) // 2]) / 2
    best = max(spent, key=lambda customer: spent[customer])
    return {
        "paid_orders": len(amounts),
        "revenue_eur": round(float(sum(amounts)), 2),
        "best_customer": {row[0]: row[1] for row in tables["customers"]}[best],
        "median_order_eur": round(float(middle), 2),
    }


def _utc(placed: str) -> str:
    match = re.fullmatch(r"(.{16})(?:Z|([+-])(\d\d):00)", placed)
    assert match is not None
    stamp, sign, distance = match.groups()
    hours = int(distance or 0) * (-1 if sign == "-" else 1)
    return (datetime.fromisoformat(stamp) - timedelta(hours=hours)).isoformat()
