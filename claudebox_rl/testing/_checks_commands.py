"""What commands get (arguments, environment, folder, input) and how they end."""

from __future__ import annotations

import os

from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.testing.sandbox_lab import Lab, check, expect, in_shell


@check()
async def success_is_exit_code_0(lab: Lab) -> None:
    """A command that succeeds exits with 0 and prints nothing of its own."""
    result = await (await lab.sandbox()).exec(["true"])
    expect((result.exit_code, result.stdout, result.stderr) == (0, b"", b""), "0 and no output", result)
    expect(not result.timed_out and not result.truncated, "neither out of time nor cut", result)


@check()
async def failure_is_a_result(lab: Lab) -> None:
    """A command that fails is a result, not an exception."""
    result = await (await lab.sandbox()).exec(["false"])
    expect(result.exit_code == 1, "exit code 1", result)


@check("shell")
async def exit_code_is_passed_on(lab: Lab) -> None:
    """Any exit code arrives as it is."""
    sandbox = await lab.sandbox()
    codes = [(await sandbox.exec(in_shell('exit "$1"', str(code)))).exit_code for code in (2, 7, 125, 255)]
    expect(codes == [2, 7, 125, 255], "2, 7, 125, 255", codes)


@check("shell")
async def signal_is_128_plus_its_number(lab: Lab) -> None:
    """A command that a signal ended exits with 128 plus the signal, as a shell says it."""
    sandbox = await lab.sandbox()
    codes = [(await sandbox.exec(in_shell('kill -"$1" $$', name))).exit_code for name in ("TERM", "KILL")]
    expect(codes == [143, 137], "143 and 137", codes)


@check()
async def missing_program_is_127(lab: Lab) -> None:
    """A program that does not exist is exit code 127 with a line on standard error."""
    result = await (await lab.sandbox()).exec(["claudebox-no-such-program"])
    expect(result.exit_code == 127 and result.stderr.strip(), "127 and a line", result)
    again = await (await lab.sandbox()).exec(["/workspace/no/such/program"])
    expect(again.exit_code == 127 and again.stderr.strip(), "127 and a line", again)


@check()
async def file_that_can_not_run_is_126(lab: Lab) -> None:
    """A file without the right to be run is exit code 126 with a line on standard error."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/plain", b"#!/bin/sh\n", mode=0o644)
    result = await sandbox.exec([f"{sandbox.root}{spot}/plain"])
    expect(result.exit_code == 126 and result.stderr.strip(), "126 and a line", result)


@check()
async def argv_is_never_a_shell_string(lab: Lab) -> None:
    """Arguments arrive one by one, and nothing in them is interpreted."""
    args = ["$HOME", "`id`", "$(id)", "a;b", "a && b", "*", "'q' \"q\"", "", "  two  blanks  ", "new\nline", "\\n", "-"]
    result = await (await lab.sandbox()).exec(["echo", *args])
    expect(result.stdout == (" ".join(args) + "\n").encode(), "the arguments as they were given", result.stdout)


@check()
async def program_is_never_a_shell_string(lab: Lab) -> None:
    """A program's name with a blank in it is one name."""
    result = await (await lab.sandbox()).exec(["echo hello"])
    expect(result.exit_code == 127 and result.stdout != b"hello\n", "127", result)


@check()
async def arguments_may_be_unicode_and_long(lab: Lab) -> None:
    """100 kB of text in one argument arrive whole."""
    text = "zażółć 🎲 " * 5000
    result = await (await lab.sandbox()).exec(["echo", text])
    expect(result.stdout == (text + "\n").encode(), "the same text", result.stdout[:200])


@check()
async def text_decodes_standard_output(lab: Lab) -> None:
    """`text` is standard output as text; what is no UTF-8 becomes U+FFFD."""
    result = await (await lab.sandbox()).exec(["cat"], stdin="zażółć".encode() + b"\xff")
    expect(result.text == "zażółć\ufffd", "zażółć and U+FFFD", result.text)


@check()
async def standard_input_arrives_whole(lab: Lab) -> None:
    """A megabyte of binary input arrives, followed by end-of-file."""
    data = bytes(range(256)) * 4096
    async with lab.promptly("a megabyte through cat"):
        result = await (await lab.sandbox()).exec(["cat"], stdin=data)
    expect(result.stdout == data, "the same bytes", (len(result.stdout), result.exit_code, result.stderr))


@check()
async def no_input_is_end_of_file(lab: Lab) -> None:
    """A command that reads without being given input meets end-of-file, not a wait."""
    async with lab.promptly("cat without input"):
        result = await (await lab.sandbox()).exec(["cat"])
    expect((result.exit_code, result.stdout) == (0, b""), "0 and nothing", result)


@check()
async def input_that_nobody_reads_is_no_error(lab: Lab) -> None:
    """A command that ends without reading its (large) input is an ordinary result."""
    async with lab.promptly("true with four megabytes of input"):
        result = await (await lab.sandbox()).exec(["true"], stdin=b"x" * (4 << 20))
    expect(result.exit_code == 0, "0", result)


