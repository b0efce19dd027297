"""Single files: read and written whole, and never a wait or a byte too many."""

from __future__ import annotations

import asyncio

from claudebox_rl.errors import OutputLimitError, SandboxError
from claudebox_rl.sandbox.base import WRITABLE
from claudebox_rl.testing.sandbox_lab import Lab, check, expect, in_shell, refused

_ODD_NAMES = (
    "zażółć 🎲",
    "two  blanks ",
    "new\nline",
    "ends in a newline\n",
    "-rf",
    "--help",
    "$HOME;`id`",
    "*",
    "'\"",
    ".x",
)


async def _round_trip(lab: Lab, data: bytes) -> None:
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/file"
    async with lab.promptly(f"{len(data)} bytes to and fro"):
        await sandbox.write_file(path, data)
        back = await sandbox.read_file(path)
    expect(back == data, "the same bytes", (len(back), back[:100]))


@check()
async def binary_file_comes_back(lab: Lab) -> None:
    """Every byte value survives writing and reading."""
    await _round_trip(lab, bytes(range(256)) + b"\r\n\0")


@check()
async def empty_file_comes_back(lab: Lab) -> None:
    """An empty file is a file."""
    await _round_trip(lab, b"")


@check()
async def large_file_comes_back(lab: Lab) -> None:
    """10 MiB survive writing and reading."""
    await _round_trip(lab, bytes(range(256)) * (10 << 12))


@check()
async def odd_names_are_names(lab: Lab) -> None:
    """Blanks, newlines, unicode, leading dashes and shell signs are ordinary parts of a name, also of a folder's."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    for name in _ODD_NAMES:
        await sandbox.write_file(f"{spot}/{name}/{name}", name.encode())
        expect(await sandbox.read_file(f"{spot}/{name}/{name}") == name.encode(), "its own content", name)


@check()
async def parents_are_made(lab: Lab) -> None:
    """Writing makes the folders on the way."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/a/b/c/d", b"deep")
    expect(await sandbox.read_file(f"{spot}/a/b/c/d") == b"deep", "the file")


@check()
async def commands_and_file_calls_see_the_same_files(lab: Lab) -> None:
    """A written file is there for the next command."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/note", b"written")
    result = await sandbox.exec(["cat", f"{sandbox.root}{spot}/note"])
    expect(result.stdout == b"written", "the file", result)


@check("shell")
async def files_of_commands_can_be_read(lab: Lab) -> None:
    """What a command wrote can be read, and a written file can be changed and removed by a command."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/given", b"a\n")
    result = await sandbox.exec(in_shell("echo b >> given && cp given made && rm given"), cwd=spot)
    expect(result.exit_code == 0, "a command may change, copy and remove it", result)
    expect(await sandbox.read_file(f"{spot}/made") == b"a\nb\n", "what the command wrote")
    with refused(FileNotFoundError):
        await sandbox.read_file(f"{spot}/given")


@check("shell")
async def mode_is_kept(lab: Lab) -> None:
    """A file has the mode it was written with: a script can be run, a secret is its owner's."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/script", b"#!/bin/sh\necho ran\n", mode=0o755)
    await sandbox.write_file(f"{spot}/private", b"x", mode=0o600)
    await sandbox.write_file(f"{spot}/plain", b"x")
    ran = await sandbox.exec([f"{sandbox.root}{spot}/script"])
    expect(ran.stdout == b"ran\n", "the script runs", ran)
    script = "find script -perm 755; find private -perm 600; find plain -perm 644"
    found = await sandbox.exec(in_shell(script), cwd=spot)
    expect(found.text.split() == ["script", "private", "plain"], "755, 600 and, by default, 644", found)


@check()
async def writing_replaces(lab: Lab) -> None:
    """A second write leaves nothing of the first, also where it is shorter."""
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/file"
    await sandbox.write_file(path, b"long content")
    await sandbox.write_file(path, b"short")
    expect(await sandbox.read_file(path) == b"short", "short")


@check()
async def writing_is_atomic(lab: Lab) -> None:
    """Who reads while others write sees one whole content, never a mixture or a part."""
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/file"
    contents = [letter * 300_000 for letter in (b"a", b"b", b"c")]
    await sandbox.write_file(path, contents[0])
    writers = [asyncio.create_task(sandbox.write_file(path, content)) for content in contents * 2]
    while not all(writer.done() for writer in writers):
        expect(await sandbox.read_file(path) in contents, "one whole content")
        await asyncio.sleep(0)
    await asyncio.gather(*writers)
    expect(await sandbox.read_file(path) in contents, "one whole content")


@check("shell")
async def writing_leaves_nothing_beside(lab: Lab) -> None:
    """No temporary file stays behind, after a failure neither."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/file", b"x")
    with refused(SandboxError):
        await sandbox.write_file(spot, b"x")
    listed = await sandbox.exec(["ls", "-A"], cwd=spot)
    expect(sorted(listed.text.split()) == [".here", "file"], ".here and file", listed)


