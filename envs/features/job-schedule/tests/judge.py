"""Compares with a simulation that asks all jobs anew at each step."""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Refused, agree, judge

DRIVER = '''
import json
from farm.simulate import simulate


def case(jobs, machines):
    before = json.dumps([jobs, machines])
    return [simulate(jobs, machines), json.dumps([jobs, machines]) == before]
'''


def reference(jobs: list, machines: dict) -> list:
    names = [job["name"] for job in jobs]
    by_name = dict(zip(names, jobs))
    allowed = {job["name"]: job.get("only") if job.get("only") is not None else list(machines) for job in jobs}
    if len(by_name) < len(jobs):
        raise Refused("PlanError")
    for job in jobs:
        if any(need not in by_name for need in job.get("needs", [])) or any(name not in machines for name in allowed[job["name"]]):
            raise Refused("PlanError")
        if not any(machines[name] >= job.get("slots", 1) for name in allowed[job["name"]]):
            raise Refused("PlanError")
        seen, waiting = set(), list(job.get("needs", []))
        while waiting:
            name = waiting.pop()
            if name == job["name"]:
                raise Refused("PlanError")
            if name not in seen:
                seen.add(name)
                waiting += by_name[name].get("needs", [])
    runs: list = []
    over: list = []  # places in `runs` that have ended

    def state(name: str) -> str:
        job = by_name[name]
        mine = [at for at, run in enumerate(runs) if run[0] == name]
        if any(state(need) in ("failed", "skipped") for need in job.get("needs", [])):
            return "skipped"
        if mine and mine[-1] not in over:
            return "running"
        if mine and runs[mine[-1]][4]:
            return "done"
        return "failed" if len(mine) > job.get("retries", 0) else "waiting"

    def free(machine: str) -> int:
        return machines[machine] - sum(by_name[run[0]].get("slots", 1) for at, run in enumerate(runs) if at not in over and run[1] == machine)

    now = 0
    while True:
        over += [at for at, run in enumerate(runs) if at not in over and run[3] == now]
        ready = [job for job in jobs if state(job["name"]) == "waiting" and job.get("arrives", 0) <= now and all(state(need) == "done" for need in job.get("needs", []))]
        held: list = []
        for job in sorted(ready, key=lambda job: (-job.get("priority", 0), job.get("arrives", 0), names.index(job["name"]))):
            if any(job.get("priority", 0) < priority for priority in held):
                continue
            slots = job.get("slots", 1)
            fitting = sorted((free(name) - slots, name) for name in set(allowed[job["name"]]) if free(name) >= slots)
            if not fitting:
                held.append(job.get("priority", 0))
                continue
            tries = sum(run[0] == job["name"] for run in runs)
            runs.append([job["name"], fitting[0][1], now, now + job["takes"], tries >= job.get("fails", 0)])
        moments = [run[3] for at, run in enumerate(runs) if at not in over]
        moments += [job["arrives"] for job in jobs if job.get("arrives", 0) > now and state(job["name"]) == "waiting"]
        if not moments:
            return [{"runs": runs, "states": {name: state(name) for name in names}, "ends": max((run[3] for run in runs), default=0)}, True]
        now = min(moments)


def random_case(dice: random.Random, failures: bool) -> list:
    machines = {name: dice.randrange(1, 4) for name in dice.sample(["m1", "m2", "M", "a"], dice.randrange(1, 4))}
    names = [f"j{number}" for number in range(dice.randrange(1, 9))]
    order = dice.sample(names, len(names))
    jobs = []
    for name in names:
        job: dict = {"name": name, "takes": dice.choice([0, 1, 2, 3, 5, 10**9])}
        before = order[: order.index(name)]
        fitting = [machine for machine in machines]
        options = {
            "needs": [dice.choice(before) for _ in range(dice.randrange(1, 3))] if before else [], "priority": dice.choice([0, 1, 2, -1]), "slots": dice.randrange(1, max(machines.values()) + 1),
            "arrives": dice.choice([1, 2, 5, 7, 10**9]), "only": dice.sample(fitting, dice.randrange(1, len(fitting) + 1)),
        }  # fmt: skip
        job |= {key: value for key, value in options.items() if dice.random() < 0.45}
        if job.get("slots", 1) > max(machines[machine] for machine in job.get("only", fitting)):
            job.pop("slots")
        if failures and dice.random() < 0.5:
            job |= {"fails": dice.randrange(4), "retries": dice.randrange(3)}
        jobs.append(job)
    return [jobs, machines]


def check(seed: int, failures: bool) -> None:
    dice = random.Random(seed)
    agree(DRIVER, [[[], {"m": 1}], [[], {}]] + [random_case(dice, failures) for _ in range(300)], reference)


def errors() -> None:
    one, machine = {"name": "a", "takes": 1}, {"m": 2, "n": 1}
    wrong = [[one, one], [{**one, "needs": ["b"]}], [{**one, "needs": ["a"]}], [{**one, "only": ["x"]}], [{**one, "only": []}], [{**one, "slots": 3}], [{**one, "slots": 2, "only": ["n"]}], [{**one, "needs": ["b"]}, {"name": "b", "takes": 1, "needs": ["a"]}],
             [{**one, "needs": ["b"]}, {"name": "b", "takes": 1, "needs": ["c"]}, {"name": "c", "takes": 1, "needs": ["b"]}], [one, {"name": "b", "takes": 1, "only": ["m", "x"]}], [{**one, "fails": 1}, {"name": "b", "takes": 1, "needs": ["a", "z"]}]]  # fmt: skip
    right = [[{**one, "needs": ["b"]}, {"name": "b", "takes": 1}], [{**one, "slots": 2}], [{**one, "only": ["n", "n"]}], [one, {"name": "b", "takes": 2, "needs": ["a", "a"]}]]
    agree(DRIVER, [[jobs, machine] for jobs in right + wrong] + [[[one], {}]], reference)


judge({"plans": lambda: check(1, False), "failures": lambda: check(2, True), "errors": errors}, partial=True)
