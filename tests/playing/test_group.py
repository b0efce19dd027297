"""Groups on real machines: one start, branches, what is lost and what is left."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl import SUBMIT, load_dataset, rollout
from claudebox_rl.config import PolicyConfig
from claudebox_rl.env.base import ClaudeBoxEnv
from claudebox_rl.errors import SandboxUnavailableError
from claudebox_rl.playing import group as group_module
from claudebox_rl.playing.group import GroupPlayer
from claudebox_rl.playing.group_start import GroupStart
from claudebox_rl.playing.player import EpisodePlayer, make_seat
from claudebox_rl.sandbox import journal
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import Episode, EpisodeRequest, Outcome

TASK = "quickstart/fix-bug"
FIX = (Path(__file__).parents[2] / "envs/quickstart/fix-bug/solution/solve.sh").read_text()


def unit(size: int, seed: int = 0) -> tuple[EpisodeRequest, ...]:
    ids = (f"e{seed + index}" for index in range(size))
    return tuple(
        EpisodeRequest(TASK, episode_id, run_id="r", group_id="g", seed=seed + index)
        for index, episode_id in enumerate(ids)
    )


def scripted(*actions: str) -> PolicyConfig:
    return PolicyConfig("scripted", {"script": list(actions)})


class Room:
    """A group player, its players, and their dataset; counts the states that were prepared, which takes a while."""

    PREPARATION_S = 0.5

    def __init__(
        self,
        sandbox: str,
        dataset: Path,
        patch: pytest.MonkeyPatch,
        policy: PolicyConfig,
        *,
        branch_at: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.kwargs = {"seat": "shell", "task": TASK, "sandbox": sandbox} | kwargs
        self.dataset, self.policy = dataset, policy
        self.groups = GroupPlayer(self.kwargs, branch_at)
        self.player = self.another()
        self.num_prepared = 0
        patch.setattr(group_module, "make_seat", self._make)

    def another(self) -> EpisodePlayer:
        return EpisodePlayer(self.kwargs, self.policy, self.dataset, 1e9)

    def play(self, requests: tuple[EpisodeRequest, ...], *helpers: EpisodePlayer):
        return list(self.groups.play(requests, (self.player, *helpers)))

    def close(self) -> dict[str, EpisodeRecord]:
        """End all, and return what was stored; no machine is left."""
        self.groups.close()
        self.player.close()
        assert not list(journal.machines_dir().glob("*.json"))
        return {record.episode.episode_id: record for record in load_dataset(self.dataset)}

    def _make(self, kwargs: dict[str, Any]):
        self.num_prepared += 1
        time.sleep(self.PREPARATION_S)
        return make_seat(kwargs)


def told(episodes: list[Episode]) -> list[tuple[Any, ...]]:
    return [(one.episode_id, one.outcome, one.parent_episode_id, one.fork_step) for one in episodes]


def test_members_begin_in_one_state_and_go_their_own_ways(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = PolicyConfig("random", {"submit_probability": 0.0})
    actions: list[dict[str, list[str]]] = []
    for again in ("first", "second"):
        room = Room(local_sandbox, tmp_path / again, monkeypatch, policy, max_steps=2)
        episodes = room.play(unit(2, seed=11))
        assert room.num_prepared == 1
        assert {(one.group_id, one.parent_episode_id, one.fork_step) for one in episodes} == {("g", None, None)}
        assert [one.seed for one in episodes] == [11, 12]
        assert episodes[0].boot_s >= Room.PREPARATION_S, "the first one waited for the preparation"
        assert episodes[1].boot_s > 0
        stored = room.close()
        actions.append({name: [step.action for step in record.steps] for name, record in stored.items()})
    assert actions[0] == actions[1], "the same seeds play the same"
    assert len({tuple(played) for played in actions[0].values()}) == 2, "other seeds play otherwise"


def test_a_member_plays_as_an_episode_of_its_seed_does(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(local_sandbox, tmp_path, monkeypatch, scripted(SUBMIT))
    start = GroupStart(lambda: room.groups._prepare(unit(1)[0]))
    heir, alone = start.fork("e7", 7), make_seat(room.kwargs)
    alone.reset(seed=7, options={"episode_id": "e7"})
    seeds = [env.unwrapped._host._core._episode.seat.start.seed for env in (heir, alone)]  # pyright: ignore
    assert seeds[0] == seeds[1]
    assert heir.unwrapped.np_random.random() == alone.unwrapped.np_random.random()
    for each in (heir, alone, start):
        each.close()


def test_players_play_at_the_same_time(local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = "touch /tmp/x; sleep 0.1"
    room = Room(local_sandbox, tmp_path, monkeypatch, scripted(meet, FIX))
    episodes = room.play(unit(3), room.another())
    assert {one.outcome for one in episodes} == {Outcome.COMPLETED}
    assert sorted(one.episode_return or 0.0 for one in episodes) == [1.0] * 3
    assert room.num_prepared == 1
    ordered = sorted(episodes, key=lambda one: one.started_at)
    assert ordered[1].started_at < ordered[0].ended_at, "two are played at the same time"
    assert sorted(room.close()) == ["e0", "e1", "e2"]


@pytest.mark.parametrize("is_parallel", [False, True])
def test_the_others_branch_off_from_the_first(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_parallel: bool
) -> None:
    policy = scripted("pwd; mkdir -p deep; cd deep; echo x >> /workspace/trace; wc -l < /workspace/trace")
    room = Room(local_sandbox, tmp_path, monkeypatch, policy, branch_at=1)
    episodes = room.play(unit(3), *([room.another()] if is_parallel else []))
    assert sorted(told(episodes)) == [
        ("e0", Outcome.COMPLETED, None, None),
        ("e1", Outcome.COMPLETED, "e0", 1),
        ("e2", Outcome.COMPLETED, "e0", 1),
    ]
    assert room.num_prepared == 0
    room.close()
    dataset = load_dataset(tmp_path)
    for name in ("e1", "e2"):
        record = dataset.whole(name)
        assert [(step.episode_id, step.step_index) for step in record.steps] == [("e0", 0), (name, 1), (name, 2)]
        assert record.steps[1].observation["stdout"] == "/workspace\n1\n", "it saw what the trunk had done"
        assert record.steps[2].observation["stdout"] == "/workspace/deep\n2\n", "and goes on there, alone"


def test_a_trunk_that_ends_early_is_an_episode_and_the_next_one_is_the_trunk(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(local_sandbox, tmp_path, monkeypatch, scripted("true", SUBMIT), branch_at=3)
    assert told(room.play(unit(2))) == [(name, Outcome.COMPLETED, None, None) for name in ("e0", "e1")]
    room.close()


class OnceBroken:
    """Loses its machine at the first action of all, and submits in all others."""

    breaks = True

    def __init__(self, place: object) -> None:
        pass

    def __call__(self, observation: dict[str, Any]) -> str:
        if OnceBroken.breaks:
            OnceBroken.breaks = False
            raise SandboxUnavailableError("lost")
        return SUBMIT


def test_what_is_lost_is_refilled_from_the_same_state(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnceBroken, "breaks", True)
    prepared: list[object] = []
    monkeypatch.setattr(group_module, "make_seat", lambda kwargs: prepared.append(kwargs) or make_seat(kwargs))
    settings = {"seat": "shell", "task": TASK, "sandbox": local_sandbox, "num_workers": 0, "backoff_s": 0.0}
    played = rollout(policy=f"{__name__}:OnceBroken", group_size=2, out=tmp_path, run_id="r", **settings)
    assert told(list(played)) == [
        ("fix-bug-1-r", Outcome.COMPLETED, None, None),
        ("fix-bug-0-r-attempt2", Outcome.COMPLETED, None, None),
    ]
    assert len(prepared) == 1
    (group,) = load_dataset(tmp_path).groups()
    assert (group.group_id, group.num_valid, group.num_invalid) == ("fix-bug-group0-r", 2, 1)
    assert not list(journal.machines_dir().glob("*.json")), "nothing stands on where nobody is missing"


def test_a_start_whose_machine_died_is_prepared_anew(local_sandbox: str) -> None:
    made: list[ClaudeBoxEnv] = []

    def prepare():
        env = make_seat({"seat": "shell", "task": TASK, "sandbox": local_sandbox})
        env.reset(seed=0)
        made.append(env.unwrapped)  # pyright: ignore
        return env

    start = GroupStart(prepare)
    start.fork("e0", 0).close()
    kill_machine(made[0])
    heir = start.fork("e1", 1)
    assert len(made) == 2
    assert heir.step("cat freetime.py | head -1")[0]["stdout"].startswith('"""Free time')
    branches = GroupStart()
    branches.stand(heir)
    assert branches.is_ready
    kill_machine(branches._standing.unwrapped)  # pyright: ignore
    with pytest.raises(SandboxUnavailableError, match="branch off from died"):
        branches.fork("e2", 2)
    assert not branches.is_ready
    for each in (heir, start, branches):
        each.close()


