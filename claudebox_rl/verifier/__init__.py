"""The verdict: a task's tests, run in a sandbox that holds the work, and the reward that they wrote."""

from __future__ import annotations

import math
from typing import NoReturn

from claudebox_rl.errors import SandboxError, SandboxUnavailableError, VerifierError
from claudebox_rl.sandbox.base import Sandbox
from claudebox_rl.sandbox.spec import ExecResult
from claudebox_rl.tasks.task import Task
from claudebox_rl.types import VerifierResult
from claudebox_rl.verifier.reward import read_rewards
from claudebox_rl.verifier.script import OUTPUT_CAP_BYTES, run_script

LOGS = "/logs/verifier"
TESTS = "/tests"
_KEPT_CHARS = 64 << 10
_SHOWN_CHARS = 2000
_SIGNALS = range(129, 160)
"""Exit codes of a shell that a signal ended, or whose last command one did."""

# What the agent left there may be links, or folders that can't be entered; the folders themselves may be mount points.
_WIPE = """
for folder do
  [ -d "$folder" ] && [ ! -L "$folder" ] || rm -f -- "$folder"
  mkdir -p -- "$folder" && chmod -R u+rwX -- "$folder" && find "$folder" -mindepth 1 -delete || exit 1
done
"""


async def verify(
    sandbox: Sandbox, task: Task, *, is_clean: bool = False, has_tests: bool = False, workdir: str | None = None
) -> VerifierResult:
    """Judge the state of a sandbox.

    /logs/verifier and /tests are emptied, the task's tests copied to /tests, and `bash /tests/test.sh` run in the
    task's working directory, with `CLAUDEBOX_ROOT` set to the sandbox's root. At its end every process that it left is
    ended; then the reward is read.

    As in Harbor the script's own exit code says nothing: the reward is what it wrote to /logs/verifier/reward.json (a
    number, or names with numbers) or, without that, to reward.txt (a number). Of named numbers `reward` is the total;
    where there is none, their mean is (Harbor names no total for several). A script that was killed by a signal has
    given no verdict, whatever it left: code that it judged can have killed it.

    Args:
        sandbox: Holds the work.
        task: Its tests judge.
        is_clean: No agent was ever at work there. Else the tests are taken away again, and what the agent left running
            goes on: it could disturb the verdict.
        has_tests: /tests is the machine's own, and is taken as it is.
        workdir: Where the script starts; None: in the task's working directory.

    Raises:
        VerifierError: No verdict: the tests can't be put in place, ran out of time, were killed by a signal, or wrote
            no finite number. The message ends with what they printed.
        SandboxUnavailableError: The machine is gone.
    """
    await _place_tests(sandbox, task, has_tests=has_tests)
    timeout_s, env = task.test_limits
    run = await run_script(
        sandbox,
        f"{TESTS}/test.sh",
        env={**env, "CLAUDEBOX_ROOT": sandbox.root},
        cwd=workdir or task.workdir,
        user=task.verifier_user,
        timeout_s=timeout_s,
    )
    if not is_clean:
        # The agent may go on in this sandbox, and is not to find the tests there.
        await _wipe(sandbox, task, TESTS)
    if run.timed_out:
        _fail(task, f"ran out of its {timeout_s:g} s", run)
    if run.exit_code in _SIGNALS:
        what = f"was killed by signal {run.exit_code - 128}: what stands in its folder may be by what it judged"
        _fail(task, f"{what} (a test.sh that ends processes itself closes with `exit 0`)", run)
    rewards = await _rewards(sandbox, task, run)
    reward = rewards.get("reward", math.fsum(rewards.values()) / len(rewards))
    return VerifierResult(reward, rewards, _output(run)[-_KEPT_CHARS:], run.exit_code, run.duration_s)


async def _wipe(sandbox: Sandbox, task: Task, *folders: str) -> None:
    argv = ["sh", "-c", _WIPE, "sh", *(sandbox.root + folder for folder in folders)]
    wiped = await sandbox.exec(argv, cwd="/", timeout_s=60, output_cap_bytes=OUTPUT_CAP_BYTES)
    if wiped.exit_code != 0:
        _fail(task, f"can't empty {' and '.join(folders)}", wiped)


async def _place_tests(sandbox: Sandbox, task: Task, *, has_tests: bool) -> None:
    await _wipe(sandbox, task, LOGS, *([] if has_tests else [TESTS]))
    if task.verifier_user is not None:
        await _open_to_all(sandbox, task)
    if has_tests:
        return
    try:
        for folder in task.tests_dirs:
            await sandbox.copy_in(folder, TESTS)
    except SandboxUnavailableError:
        raise
    except (SandboxError, OSError) as error:
        raise VerifierError(f"verifier of {task.task_id}: {error}", task_id=task.task_id) from error


async def _open_to_all(sandbox: Sandbox, task: Task) -> None:
    argv = ["chmod", "a+rwx", *(sandbox.root + folder for folder in (LOGS, TESTS))]
    opened = await sandbox.exec(argv, cwd="/", timeout_s=60)
    if opened.exit_code != 0:
        _fail(task, f"can't let user {task.verifier_user} write to {LOGS}", opened)


async def _rewards(sandbox: Sandbox, task: Task, run: ExecResult) -> dict[str, float]:
    try:
        rewards = await read_rewards(sandbox, LOGS)
    except (ValueError, OverflowError, RecursionError) as error:
        _fail(task, f"wrote no readable reward: {error}", run)
    if rewards is None:
        _fail(task, f"wrote neither {LOGS}/reward.json nor reward.txt", run)
    return rewards


def _output(run: ExecResult) -> str:
    return (run.stdout + run.stderr).decode("utf-8", "replace")


def _fail(task: Task, problem: str, run: ExecResult) -> NoReturn:
    end = _output(run)[-_SHOWN_CHARS:].strip()
    printed = f"; it printed:\n{end}" if end else "; it printed nothing"
    message = f"verifier of {task.task_id}: {problem} (exit code {run.exit_code}){printed}"
    raise VerifierError(message, task_id=task.task_id, exit_code=run.exit_code, timed_out=run.timed_out)