@check()
async def input_and_output_are_streamed(lab: Lab) -> None:
    """What is written to a running command is seen at once, and its answer too."""
    async with lab.promptly("three exchanges with cat"), await (await lab.sandbox()).open_exec(["cat"]) as stream:
        output = aiter(stream)
        for word in (b"one", b"two", b"three"):
            await stream.write_stdin(word)
            seen = b""
            while len(seen) < len(word):
                seen += (await anext(output)).data
            expect(seen == word, f"{word!r} comes back while cat runs", seen)
        await stream.close_stdin()
        rest = [chunk async for chunk in output]
        status = await stream.wait()
    expect(not rest and status.exit_code == 0, "nothing more, and 0", (rest, status))


@check()
async def end_of_file_twice_is_once(lab: Lab) -> None:
    """`close_stdin` is idempotent, also after the end."""
    async with lab.promptly("closing twice"), await (await lab.sandbox()).open_exec(["cat"]) as stream:
        await stream.close_stdin()
        await stream.close_stdin()
        expect((await stream.wait()).exit_code == 0, "0")
        await stream.close_stdin()


@check()
async def writing_to_an_ended_command_is_a_broken_pipe(lab: Lab) -> None:
    """`write_stdin` raises BrokenPipeError once the command has ended or its input was closed."""
    async with lab.promptly("writing to true"), await (await lab.sandbox()).open_exec(["true"]) as stream:
        await stream.wait()
        try:
            await stream.write_stdin(b"late")
        except BrokenPipeError:
            return
    raise AssertionError("no BrokenPipeError")


@check()
async def environment_is_added(lab: Lab) -> None:
    """Variables given to a command are there, whatever their values hold."""
    value = "a=b; zażółć '\"$HOME\nsecond line "
    result = await (await lab.sandbox()).exec(["printenv", "LAB_VALUE"], env={"LAB_VALUE": value})
    expect(result.stdout == (value + "\n").encode(), "the value as it was given", result)


@check()
async def environment_is_of_one_command(lab: Lab) -> None:
    """A variable given to one command is not there for the next."""
    sandbox = await lab.sandbox()
    await sandbox.exec(["true"], env={"LAB_ONCE": "1"})
    result = await sandbox.exec(["printenv", "LAB_ONCE"])
    expect((result.exit_code, result.stdout) == (1, b""), "not set", result)


@check()
async def environment_of_the_spec_is_for_every_command(lab: Lab) -> None:
    """Variables of the spec reach each command, and give way to the command's own."""
    async with lab.fresh(env={**lab.spec.env, "LAB_SPEC": "spec"}) as sandbox:
        plain = await sandbox.exec(["printenv", "LAB_SPEC"])
        own = await sandbox.exec(["printenv", "LAB_SPEC"], env={"LAB_SPEC": "own"})
    expect((plain.stdout, own.stdout) == (b"spec\n", b"own\n"), "spec, then own", (plain, own))


@check()
async def environment_of_the_host_does_not_leak(lab: Lab) -> None:
    """No variable of the host's is seen inside, whenever it was set."""
    os.environ["LAB_HOST_KEY"] = "host-secret"
    try:
        async with lab.fresh() as sandbox:
            result = await sandbox.exec(["printenv"])
    finally:
        del os.environ["LAB_HOST_KEY"]
    expect(result.exit_code == 0 and b"PATH=" in result.stdout, "an environment with PATH", result)
    expect(b"host-secret" not in result.stdout, "nothing of the host's", result.stdout)


@check()
async def commands_start_in_the_workspace(lab: Lab) -> None:
    """The current folder is /workspace unless another is asked for."""
    sandbox = await lab.sandbox()
    result = await sandbox.exec(["pwd"])
    expect(result.text == f"{sandbox.root}{WORKSPACE}\n", "/workspace", result)


@check()
async def commands_start_where_they_are_told(lab: Lab) -> None:
    """`cwd` is a folder inside, and relative paths begin there."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/sub folder/note", b"here")
    result = await sandbox.exec(["cat", "note"], cwd=f"{spot}/sub folder")
    expect(result.stdout == b"here", "the file in that folder", result)
    temporary = await sandbox.exec(["pwd"], cwd="/tmp")
    expect(temporary.text == f"{sandbox.root}/tmp\n", "/tmp", temporary)


@check("shell")
async def home_is_a_folder_to_write_in(lab: Lab) -> None:
    """HOME is set, and a command can write there."""
    script = 'case "$HOME" in /?*) ;; *) exit 9;; esac; echo kept > "$HOME/lab-probe" && cat "$HOME/lab-probe"'
    result = await (await lab.sandbox()).exec(in_shell(script))
    expect(result.stdout == b"kept\n", "a file in HOME", result)