def kill_machine(env: Any) -> None:
    box = env._host._core._episode.box
    (pid,) = [one.machine_pid for one in journal.records() if one.sandbox_id == box.sandbox.sandbox_id]
    os.kill(pid, signal.SIGKILL)


def test_a_machine_that_can_not_be_prepared_is_data(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(local_sandbox, tmp_path, monkeypatch, scripted(SUBMIT))

    class Failing(ClaudeBoxEnv):
        def reset(self, **_: Any):
            raise SandboxUnavailableError("no machine today")

    monkeypatch.setattr(group_module, "make_seat", lambda kwargs: Failing(**kwargs, actor=False))
    episodes = room.play(unit(2))
    assert [(one.outcome, one.error_message) for one in episodes] == [(Outcome.INFRA_ERROR, "no machine today")] * 2
    assert sorted(room.close()) == ["e0", "e1"]


def test_users_branch_off_with_the_conversation(
    local_sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(local_sandbox, tmp_path, monkeypatch, PolicyConfig(), branch_at=1, seat="user", model="oracle")
    episodes = room.play(unit(2))
    assert told(episodes) == [("e0", Outcome.COMPLETED, None, None), ("e1", Outcome.COMPLETED, "e0", 1)]
    assert [one.episode_return for one in episodes] == [1.0, 1.0]
    assert [step.action for step in room.close()["e1"].steps] == [SUBMIT]


def test_where_nothing_can_be_forked_each_begins_by_itself() -> None:
    class Noting(EpisodePlayer):
        def __init__(self) -> None:
            self.asked: list[tuple[str, object]] = []

        def play(self, request: EpisodeRequest, env: object = None) -> Episode:
            self.asked.append((request.episode_id, env))
            return Episode(request.episode_id, "r", TASK, Outcome.COMPLETED, 0.0)

    player = Noting()
    groups = GroupPlayer({"seat": "model", "task": TASK})
    assert len(list(groups.play(unit(2), [player]))) == 2
    assert player.asked == [("e0", None), ("e1", None)]
