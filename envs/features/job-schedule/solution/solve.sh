#!/bin/bash
set -euo pipefail
cat > farm/simulate.py <<'PYTHON'
"""The simulation."""

from farm.errors import PlanError

DEFAULTS = {"needs": (), "priority": 0, "slots": 1, "arrives": 0, "only": None, "fails": 0, "retries": 0}


def _checked(jobs, machines):
    jobs = [{**DEFAULTS, **job, "place": place, "tries": 0} for place, job in enumerate(jobs)]
    known = {job["name"]: job for job in jobs}
    if len(known) < len(jobs):
        raise PlanError("two jobs have one name")
    for job in jobs:
        only = list(machines) if job["only"] is None else job["only"]
        if not set(job["needs"]) <= set(known) or not set(only) <= set(machines):
            raise PlanError(f"{job['name']} names what isn't there")
        job["only"] = sorted(set(only))
        if all(machines[name] < job["slots"] for name in only):
            raise PlanError(f"{job['name']} fits no machine")
    resolved, size = set(), -1
    while size < len(resolved):
        size = len(resolved)
        resolved |= {job["name"] for job in jobs if set(job["needs"]) <= resolved}
    if size < len(jobs):
        raise PlanError("jobs need each other")
    return jobs


class _Farm:
    def __init__(self, jobs, machines):
        self.jobs, self.free = jobs, dict(machines)
        self.order = sorted(jobs, key=lambda job: (-job["priority"], job["arrives"], job["place"]))
        self.states = {job["name"]: None for job in jobs}
        self.running, self.runs = [], []
        self.now = 0

    def end_runs(self):
        """End the runs that are over; return whether there were any."""
        over = [run for run in self.running if run[1][3] == self.now]
        for job, run in over:
            self.running.remove((job, run))
            self.free[run[1]] += job["slots"]
            if run[4]:
                self.states[job["name"]] = "done"
            else:
                self.states[job["name"]] = None if job["tries"] <= job["retries"] else "failed"
        self._skip()
        return bool(over)

    def _skip(self):
        changed = True
        while changed:
            changed = False
            for job in self.jobs:
                if self.states[job["name"]] is None and any(self.states[need] in ("failed", "skipped") for need in job["needs"]):
                    self.states[job["name"]] = "skipped"
                    changed = True

    def start_runs(self):
        """Start what can be started."""
        held_below = None
        for job in self.order:
            ready = self.states[job["name"]] is None and job["arrives"] <= self.now
            if not ready or any(self.states[need] != "done" for need in job["needs"]):
                continue
            if held_below is not None and job["priority"] < held_below:
                break
            fitting = [name for name in job["only"] if self.free[name] >= job["slots"]]
            if not fitting:
                held_below = job["priority"]
                continue
            machine = min(fitting, key=lambda name: (self.free[name], name))
            self.free[machine] -= job["slots"]
            job["tries"] += 1
            self.states[job["name"]] = "running"
            run = [job["name"], machine, self.now, self.now + job["takes"], job["tries"] > job["fails"]]
            self.runs.append(run)
            self.running.append((job, run))

    def next_moment(self):
        """Return when something can happen next, or None."""
        moments = [run[3] for _, run in self.running]
        moments += [job["arrives"] for job in self.jobs if self.states[job["name"]] is None and job["arrives"] > self.now]
        return min(moments, default=None)


def simulate(jobs, machines):
    """Simulate how jobs run on machines."""
    farm = _Farm(_checked(jobs, machines), machines)
    while farm.now is not None:
        farm.end_runs()
        farm.start_runs()
        farm.now = farm.next_moment()
    return {"runs": farm.runs, "states": farm.states, "ends": max((run[3] for run in farm.runs), default=0)}
PYTHON
