"""The shell that lives from command to command, in a real sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.agent.shell_process import ShellProcess
from claudebox_rl.errors import ConfigError, SandboxUnavailableError
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.types import Failure


@pytest.fixture
async def sandbox(local_sandbox: str) -> AsyncIterator[LocalSandbox]:
    async with LocalSandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def shell(sandbox: LocalSandbox) -> AsyncIterator[ShellProcess]:
    shell = ShellProcess(sandbox, "/workspace", {"GIVEN": "1"}, output_cap_bytes=1000)
    yield shell
    await shell.close()


async def said(shell: ShellProcess, command: str, timeout_s: float = 20) -> str:
    return (await shell.run(command, timeout_s)).stdout


async def test_directory_variables_and_functions_live_on(shell: ShellProcess) -> None:
    await shell.run("mkdir -p 'a b' && cd 'a b'; export X='1\n2'; y=3; f() { echo called; }; unset GIVEN", 20)
    assert await said(shell, 'pwd; echo "$X$y${GIVEN-gone}"; f') == "/workspace/a b\n1\n23gone\ncalled\n"


async def test_streams_statuses_and_input_are_a_commands_own(shell: ShellProcess) -> None:
    output = await shell.run("echo out; echo err >&2; cat; (exit 7)", 20)
    assert (output.stdout, output.stderr, output.exit_code) == ("out\n", "err\n", 7)
    assert (await shell.run("printf 'no newline'", 20)).stdout == "no newline"
    assert (await shell.run("if", 20)).exit_code != 0
    assert "syntax error" in (await shell.run("if", 20)).stderr
    assert await said(shell, "echo 'é🙂'; printf '\\0\\xff'") == "é🙂\n\0\ufffd"


async def test_a_command_that_takes_the_streams_away_does_so_for_itself_alone(shell: ShellProcess) -> None:
    await shell.run("exec >/dev/null 2>&1 </dev/zero", 20)
    assert await said(shell, "echo here; cat") == "here\n"


@pytest.mark.parametrize("last", ["exit 9", "set -e; false || exit 9", "exec bash -c 'exit 9'"])
async def test_a_shell_that_ends_is_followed_by_one_that_goes_on(shell: ShellProcess, last: str) -> None:
    await shell.run("mkdir sub; cd sub; export X=kept; y=lost; unset GIVEN", 20)
    output = await shell.run(f"echo last words; {last}", 20)
    assert (output.stdout, output.exit_code, output.timed_out) == ("last words\n", 9, False)
    assert await said(shell, 'echo "$PWD $X ${y-none} ${GIVEN-gone}"') == "/workspace/sub kept none gone\n"


async def test_a_hung_command_is_ended_with_all_that_it_started(shell: ShellProcess, sandbox: LocalSandbox) -> None:
    await shell.run("cd /tmp", 20)
    output = await shell.run("echo begun; sleep 1234 & sleep 1234", 2)
    assert (output.stdout, output.exit_code, output.timed_out) == ("begun\n", 124, True)
    assert (await sandbox.exec(["pgrep", "-x", "sleep"])).stdout == b""
    assert await said(shell, "pwd") == "/tmp\n"


async def test_the_background_lives_on_and_is_heard_later(shell: ShellProcess) -> None:
    await shell.run("{ sleep 0.3; echo late; } &", 20)
    assert await said(shell, "wait; echo now") == "late\nnow\n"


async def test_output_is_capped_and_says_so(shell: ShellProcess) -> None:
    output = await shell.run("head -c 5000000 /dev/zero | tr '\\0' x; echo short >&2", 20)
    assert output.stdout == "x" * 1000 + "\n[claudebox_rl: output cut at the cap]\n"
    assert (output.stderr, output.is_cut, output.exit_code) == ("short\n", True, 0)
    assert not (await shell.run("echo", 20)).is_cut


async def test_long_and_odd_commands_are_taken_as_they_are(shell: ShellProcess) -> None:
    assert await said(shell, f"x='{'é' * 200_000}'; echo ${{#x}}") == "200000\n"
    assert (await shell.run("echo a\0b", 20)).exit_code == 126
    assert await said(shell, "echo \ud800") == "?\n"


async def test_a_command_that_breaks_the_shells_own_loop_harms_itself_alone(shell: ShellProcess) -> None:
    await shell.run("read() { :; }; printf() { :; }; eval() { :; }", 20)
    await shell.run("readonly __claudebox_mark", 3)
    assert await said(shell, "echo here") == "here\n"


async def test_a_dead_machine_is_an_error(sandbox: LocalSandbox) -> None:
    shell = ShellProcess(sandbox, "/workspace", {})
    await shell.run("true", 20)
    await sandbox.stop()
    with pytest.raises(SandboxUnavailableError):
        await shell.run("true", 20)


async def test_a_session_with_a_shell(local_sandbox: str) -> None:
    async with ClaudeBox(agent="shell", sandbox=local_sandbox, env={"NAME": "box"}) as box:
        first = await box.code("cd /tmp; echo $NAME; echo oh >&2")
        second = await box.code("pwd; false")
        third = await box.code("sleep 5", timeout_s=0.3)
    assert (first.success, first.response, first.action_log[0].output) == (True, "box\n", "box\noh\n")
    assert (second.response, second.exit_code, second.failure) == ("/tmp\n", 1, Failure.EXECUTION)
    assert (third.failure, third.error) == (Failure.TIMEOUT, "the command was ended after 0.3 s")
    assert [call.input["command"] for call in second.action_log] == ["pwd; false"]


def test_a_policy_that_judges_commands_is_refused() -> None:
    with pytest.raises(ConfigError, match="agent=shell can't have its tool calls judged"):
        ClaudeBox(agent="shell", security_policy="restricted")
