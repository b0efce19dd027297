# Starts jobs one after the other, in the order of the list, on the first machine.
cat > farm/simulate.py <<'PYTHON'
from farm.errors import PlanError


def simulate(jobs, machines):
    names = [job["name"] for job in jobs]
    if len(set(names)) < len(names) or any(need not in names for job in jobs for need in job.get("needs", [])):
        raise PlanError("wrong names")
    now, runs, states = 0, [], {}
    for job in jobs:
        for _ in range(1 + min(job.get("fails", 0), job.get("retries", 0))):
            runs.append([job["name"], min(machines), now, now + job["takes"], True])
            now += job["takes"]
        states[job["name"]] = "done"
    return {"runs": runs, "states": states, "ends": now}
PYTHON
