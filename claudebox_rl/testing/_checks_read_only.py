"""A workspace that is read-only: no command changes it, whatever it tries, and the host still fills it."""

from __future__ import annotations

from pathlib import Path

from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.testing.sandbox_lab import SECRET, Lab, check, expect, in_shell, refused

TRIES = (
    "echo b > a",  # the first, since it is all that a backend feels which keeps nothing
    "echo b >> a",
    "truncate -s 0 a",
    "dd if=/dev/zero of=a bs=1 count=1 conv=notrunc",
    "cp /etc/hosts a",
    "sed -i s/w/x/ a",
    "rm -f a",
    "rm -rf /workspace/*",
    "mv a b",
    "mv sub other",
    "mv sub /tmp/taken",
    "mv /workspace /tmp/workspace; mkdir /workspace; echo b > /workspace/a",
    "rm -rf /workspace; mkdir /workspace",
    "mkdir new",
    "mkfifo pipe",
    "rmdir sub/empty",
    "ln -s /tmp link",
    "ln a second",
    'ln a /tmp/second && echo b > /tmp/second; ln a "$HOME/second" && echo b > "$HOME/second"',
    "ln a /logs/second && echo b > /logs/second; ln a /tests/second && echo b > /tests/second",
    "ln -s /workspace/a /tmp/to-a; echo b > /tmp/to-a",
    "ln -s /workspace /tmp/to-all; touch /tmp/to-all/new",
    "chmod 600 a; chmod 700 .",
    "touch -t 200001010000 a",
    "chown 12:12 a",
    "chattr +i a; setfattr -n user.x -v y a",
    "echo b > /proc/self/root/workspace/a",
    "echo b > /proc/self/cwd/a",
    "echo b > /proc/1/root/workspace/a; echo b > /proc/1/cwd/workspace/a",
    "for n in /proc/1/fd/*; do echo b > $n/a; echo b > $n/workspace/a; done",
    "exec 3< a; echo b > /proc/self/fd/3; echo b > /dev/fd/3",
    "exec 3< .; echo b > /proc/self/fd/3/new",
    "mount -o remount,rw /workspace; echo b > a",
    "mount -o remount,bind,rw /workspace; echo b > a",
    "mount --bind /tmp /workspace && echo b > /workspace/a && echo changed > /tmp/covered",
    "umount /workspace || umount -l /workspace; echo b > /workspace/a",
    "unshare -rm sh -c 'mount -o remount,bind,rw /workspace; umount -l /workspace; echo b > /workspace/a'",
    "unshare -m sh -c 'mount -o remount,bind,rw /workspace; echo b > /workspace/a'",
    "mkdir /tmp/x && mount --bind /workspace /tmp/x && mount -o remount,bind,rw /tmp/x; echo b > /tmp/x/a",
    "sudo -n sh -c 'echo b > /workspace/a'; su -c 'echo b > /workspace/a' root < /dev/null",
    'python3 -c \'import mmap, os; f = os.open("a", os.O_RDWR); mmap.mmap(f, 0)[0:1] = b"b"\'',
    "python3 -c 'import os; f = os.open(\"a\", os.O_RDONLY); os.fchmod(f, 0o600)'",
    "python3 -c 'import os; f = os.open(\"a\", os.O_RDONLY); os.utime(f, (1, 1))'",
    "python3 -c 'import os; f = os.open(\".\", os.O_TMPFILE | os.O_RDWR)'; touch new",
)
"""Shell scripts that each change /workspace, run there, where it can be changed at all."""


def _filled(lab: Lab) -> Path:
    """Return a folder of the host that is open to everybody: what keeps it must be something else."""
    folder = lab.folder()
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "a").write_text("as it was\n")
    (folder / "sub" / "b").write_text("this too\n")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    return folder


def _state(folder: Path) -> dict[str, object]:
    return {str(path.relative_to(folder)): _of(path) for path in (folder, *folder.rglob("*"))}


