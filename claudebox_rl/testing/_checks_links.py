"""Links and paths: resolved inside, as a command there would, and never a way to the host."""

from __future__ import annotations

from claudebox_rl.errors import SandboxError
from claudebox_rl.testing.sandbox_lab import SECRET, Lab, check, expect, in_shell, refused


@check("shell")
async def link_inside_is_resolved_inside(lab: Lab) -> None:
    """A link to another file inside gives that file's content; a dangling one is FileNotFoundError."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/real/file", b"content")
    script = 'ln -s real/file relative; ln -s "$1/real/file" absolute; ln -s real folder; ln -s nowhere dangling'
    await sandbox.exec(in_shell(script, sandbox.root + spot), cwd=spot)
    for name in ("relative", "absolute", "folder/file"):
        expect(await sandbox.read_file(f"{spot}/{name}") == b"content", "the file that it points to", name)
    with refused(FileNotFoundError):
        await sandbox.read_file(f"{spot}/dangling")


@check("shell", "isolation")
async def link_to_the_host_gives_nothing_of_it(lab: Lab) -> None:
    """A link to a path of the host is resolved inside, where that path is not."""
    sandbox, spot, secret = await lab.sandbox(), await lab.spot(), lab.host_secret()
    script = 'ln -s "$1" file; ln -s "$2" folder; ln -s "/proc/self/root$1" proc; ln -s "../../../..$1" up'
    await sandbox.exec(in_shell(script, str(secret), str(secret.parent)), cwd=spot)
    for name in ("file", f"folder/{secret.name}", "proc", "up"):
        try:
            data = await sandbox.read_file(f"{spot}/{name}")
        except (FileNotFoundError, SandboxError):
            continue
        expect(SECRET not in data, "nothing of the host's", name)


@check("shell", "isolation")
async def link_to_passwd_is_the_sandbox_s_own(lab: Lab) -> None:
    """A link to /etc/passwd gives what a command sees there, or fails."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.exec(in_shell("ln -s /etc/passwd users"), cwd=spot)
    own = await sandbox.exec(["cat", "/etc/passwd"])
    try:
        data = await sandbox.read_file(f"{spot}/users")
    except (FileNotFoundError, SandboxError):
        return
    expect(own.exit_code == 0 and data == own.stdout, "what cat prints inside", data)


@check("shell", "isolation")
async def writing_through_a_link_stays_inside(lab: Lab) -> None:
    """Writing below a link to a folder of the host changes nothing there."""
    sandbox, spot, secret = await lab.sandbox(), await lab.spot(), lab.host_secret()
    await sandbox.exec(in_shell('ln -s "$1" folder; ln -s "$1/secret" file', str(secret.parent)), cwd=spot)
    for name in ("folder/secret", "folder/new", "file"):
        try:
            await sandbox.write_file(f"{spot}/{name}", b"overwritten")
        except SandboxError:
            continue
    left = {path.name: path.read_bytes() for path in secret.parent.iterdir()}
    expect(left == {"secret": SECRET}, "the host's folder as it was", left)


@check("shell")
async def writing_replaces_a_link_not_its_target(lab: Lab) -> None:
    """Writing to a link's path puts a file there; what it pointed to stays."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.write_file(f"{spot}/target", b"kept")
    await sandbox.exec(["ln", "-s", "target", "link"], cwd=spot)
    await sandbox.write_file(f"{spot}/link", b"new")
    both = (await sandbox.read_file(f"{spot}/target"), await sandbox.read_file(f"{spot}/link"))
    expect(both == (b"kept", b"new"), "kept and new", both)


@check("shell")
async def paths_lead_where_commands_go(lab: Lab) -> None:
    """A path is resolved link by link, as a command inside would; what is missing at its end is kept."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    place = sandbox.root + spot
    links = "ln -s in to && ln -s ../to/./x in/up && ln -s /usr out && ln -s 'gone\n' new && ln -s a b && ln -s b a"
    expect((await sandbox.exec(in_shell(f"mkdir in && {links}"), cwd=spot)).exit_code == 0, "links")
    ways = {
        "in": "in",
        "to/x y/z": "in/x y/z",
        "in/up/..": "in",
        "to/../in//.": "in",
        "none/../to": "in",
        "new": "gone\n",
    }
    for path, led in ways.items():
        told = await sandbox.resolve_path(f"{place}/{path}")
        expect(told == f"{place}/{led}", f"{path} leads to {led}", told)
    expect(await sandbox.resolve_path(f"{place}/out/..") == "/", "the parent of where the link leads")
    with refused(SandboxError):
        await sandbox.resolve_path(f"{place}/a/x")


@check("shell")
async def paths_do_not_lead_through_a_process(lab: Lab) -> None:
    """A link of /proc leads each process elsewhere, so where it leads can't be told, by whatever way it is reached."""
    sandbox, spot = await lab.sandbox(), await lab.spot()
    await sandbox.exec(in_shell("ln -s /proc/self/cwd here && ln -s /dev/fd fd"), cwd=spot)
    for path in ("/proc/self/cwd/x", "/proc/self/root", f"{sandbox.root}{spot}/here/x", f"{sandbox.root}{spot}/fd/3"):
        with refused(SandboxError):
            await sandbox.resolve_path(path)
