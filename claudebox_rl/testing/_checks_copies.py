"""Whole folders: in with their modes, out without anything that could be followed."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl.errors import OutputLimitError, SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.testing.sandbox_lab import SECRET, Lab, check, expect, in_shell, refused

_TREE = {
    "top": b"top",
    "empty": b"",
    ".hidden": b"hidden",
    "sub/deep/binary": bytes(range(256)),
    "odd names/zażółć 🎲": b"unicode",
    "odd names/new\nline": b"newline",
    "odd names/-rf": b"dash",
}


def _plant(folder: Path) -> Path:
    for name, data in _TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "top").chmod(0o755)
    (folder / "empty").chmod(0o600)
    (folder / "no files").mkdir()
    return folder


def _found(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def _copy_out(sandbox: Sandbox, source: str, target: Path) -> dict[str, bytes]:
    """Copy out and return the files; fails the check where anything but files and folders came."""
    await sandbox.copy_out(source, target)
    strange = [path.name for path in target.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())]
    expect(not strange, "only files and folders on the host", strange)
    return _found(target)


@check()
async def folder_goes_in_and_out(lab: Lab) -> None:
    """A tree with empty, hidden, binary and oddly named files comes back as it was, its empty folder too."""
    sandbox, spot, target = await lab.sandbox(), await lab.spot(), lab.folder() / "made on the way"
    async with lab.promptly("a small tree to and fro"):
        await sandbox.copy_in(_plant(lab.folder()), f"{spot}/new/tree")
        found = await _copy_out(sandbox, f"{spot}/new/tree", target)
    expect(found == _TREE, "the same files", found)
    expect((target / "no files").is_dir(), "the empty folder")


@check()
async def copies_keep_the_right_to_run(lab: Lab) -> None:
    """A program is one on the other side too, in both directions; plain files are not."""
    sandbox, spot, target = await lab.sandbox(), await lab.spot(), lab.folder()
    await sandbox.copy_in(_plant(lab.folder()), f"{spot}/tree")
    await sandbox.copy_out(f"{spot}/tree", target)
    can_run = {name for name in _TREE if (target / name).stat().st_mode & 0o100}
    expect(can_run == {"top"}, "top alone", can_run)


@check("shell")
async def copied_modes_are_seen_inside(lab: Lab) -> None:
    """755 and 600 of the host are 755 and 600 inside, for a file alone and for those of a folder."""
    sandbox, spot, source = await lab.sandbox(), await lab.spot(), _plant(lab.folder())
    await sandbox.copy_in(source, f"{spot}/tree")
    await sandbox.copy_in(source / "top", f"{spot}/alone/top")
    script = "find tree/top -perm 755; find tree/empty -perm 600; find alone/top -perm 755"
    result = await sandbox.exec(in_shell(script), cwd=spot)
    expect(result.text.split() == ["tree/top", "tree/empty", "alone/top"], "755, 600, 755", result)


@check()
async def file_goes_in_under_its_new_name(lab: Lab) -> None:
    """A file of the host is copied to the path that was asked for, folders made on the way."""
    sandbox, spot, source = await lab.sandbox(), await lab.spot(), lab.folder() / "source"
    source.write_bytes(b"content")
    await sandbox.copy_in(source, f"{spot}/new/name")
    expect(await sandbox.read_file(f"{spot}/new/name") == b"content", "the content")


@check()
async def copying_in_merges(lab: Lab) -> None:
    """A copied folder replaces files of the same name and leaves the others."""
    sandbox, spot, source = await lab.sandbox(), await lab.spot(), lab.folder()
    (source / "same").write_bytes(b"new")
    await sandbox.write_file(f"{spot}/tree/same", b"old and longer")
    await sandbox.write_file(f"{spot}/tree/other", b"other")
    await sandbox.copy_in(source, f"{spot}/tree")
    both = (await sandbox.read_file(f"{spot}/tree/same"), await sandbox.read_file(f"{spot}/tree/other"))
    expect(both == (b"new", b"other"), "new and other", both)


@check("shell")
async def copied_folder_is_the_commands_to_change(lab: Lab) -> None:
    """Commands may change, remove and add in what was copied in."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.copy_in(_plant(lab.folder()), f"{spot}/tree")
    script = "echo more >> tree/top && rm tree/empty tree/sub/deep/binary && echo x > tree/sub/new && rm -r tree/odd*"
    result = await sandbox.exec(in_shell(script), cwd=spot)
    expect(result.exit_code == 0, "changed, removed, added", result)