@check()
async def missing_file_is_file_not_found(lab: Lab) -> None:
    """Reading what is not there raises FileNotFoundError."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    for path in (f"{spot}/none", f"{spot}/no/such/folder/none"):
        with refused(FileNotFoundError):
            await sandbox.read_file(path)


@check()
async def folder_is_no_file(lab: Lab) -> None:
    """Reading a folder, or writing where one is, raises SandboxError and leaves it."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/folder/file", b"kept")
    with refused(SandboxError):
        await sandbox.read_file(f"{spot}/folder")
    with refused(SandboxError):
        await sandbox.write_file(f"{spot}/folder", b"x")
    expect(await sandbox.read_file(f"{spot}/folder/file") == b"kept", "the folder's file")


@check()
async def file_is_no_folder(lab: Lab) -> None:
    """Writing below a file raises SandboxError and leaves it."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/file", b"kept")
    with refused(SandboxError):
        await sandbox.write_file(f"{spot}/file/below", b"x")
    expect(await sandbox.read_file(f"{spot}/file") == b"kept", "the file")


@check("shell")
async def pipe_or_device_is_no_file(lab: Lab) -> None:
    """Reading a FIFO or a device raises SandboxError at once; it neither waits nor reads without end."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.exec(in_shell("mkfifo pipe && ln -s /dev/zero zero && ln -s pipe to-pipe"), cwd=spot)
    async with lab.promptly("reading a FIFO and a device"):
        for name in ("pipe", "to-pipe", "zero"):
            with refused(SandboxError):
                await sandbox.read_file(f"{spot}/{name}")


@check()
async def file_over_the_cap_is_an_error(lab: Lab) -> None:
    """More than `max_bytes` raises OutputLimitError; exactly as many are returned."""
    sandbox, path = await lab.sandbox(), f"{await lab.spot()}/file"
    await sandbox.write_file(path, b"x" * 1000)
    expect(await sandbox.read_file(path, max_bytes=1000) == b"x" * 1000, "1000 bytes")
    with refused(OutputLimitError):
        await sandbox.read_file(path, max_bytes=999)


@check("shell")
async def huge_file_is_refused_early(lab: Lab) -> None:
    """A file far over the cap is not read to its end first."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    made = await sandbox.exec(in_shell("dd if=/dev/zero of=huge bs=1 count=0 seek=2000000000"), cwd=spot)
    expect(made.exit_code == 0, "a sparse file of 2 GB", made)
    async with lab.promptly("refusing a huge file"):
        with refused(OutputLimitError):
            await sandbox.read_file(f"{spot}/huge", max_bytes=1 << 20)


@check()
async def own_folders_are_writable(lab: Lab) -> None:
    """/workspace, /tests, /solution, /logs and /tmp take files."""
    sandbox = await lab.sandbox()
    for folder in (*WRITABLE, "/tmp"):
        await sandbox.write_file(f"{folder}/lab/probe", b"kept")
        expect(await sandbox.read_file(f"{folder}/lab/probe") == b"kept", "the file", folder)


@check("shell")
async def own_folders_are_writable_by_commands(lab: Lab) -> None:
    """Commands make and remove files in each of them."""
    sandbox = await lab.sandbox()
    script = 'for f in "$@"; do mkdir -p "$f/made" && echo x > "$f/made/file" && rm -r "$f/made" || exit 1; done'
    result = await sandbox.exec(in_shell(script, *(sandbox.root + folder for folder in (*WRITABLE, "/tmp"))))
    expect(result.exit_code == 0, "written and removed", result)
