"""Showing what was simulated."""


def lines(result):
    """Return a line for each run of a simulation."""
    return [f"{start:>6} {end:>6} {machine}: {job}{'' if ok else ' failed'}" for job, machine, start, end, ok in result["runs"]]
