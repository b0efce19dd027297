from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from claudebox_rl.errors import SandboxUnavailableError, VerifierError
from claudebox_rl.sandbox import Sandbox, SandboxSpec, sandbox_class
from claudebox_rl.tasks import Task
from claudebox_rl.verifier import verify

LOGS = '"$CLAUDEBOX_ROOT/logs/verifier"'


@pytest.fixture(params=["unsafe", "local"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("local_sandbox") if request.param == "local" else request.param


@pytest.fixture
async def sandbox(backend: str) -> AsyncIterator[Sandbox]:
    async with sandbox_class(backend)(SandboxSpec(network="full" if backend == "unsafe" else "none")) as machine:
        yield machine


def task_of(folder: Path, script: str, **changes) -> Task:
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "test.sh").write_text(script)
    return Task("t", folder, "Do it.", **changes)


@pytest.mark.parametrize(
    ("script", "reward", "rewards"),
    [
        (f"echo 0.25 > {LOGS}/reward.txt", 0.25, {"reward": 0.25}),
        (f"printf ' -1\\n\\n' > {LOGS}/reward.txt; exit 3", -1.0, {"reward": -1.0}),
        (f"echo 0.5 > {LOGS}/reward.json", 0.5, {"reward": 0.5}),
        (f"echo 1 > {LOGS}/reward.txt; echo 0 > {LOGS}/reward.json", 0.0, {"reward": 0.0}),
        (f'echo \'{{"a": 1, "b": 0, "reward": 0.9}}\' > {LOGS}/reward.json', 0.9, {"a": 1.0, "b": 0.0, "reward": 0.9}),
        (f'echo \'{{"a": 1, "b": 0}}\' > {LOGS}/reward.json', 0.5, {"a": 1.0, "b": 0.0}),
        (f"echo '{{\"accuracy\": 0.7}}' > {LOGS}/reward.json", 0.7, {"accuracy": 0.7}),
    ],
)
async def test_a_reward_is_read(
    sandbox: Sandbox, tmp_path: Path, script: str, reward: float, rewards: dict[str, float]
):
    result = await verify(sandbox, task_of(tmp_path, f"{script}"))
    assert (result.reward, result.rewards) == (reward, rewards)
    assert result.exit_code == (3 if "exit 3" in script else 0)
    assert result.duration_s > 0


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("", "neither"),
        (f": > {LOGS}/reward.txt", "could not convert"),
        (f"echo good > {LOGS}/reward.txt", "could not convert"),
        (f"printf '\\377' > {LOGS}/reward.txt", "can't decode"),
        (f"echo nan > {LOGS}/reward.txt", "not finite"),
        (f"echo -inf > {LOGS}/reward.txt", "not finite"),
        (f": > {LOGS}/reward.json; echo 1 > {LOGS}/reward.txt", "no readable reward"),
        (f"echo 1e999 > {LOGS}/reward.json", "not finite"),
        (f"printf 1%0400d 0 > {LOGS}/reward.json", "too large"),
        (f"echo '{{}}' > {LOGS}/reward.json", "names no number"),
        (f"echo '[1]' > {LOGS}/reward.json", "no number"),
        (f'echo \'{{"a": 1, "b": "1"}}\' > {LOGS}/reward.json', "no number"),
        (f"echo '{{\"a\": NaN}}' > {LOGS}/reward.json", "not finite"),
        (f"printf '[%.0s' {{1..60000}} > {LOGS}/reward.json", "recursion"),
        (f"head -c 70000 /dev/zero > {LOGS}/reward.txt", "is larger than"),
        (f"mkdir {LOGS}/reward.txt", "not a regular file"),
        (f"rm -r {LOGS}", "neither"),
    ],
)
async def test_no_reward_is_an_error_that_shows_the_output(sandbox: Sandbox, tmp_path: Path, script: str, says: str):
    noise = "printf 'x%.0s' {1..5000}; echo 'ImportError: numpy' >&2"
    with pytest.raises(VerifierError) as caught:
        await verify(sandbox, task_of(tmp_path, f"{script}\n{noise}\nexit 7\n"))
    message = str(caught.value)
    assert says in message
    assert message.endswith("ImportError: numpy")
    assert len(message) < 3000
    assert caught.value.context == {"task_id": "t", "exit_code": 7, "timed_out": False}