def _of(path: Path) -> object:
    status = path.lstat()
    kind, content = status.st_mode, path.read_bytes() if path.is_file() else None
    return kind, status.st_uid, status.st_nlink, status.st_mtime_ns, content


@check("shell", "isolation", "read_only_workspace")
async def read_only_workspace_is_not_changed(lab: Lab) -> None:
    """No command changes a byte, a name, a mode or a time, root inside neither; reading goes on."""
    folder = _filled(lab)
    async with lab.fresh(workspace=folder, read_only_workspace=True) as sandbox:
        before = _state(folder)
        for user in (None, "root") if lab.capabilities.users else (None,):
            for script in TRIES:
                await sandbox.exec(in_shell(script), user=user, timeout_s=2 * lab.patience_s)
                expect(_state(folder) == before, f"nothing is changed by {script!r} as {user}", _state(folder))
            seen = await sandbox.exec(in_shell("cat a sub/b && ls"), user=user)
            expect(seen.text == "as it was\nthis too\na\nsub\n", "reading goes on", seen)


@check("shell", "isolation", "read_only_workspace")
async def read_only_workspace_leaves_what_a_machine_needs(lab: Lab) -> None:
    """The home folder, /tmp, /logs, /tests and /solution can be written all the same."""
    async with lab.fresh(workspace=_filled(lab), read_only_workspace=True) as sandbox:
        script = 'for f in "$HOME" "$@"; do touch "$f/mine" && rm "$f/mine" || exit; done'
        folders = [sandbox.root + folder for folder in ("/tmp", "/logs", "/tests", "/solution")]
        result = await sandbox.exec(in_shell(script, *folders))
        expect(result.exit_code == 0, "five writable folders", result)


@check("shell", "isolation", "read_only_workspace")
async def read_only_workspace_is_filled_by_the_host(lab: Lab) -> None:
    """`write_file` and `copy_in` put files there while commands can't; what they made can't be changed either."""
    source = _filled(lab)
    (source / "link").symlink_to("sub/b")
    async with lab.fresh(workspace=_filled(lab), read_only_workspace=True) as sandbox:
        await sandbox.write_file("/workspace/new/deep/file", b"one", mode=0o755)
        await sandbox.write_file("/workspace/sub/../a", b"two")
        await sandbox.copy_in(source, "/workspace/copied")
        await sandbox.copy_in(source / "a", "/workspace/single")
        script = "new/deep/file 2> /dev/null; cat new/deep/file a copied/link single; test -x new/deep/file"
        result = await sandbox.exec(in_shell(f"echo x > {script}; for f in a copied new; do rm -rf $f; done; ls"))
        expect(
            result.text == "onetwothis too\nas it was\na\ncopied\nnew\nsingle\nsub\n", "all of it, and still", result
        )
        with refused(SandboxError):
            await sandbox.write_file("/workspace/sub", b"")


@check("shell", "isolation", "read_only_workspace")
async def filling_a_read_only_workspace_follows_no_link(lab: Lab) -> None:
    """A link that lies in the folder leads what the host writes neither to the host's files nor anywhere else."""
    folder, outside = _filled(lab), lab.host_secret()
    (folder / "out").symlink_to(outside.parent)
    (folder / "file").symlink_to(outside)
    (folder / "up").symlink_to("..")
    async with lab.fresh(workspace=folder, read_only_workspace=True) as sandbox:
        await _try_links(lab, sandbox)
        expect(outside.read_bytes() == SECRET and [*outside.parent.iterdir()] == [outside], "as it was outside")
        expect((folder / "file").read_bytes() == b"own", "the link itself was replaced")


async def _try_links(lab: Lab, sandbox: Sandbox) -> None:
    for path in ("out/new", f"out/{lab.host_secret().name}", "up/new", "out/deep/new"):
        with refused(SandboxError):
            await sandbox.write_file(f"/workspace/{path}", b"x")
    with refused(SandboxError):
        await sandbox.copy_in(_filled(lab), "/workspace/out")
    await sandbox.write_file("/workspace/file", b"own")