@check("shell")
async def copying_out_leaves_links_and_pipes(lab: Lab) -> None:
    """Links of any kind and FIFOs are left out, and what they point to is not followed; the files beside them come."""
    sandbox, spot, target, secret = await lab.sandbox(), await lab.spot(), lab.folder(), lab.host_secret()
    script = (
        'echo kept > file; mkdir sub; ln -s file link; ln -s "$1" secret; ln -s "$2" folder; ln -s /etc/passwd users; '
        "ln -s . loop; ln -s nowhere dangling; ln -s ../.. sub/up; mkfifo pipe; echo kept > sub/file"
    )
    made = await sandbox.exec(in_shell(f"mkdir out && cd out && {script}", str(secret), str(secret.parent)), cwd=spot)
    expect(made.exit_code == 0, "links and a FIFO inside", made)
    async with lab.promptly("copying out links and a FIFO"):
        found = await _copy_out(sandbox, f"{spot}/out", target)
    expect(found == {"file": b"kept\n", "sub/file": b"kept\n"}, "the two files alone", found)


@check("shell", "isolation")
async def copying_out_of_a_link_gives_nothing_of_the_host(lab: Lab) -> None:
    """A link to a folder of the host, in the place of the folder that is copied, shows nothing of it."""
    sandbox, spot, target, secret = await lab.sandbox(), await lab.spot(), lab.folder(), lab.host_secret()
    await sandbox.exec(["ln", "-s", str(secret.parent), "out"], cwd=spot)
    try:
        found = await _copy_out(sandbox, f"{spot}/out", target)
    except SandboxError:
        return
    expect(SECRET not in found.values(), "nothing of the host's", found)


@check("shell")
async def copying_out_keeps_files_with_two_names(lab: Lab) -> None:
    """A file with two names (a hard link, as git and package installers make them) comes under both."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    made = await sandbox.exec(in_shell("mkdir out && echo content > out/one && ln out/one out/two"), cwd=spot)
    expect(made.exit_code == 0, "a hard link inside", made)
    found = await _copy_out(sandbox, f"{spot}/out", lab.folder())
    expect(found == {"one": b"content\n", "two": b"content\n"}, "both names", found)


@check()
async def copying_out_of_nothing_is_an_error(lab: Lab) -> None:
    """A folder that is not there, or a file in its place, raises SandboxError."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    for source in (f"{spot}/none", f"{spot}/.here"):
        with refused(SandboxError):
            await sandbox.copy_out(source, lab.folder())


@check()
async def copying_out_over_the_cap_is_an_error(lab: Lab) -> None:
    """More than `max_bytes` raises OutputLimitError."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    for number in range(4):
        await sandbox.write_file(f"{spot}/{number}", b"x" * 100_000)
    with refused(OutputLimitError):
        await sandbox.copy_out(spot, lab.folder(), max_bytes=300_000)


@check("shell")
async def copying_out_a_huge_file_is_refused_early(lab: Lab) -> None:
    """A sparse file, which costs nothing inside, fills neither the host's memory nor its disk, nor time."""
    sandbox, spot, target = await lab.sandbox(), await lab.spot(), lab.folder()
    await sandbox.exec(in_shell("mkdir out && dd if=/dev/zero of=out/huge bs=1 count=0 seek=2000000000"), cwd=spot)
    async with lab.promptly("refusing a huge file"):
        with refused(OutputLimitError):
            await sandbox.copy_out(f"{spot}/out", target, max_bytes=1 << 20)


@check()
async def copying_out_replaces_nothing(lab: Lab) -> None:
    """A file that stands on the host already raises SandboxError and stays."""
    sandbox, spot, target = await lab.sandbox(), await lab.spot(), lab.folder()
    (target / ".here").write_bytes(b"the host's")
    with refused(SandboxError):
        await sandbox.copy_out(spot, target)
    expect((target / ".here").read_bytes() == b"the host's", "the host's file")
