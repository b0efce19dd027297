# A heap of moments; readiness is worked out anew at each of them.
cat > farm/simulate.py <<'PYTHON'
"""How jobs run on machines."""

import heapq

from farm.errors import PlanError


def _checked(jobs, machines):
    known = {}
    for at, job in enumerate(jobs):
        full = {
            "needs": [], "priority": 0, "slots": 1, "arrives": 0, "only": list(machines), "fails": 0, "retries": 0,
            **job, "at": at, "runs": 0, "state": "waiting",
        }
        if job["name"] in known:
            raise PlanError(f"two jobs {job['name']}")
        known[job["name"]] = full
    for job in known.values():
        if any(need not in known for need in job["needs"]) or any(name not in machines for name in job["only"]):
            raise PlanError(f"{job['name']} names what isn't there")
        if not any(machines[name] >= job["slots"] for name in job["only"]):
            raise PlanError(f"{job['name']} fits nowhere")
    left = dict(known)
    while left:
        free = [name for name, job in left.items() if not any(need in left for need in job["needs"])]
        if not free:
            raise PlanError("a circle")
        for name in free:
            del left[name]
    return known


def simulate(jobs, machines):
    """Return the runs, states and the end."""
    known = _checked(jobs, machines)
    free = dict(machines)
    moments = [job["arrives"] for job in known.values()]
    heapq.heapify(moments)
    running, runs = [], []
    while moments:
        now = heapq.heappop(moments)
        while True:
            ended = [run for run in running if run[3] == now]
            for run in ended:
                running.remove(run)
                job = known[run[0]]
                free[run[1]] += job["slots"]
                if run[4]:
                    job["state"] = "done"
                else:
                    job["state"] = "waiting" if job["runs"] <= job["retries"] else "failed"
            _skip(known)
            started = _start(known, free, now)
            running += started
            runs += started
            for run in started:
                if run[3] > now:
                    heapq.heappush(moments, run[3])
            if not any(run[3] == now for run in started):
                break
    states = {name: job["state"] for name, job in known.items()}
    return {"runs": runs, "states": states, "ends": max((run[3] for run in runs), default=0)}


def _skip(known):
    changed = True
    while changed:
        changed = False
        for job in known.values():
            if job["state"] == "waiting" and any(known[need]["state"] in ("failed", "skipped") for need in job["needs"]):
                job["state"] = "skipped"
                changed = True


def _start(known, free, now):
    ready = [
        job
        for job in known.values()
        if job["state"] == "waiting" and job["arrives"] <= now and all(known[need]["state"] == "done" for need in job["needs"])
    ]
    ready.sort(key=lambda job: (-job["priority"], job["arrives"], job["at"]))
    started, held = [], None
    for job in ready:
        if held is not None and job["priority"] < held:
            break
        fitting = [name for name in set(job["only"]) if free[name] >= job["slots"]]
        if not fitting:
            held = job["priority"] if held is None else held
            continue
        machine = min(fitting, key=lambda name: (free[name], name))
        free[machine] -= job["slots"]
        job["runs"] += 1
        job["state"] = "running"
        started.append([job["name"], machine, now, now + job["takes"], job["runs"] > job["fails"]])
    return started
PYTHON
