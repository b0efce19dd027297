"""The adaptive search: it finds what is better, and goes on where a killed process stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from claudebox_rl.distributed.sweep.adaptive import Adaptive, Objective
from claudebox_rl.distributed.sweep.job import Job, digest
from claudebox_rl.distributed.sweep.space import Choice, Dimension, Numbers
from claudebox_rl.errors import ConfigError

SPACE: dict[str, Dimension] = {
    "x": Numbers(-5.0, 5.0),
    "turns": Numbers(1, 8),
    "kind": Choice(("plain", "[a,b]")),
}


def job_of(chosen: Mapping[str, str]) -> Job:
    job_id = digest(dict(chosen))
    return Job(job_id, f"run-{job_id}", swept=dict(chosen))


def value_of(job: Job) -> list[float]:
    x, turns = float(job.swept["x"]), int(job.swept["turns"])
    return [-((x - 2) ** 2) - turns + (1.0 if job.swept["kind"] == "plain" else 0.0)]


def search(folder: Path, num_trials: int, space: Mapping[str, Dimension] = SPACE, **changes: object) -> Adaptive:
    arguments = {"make_job": job_of, "measure": value_of, "objectives": [Objective("mean_return")], **changes}
    return Adaptive(journal=folder / "study.journal", name="s", space=space, num_trials=num_trials, seed=0, **arguments)


def play(adaptive: Adaptive) -> list[Job]:
    played: list[Job] = []
    while (job := adaptive.next()) is not None:
        played.append(job)
        adaptive.tell(job, finished=True)
    return played


def test_it_learns_what_is_better(tmp_path: Path) -> None:
    adaptive = search(tmp_path, 25)
    played = play(adaptive)
    assert len(played) == 25
    early, late = ([value_of(job)[0] for job in part] for part in (played[:10], played[-10:]))
    assert sum(late) > sum(early)
    (best,) = adaptive.best()
    assert value_of(next(job for job in played if job.job_id == best)) == max(map(value_of, played))
    assert all(1 <= int(job.swept["turns"]) <= 8 for job in played)


def test_a_killed_search_plays_its_open_trial_first_and_no_finished_one_again(tmp_path: Path) -> None:
    first = search(tmp_path, 6)
    done = [first.next() for _ in range(3)]
    for job in done[:2]:
        assert job is not None
        first.tell(job, finished=True)
    journal = tmp_path / "study.journal"
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')  # a kill in the middle of a record
    (tmp_path / "study.journal.lock").symlink_to(journal)
    rest = play(search(tmp_path, 6))
    assert rest[0] == done[2]
    assert len(rest) == 4
    assert not {job.job_id for job in rest} & {job.job_id for job in done[:2] if job}
    again = search(tmp_path, 6)
    assert again.next() is None
    assert len(again.jobs) == 6


def test_more_trials_go_on_with_the_study(tmp_path: Path) -> None:
    play(search(tmp_path, 3))
    assert len(play(search(tmp_path, 5))) == 2


def test_what_is_at_work_is_not_given_out_again(tmp_path: Path) -> None:
    adaptive = search(tmp_path, 4, {"kind": Choice(("only",))}, measure=lambda job: [1.0])
    job = adaptive.next()
    assert job is not None
    assert adaptive.next() is None
    adaptive.tell(job, finished=True)
    assert play(search(tmp_path, 4, {"kind": Choice(("only",))}, measure=lambda job: [1.0])) == []


def test_failed_jobs_are_made_up_for_by_others_next_time(tmp_path: Path) -> None:
    adaptive = search(tmp_path, 2)
    for _ in range(2):
        job = adaptive.next()
        assert job is not None
        adaptive.tell(job, finished=False)
    assert adaptive.next() is None
    assert adaptive.best() == ()
    assert len(play(search(tmp_path, 2))) == 2


def test_a_choice_that_is_refused_stops_no_other(tmp_path: Path) -> None:
    def picky(chosen: Mapping[str, str]) -> Job:
        if int(chosen["turns"]) > 4:
            raise ConfigError("too many turns")
        return job_of(chosen)

    played = play(search(tmp_path, 12, make_job=picky))
    assert 0 < len(played) < 12
    assert all(int(job.swept["turns"]) <= 4 for job in played)


def test_two_objectives_have_several_best(tmp_path: Path) -> None:
    def both(job: Job) -> Sequence[float]:
        return [float(job.swept["x"]), float(job.swept["x"])]

    goals = [Objective("mean_return"), Objective("cost_usd", maximize=False)]
    adaptive = search(tmp_path, 5, {"x": Numbers(0.0, 1.0)}, objectives=goals, measure=both)
    assert len(play(adaptive)) == len(adaptive.best()) == 5
