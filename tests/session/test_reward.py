"""Rewards of a session's prompts, with the real CLI."""

from __future__ import annotations

from typing import Any

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import ConfigError, RewardError
from claudebox_rl.rewards import CustomReward, EfficiencyReward, SuccessOnlyReward, combine_rewards
from claudebox_rl.session.changes import read_tree
from claudebox_rl.types import CodeResult, FileChange

TASK = "quickstart/fix-bug"


def scripted(*turns: dict[str, Any]) -> dict[str, Any]:
    return {"upstream": "scripted", "options": {"script": list(turns)}}


def bash(command: str) -> dict[str, Any]:
    return {"tools": [{"name": "Bash", "input": {"command": command}}]}


async def test_each_prompt_has_its_own_reward_and_changes(local_sandbox: str) -> None:
    seen: list[CodeResult] = []

    def count(result: CodeResult) -> float:
        seen.append(result)
        return len(result.changes.files) if result.changes else -1

    model = scripted(
        bash("printf 'a = 1\\n' > a.py; mkdir -p node_modules; echo x > node_modules/x.js; printf '\\0' > b.bin"),
        {"text": "made"},
        bash("mv a.py c.py; ln -s /etc/passwd d.py; mkfifo pipe; head -c 300000 /dev/zero > huge.py"),
        {"text": "moved"},
        {"text": "nothing to do"},
    )
    async with ClaudeBox(model=model, sandbox=local_sandbox, reward_fn=count) as box:
        rewards = [(await box.code(prompt)).reward for prompt in ("make", "move", "rest")]
    assert rewards == [1.0, 2.0, 0.0]
    assert seen[0].changes is not None
    assert seen[0].changes.files == (FileChange("a.py", None, "a = 1\n"),)
    assert seen[0].changes.skipped == ("b.bin",)
    assert seen[1].changes is not None
    assert seen[1].changes.files == (FileChange("a.py", "a = 1\n", None), FileChange("c.py", None, "a = 1\n"))


async def test_a_verdict_and_a_reward_add_up(local_sandbox: str) -> None:
    reward_fn = combine_rewards(SuccessOnlyReward(), EfficiencyReward(tokens=None, time_s=None), weights=[0.8, 0.2])
    async with ClaudeBox(TASK, model="oracle", sandbox=local_sandbox, reward_fn=reward_fn) as box:
        result = await box.code("solve it", judge=True)
    assert result.changes is None
    assert set(result.reward_terms) == {"verifier", "success", "efficiency"}
    assert result.reward_terms["verifier"] == 1.0
    assert result.reward_terms["success"] == pytest.approx(0.8)
    assert result.reward == pytest.approx(sum(result.reward_terms.values()))


async def test_a_term_without_evidence_leaves_the_others_and_no_sum(local_sandbox: str) -> None:
    nothing = CustomReward(lambda result: None, name="nothing")
    async with ClaudeBox(TASK, model="oracle", sandbox=local_sandbox, reward_fn=nothing) as box:
        result = await box.code("solve it", judge=True)
    assert (result.reward, result.reward_terms) == (None, {"verifier": 1.0})


async def test_a_dead_endpoint_gives_no_number(local_sandbox: str) -> None:
    model = scripted({"status": 403, "error": "no"}, {"text": "never reached"})
    async with ClaudeBox(model=model, sandbox=local_sandbox, reward_fn=SuccessOnlyReward()) as box:
        result = await box.code("try")
    assert (result.success, result.reward, result.reward_terms) == (False, None, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1.0", {}])
async def test_what_is_no_number_is_an_error_with_the_result(value: object) -> None:
    async with ClaudeBox(agent="nop", sandbox="fake", reward_fn=lambda result: value) as box:  # type: ignore[arg-type]
        with pytest.raises(RewardError, match="reward_fn <lambda> failed") as caught:
            await box.code("x")
    assert isinstance(caught.value.context["result"], CodeResult)


async def test_a_failing_function_is_named(local_sandbox: str) -> None:
    def broken(result: CodeResult) -> float:
        raise KeyError("oh")

    broken.needs_changes = False  # type: ignore[attr-defined]
    async with ClaudeBox(agent="nop", sandbox="fake", reward_fn=broken) as box:
        with pytest.raises(RewardError, match="reward_fn broken failed: KeyError: 'oh'"):
            await box.code("x")


def test_what_is_no_function_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match=r"SuccessOnlyReward\(\), not"):
        ClaudeBox(reward_fn=SuccessOnlyReward)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="must take a CodeResult"):
        ClaudeBox(reward_fn="success")  # type: ignore[arg-type]


async def test_a_workspace_that_is_too_large_is_not_known(local_sandbox: str, caplog) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox) as box:
        script = "for i in $(seq 140); do head -c 250000 /dev/urandom > f$i; done"
        await box.sandbox.exec(["sh", "-c", script])
        assert await read_tree(box.sandbox, "/workspace") is None
    assert "hold over" in caplog.text


async def test_odd_names_are_read(local_sandbox: str) -> None:
    async with ClaudeBox(agent="nop", sandbox=local_sandbox) as box:
        script = "printf x > '-C'; printf y > 'a\nb'; mkdir -p dist 'd e'; touch dist/f 'd e/f'"
        script += "; printf z > \"$(printf 'c\\377')\""
        await box.sandbox.exec(["sh", "-c", script])
        tree = await read_tree(box.sandbox, "/workspace")
    assert tree == {"-C": b"x", "a\nb": b"y", "c\ufffd": b"z", "d e/f": b""}