async def test_a_time_out_is_an_error_even_with_a_reward(sandbox: Sandbox, tmp_path: Path):
    script = f"echo 1 > {LOGS}/reward.txt; echo started; sleep 30"
    with pytest.raises(VerifierError, match=r"ran out of its 0\.3 s[\s\S]*started") as caught:
        await verify(sandbox, task_of(tmp_path, script, verifier_timeout_s=0.3))
    assert caught.value.context["timed_out"]


@pytest.mark.parametrize("signal", ["KILL", "TERM", "HUP"])
async def test_a_script_that_was_killed_is_an_error_even_with_a_reward(sandbox: Sandbox, tmp_path: Path, signal: str):
    task = task_of(tmp_path, f"echo 1 > {LOGS}/reward.txt; kill -{signal} $$; sleep 1")
    with pytest.raises(VerifierError, match="was killed"):
        await verify(sandbox, task)


@pytest.mark.parametrize(
    "trick",
    [
        'mkdir -p "$0/logs/verifier"; echo 1 > "$0/logs/verifier/reward.json"; echo 1 > "$0/logs/verifier/reward.txt"',
        'mkdir "$0/workspace/x"; echo 1 > "$0/workspace/x/reward.txt"; ln -s ../workspace/x "$0/logs/verifier"',
        'echo 1 > "$0/logs/verifier"',
        'mkdir -p "$0/logs/verifier/a"; cd "$0/logs"; echo 1 > verifier/reward.txt; chmod 0 verifier/a verifier',
        'echo fake > "$0/tests/conftest.py"; mkdir -m 0 "$0/tests/locked"; ln -s /etc/passwd "$0/tests/test.sh"',
    ],
)
async def test_what_the_agent_left_there_is_wiped(sandbox: Sandbox, tmp_path: Path, trick: str):
    assert (await sandbox.exec(["bash", "-c", trick, sandbox.root])).exit_code == 0
    task = task_of(tmp_path, 'ls -A "$CLAUDEBOX_ROOT/tests" "$CLAUDEBOX_ROOT/logs/verifier"')
    with pytest.raises(VerifierError, match="neither") as caught:
        await verify(sandbox, task)
    listed = str(caught.value).split("it printed:")[1].split()
    assert [line for line in listed if not line.endswith(":")] == ["test.sh"]


async def test_the_script_gets_its_folder_and_environment(sandbox: Sandbox, tmp_path: Path):
    await sandbox.exec(["mkdir", f"{sandbox.root}/workspace/app"])
    script = f'pwd; echo "$LEVEL $CLAUDEBOX_ROOT"; cat "$(dirname "$0")/data.txt"; echo 1 > {LOGS}/reward.txt'
    task = task_of(tmp_path, script, workdir="/workspace/app", verifier_env={"LEVEL": "9"})
    (tmp_path / "tests" / "data.txt").write_text("data")
    result = await verify(sandbox, task)
    assert result.output.splitlines() == [f"{sandbox.root}/workspace/app", f"9 {sandbox.root}", "data"]


async def test_the_tests_are_gone_afterwards_and_it_can_be_judged_again(sandbox: Sandbox, tmp_path: Path):
    task = task_of(tmp_path, f'cat "$CLAUDEBOX_ROOT/workspace/level" > {LOGS}/reward.txt')
    for level in (0.0, 1.0):
        await sandbox.write_file("/workspace/level", str(level).encode())
        assert (await verify(sandbox, task)).reward == level
        assert (await sandbox.exec(["ls", "-A", f"{sandbox.root}/tests"])).stdout == b""


async def test_the_output_is_capped_and_keeps_its_end(sandbox: Sandbox, tmp_path: Path):
    script = f"head -c 3000000 /dev/zero | tr '\\0' x; echo 1 > {LOGS}/reward.txt; echo the end >&2"
    result = await verify(sandbox, task_of(tmp_path, script))
    assert len(result.output) <= 64 << 10
    assert result.output.endswith("the end\n")


async def test_a_dead_machine_is_no_verdict_of_the_verifier(sandbox: Sandbox, tmp_path: Path):
    await sandbox.stop()
    with pytest.raises(SandboxUnavailableError):
        await verify(sandbox, task_of(tmp_path, "true"))
