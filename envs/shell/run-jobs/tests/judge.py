"""Runs runjobs.sh on made-up jobs, and looks at logs, order, time and lock."""

import fcntl
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from judging import WORKDIR, expect, judge, looking_at, run, scratch
from trees import expect_end, expect_tree, file, folder, grown, link, plant, script

RUN = "#!/bin/sh\n"


def text_of(folder: Path, name: str) -> str:
    """Return what a log holds."""
    with looking_at(name):
        return (folder / name).read_text(errors="replace")


def job(body: str, mode: int = 0o755) -> tuple:
    """A job that first notes that it ran."""
    return file(RUN + 'echo "${0##*/}" >> ../order\n' + body, mode)


def check(case: str, place: Path, ended, jobs: dict) -> None:
    """Compare order, summary and logs; jobs are names with exit codes and what they print."""
    failed = any(code for code, _ in jobs.values())
    expect(ended.exit_code == int(failed), f"{case}: wanted exit code {int(failed)}, got {ended}")
    expect(not ended.stdout and not ended.stderr, f"{case}: printed {ended}")
    names = sorted(jobs)
    order = text_of(place, "order") if names else ""
    expect(order.split("\n")[:-1] == names, f"{case}: wanted {names} to run, got {order!r}")
    summary = "".join(f"{name} {jobs[name][0]}\n" for name in names)
    expect(text_of(place / "the logs", "summary") == summary, f"{case}: wanted {summary!r} in summary")
    for name in names:
        found = text_of(place / "the logs", f"{name}.log")
        expect(found == jobs[name][1], f"{case}: wanted {jobs[name][1]!r} in {name}.log, got {found!r}")


def runs() -> None:
    here = 'printf "%s %s\\n" "$(basename "$(pwd)")" $#; cat\n'
    tree = {
        "b-2": job(here), "B_1": job("echo one; echo two >&2; echo three; exit 7\n"), "10": job("kill -9 $$\n"), "9": job(""),
        "a.sh": job(""), "not": job("", 0o644), "x~": job(""), "two words": job(""), "é": job(""), "sub": folder(), "to": link("9"),
        "-z": job("echo hi; exit 300\n"),
    }
    wanted = {"b-2": (0, "a jobs 0\n"), "B_1": (7, "one\ntwo\nthree\n"), "10": (137, ""), "9": (0, ""), "-z": (44, "hi\n")}
    with scratch() as place:
        plant(place / "a jobs", tree)
        plant(place / "the logs", {"summary": file("old\n"), "9.log": file("old\n"), "other.log": file("kept")})
        arguments = ("a jobs", "the logs", 5)
        check("jobs", place, script("runjobs.sh", *arguments, cwd=place, stdin="not for jobs\n"), wanted)
        expect(text_of(place / "the logs", "other.log") == "kept", "a file of LOGS that is no job's was changed")
        expect_tree("JOBS afterwards", grown(place / "a jobs"), tree)
    with scratch() as place:
        plant(place / "a jobs", {"1": job(""), "2": job("")})
        check("good jobs", place, script("runjobs.sh", place / "a jobs", place / "the logs", 5, cwd=place), {"1": (0, ""), "2": (0, "")})
    with scratch() as place:
        plant(place / "a jobs", {})
        check("no jobs", place, script("runjobs.sh", "a jobs", "the logs", 5, cwd=place), {})


def limits() -> None:
    slow = "echo begun\n(sleep 2; echo late >> ../late) &\nsleep 20\n"
    deaf = "trap '' TERM\necho deaf\nwhile :; do sleep 0.2; done\n"
    left = "setsid sleep 15 >/dev/null &\nsleep 15 &\necho away\n"
    with scratch() as place:
        plant(place / "a jobs", {"deaf": job(deaf), "aslow": job(slow), "zleft": job(left)})
        ended = script("runjobs.sh", "a jobs", "the logs", 1, cwd=place, timeout_s=9)
        deaf_code = text_of(place / "the logs", "summary").split("\n")[1:2]
        expect(deaf_code == ["deaf 124"], f"a job that ignores TERM: wanted 'deaf 124' in summary, got {deaf_code!r}")
        check("slow jobs", place, ended, {"deaf": (124, "deaf\n"), "aslow": (124, "begun\n"), "zleft": (0, "away\n")})
        expect(not (place / "late").exists(), "what a job started goes on after the job's time was over")


def locks() -> None:
    with scratch() as place:
        tree = {"a jobs/1": job(""), "the logs/summary": file("old\n"), "the logs/lock": file(), "the logs": folder(), "a jobs": folder()}
        plant(place, tree)
        with (place / "the logs/lock").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            ended = script("runjobs.sh", "a jobs", "the logs", 5, cwd=place)
        expect_end("while somebody holds the lock", ended, 75)
        expect_tree("while somebody holds the lock", grown(place), tree)
    with scratch() as place:
        tries = "flock -n '../the logs/lock' true && echo free || echo held\nsleep 15 &\n"
        plant(place / "a jobs", {"1": job(tries), "2": job("flock -n '../the logs/lock' true && echo free || echo held\n")})
        check("the lock", place, script("runjobs.sh", "a jobs", "the logs", 5, cwd=place), {"1": (0, "held\n"), "2": (0, "held\n")})
        # The first run's background process would be ended with it; so both runs are of one process group.
        plant(place, {"twice.sh": file('bash "$1" "a jobs" "the logs" 5; bash "$1" "a jobs" "the logs" 5; echo $?\n')})
        (place / "order").unlink()
        twice = run(["bash", "twice.sh", str(WORKDIR / "runjobs.sh")], cwd=place)
        expect(twice.stdout == "0\n", f"a second run after one that left a process behind: {twice}")
    with scratch() as place:
        expect_end("missing jobs", script("runjobs.sh", "nothing", "logs", 5, cwd=place), 2)


judge({"runs": runs, "limits": limits, "locks": locks})
