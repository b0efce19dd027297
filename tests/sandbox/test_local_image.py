"""An OCI image as the root of a local sandbox."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest
from oci_lab import Layout, entry, hosts_own, layer, link
from ordinary_user import run_tests

from claudebox_rl.errors import ConfigError, SandboxStartError
from claudebox_rl.sandbox import Mount, SandboxSpec, journal
from claudebox_rl.sandbox._local.oci import read_image
from claudebox_rl.sandbox.local import LocalSandbox

pytestmark = pytest.mark.usefixtures("local_sandbox")
LAB_IMAGE = Path("~/.cache/claudebox-lab/image").expanduser()


@pytest.fixture(scope="module")
def own_layer() -> bytes:
    return hosts_own()


@pytest.fixture(scope="module")
def image(own_layer: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    made = Layout(tmp_path_factory.mktemp("image") / "layout")
    extra = [
        entry("etc/os-release", "ID=tiny\n"),
        entry("etc/passwd", "root:x:0:0::/root:/bin/sh\nother:x:7:7::/:/bin/sh\n"),
        entry("etc/secret", "root's own", mode=0o600),
        entry("opt/tool/bin/tool", "#!/bin/sh\necho a tool\n", mode=0o755),
        entry("workspace/from-the-image", "x"),
        entry("tmp/from-the-image", "x"),
        entry("var/open", mode=0o1777),
        entry("file", "at the top"),
    ]
    env = ["PATH=/opt/tool/bin:/usr/bin:/bin", "FROM_IMAGE=yes", "HOME=/root", "BOTH=image"]
    return str(made.finish(made.image([own_layer, layer(extra)], env)))


async def shell(sandbox: LocalSandbox, script: str) -> str:
    result = await sandbox.exec(["bash", "-c", script])
    assert result.exit_code == 0, result.stderr
    return result.text


async def test_commands_see_the_image(image: str) -> None:
    async with LocalSandbox(SandboxSpec(image=image, env={"BOTH": "spec"})) as sandbox:
        assert await shell(sandbox, "cat /etc/os-release /file; tool; ls /opt") == "ID=tiny\nat the topa tool\ntool\n"
        assert (
            await shell(sandbox, "echo $FROM_IMAGE $BOTH $HOME; pwd; id -un")
            == "yes spec /home/agent\n/workspace\nagent\n"
        )
        assert await shell(sandbox, "ls -A / | grep -vE '^(bin|lib.*|etc|usr|opt|var|root|file)$'") == (
            "dev\nhome\nlogs\nproc\nrun\nsolution\ntests\ntmp\nworkspace\n"
        )
        assert await shell(sandbox, "ls -A /workspace /tmp /run") == "/run:\nclaudebox\n\n/tmp:\n\n/workspace:\n"


async def test_the_image_can_not_be_changed(image: str) -> None:
    async with LocalSandbox(SandboxSpec(image=image)) as sandbox:
        for target in ("/usr/x", "/etc/x", "/opt/x", "/var/open/x", "/x", "/file", "/etc/passwd", "/run/claudebox/x"):
            assert (await sandbox.exec(["sh", "-c", f"echo > {target}"])).exit_code != 0, target
        await shell(sandbox, "echo > /workspace/x; echo > /tmp/x; echo > ~/x; echo > /tests/x")


async def test_a_mount_finds_room_in_a_folder_of_the_image(image: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").write_text("mounted")
    mounts = (Mount(tmp_path, "/opt/mounted/here"), Mount(tmp_path, "/new/place"))
    async with LocalSandbox(SandboxSpec(image=image, mounts=mounts)) as sandbox:
        assert await shell(sandbox, "cat /opt/mounted/here/file /new/place/file; tool") == "mountedmounteda tool\n"
        assert (await sandbox.exec(["touch", "/opt/x"])).exit_code != 0


@pytest.mark.parametrize("workdir", ["/app", "/srv/deep/app", "/usr/src/app", "/workspace", "/workspace/part"])
async def test_a_working_directory_is_a_writable_copy_of_the_images(
    own_layer: bytes, tmp_path: Path, workdir: str
) -> None:
    inside = workdir.strip("/")
    files = [
        entry(f"{inside}/given.txt", "given\n"),
        entry(f"{inside}/deep/run.sh", "#!/bin/sh\necho ran\n", mode=0o755),
        entry(f"{inside}/closed", "root's own\n", mode=0o600),
        link(f"{inside}/link", "/etc/passwd"),
        entry("app-beside/file", "beside"),
    ]
    made = Layout(tmp_path / "layout")
    layout = str(made.finish(made.image([own_layer, layer(files)], workdir=workdir)))
    assert read_image(Path(layout)).workdir == workdir
    async with LocalSandbox(SandboxSpec(image=layout, workdir=workdir)) as sandbox:
        read = "import os; print(os.readlink('link'))"
        assert await shell(sandbox, f'cd {workdir} && cat given.txt closed && deep/run.sh && python3 -c "{read}"') == (
            "given\nroot's own\nran\n/etc/passwd\n"
        )
        assert await shell(sandbox, f"cd {workdir} && stat -c %a given.txt deep deep/run.sh closed") == (
            "644\n755\n755\n600\n"
        )
        await shell(sandbox, f"cd {workdir} && echo more >> given.txt && echo > new && rm -r deep")
        (fork,) = await sandbox.fork()
        try:
            assert (
                await shell(fork, f"cd {workdir} && cat given.txt && ls")
                == "given\nmore\nclosed\ngiven.txt\nlink\nnew\n"
            )
        finally:
            await fork.stop()
        for target in ("/app-beside/file", "/usr/x", "/x"):
            assert (await sandbox.exec(["sh", "-c", f"echo > {target}"])).exit_code != 0, target
    async with LocalSandbox(SandboxSpec(image=layout, workdir=workdir)) as another:
        assert await shell(another, f"cat {workdir}/given.txt") == "given\n"


async def test_a_working_directory_that_is_a_link_in_the_image_is_empty(own_layer: bytes, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    (outside / "file").write_text("the host's")
    made = Layout(tmp_path / "layout")
    layout = str(made.finish(made.image([own_layer, layer([link("app", str(outside))])])))
    async with LocalSandbox(SandboxSpec(image=layout, workdir="/app")) as sandbox:
        assert await shell(sandbox, "ls -A /app; echo > /app/x; echo made") == "made\n"
    assert [path.name for path in outside.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "workdir",
    ["/", "/usr", "/etc/app", "/bin", "/home", "/home/agent/x", "/tests", "/tmp/x", "/run", "app", "/a/../etc"],
)
def test_working_directories_that_can_not_be_had(workdir: str) -> None:
    with pytest.raises(ConfigError, match=r"workdir=.*sandbox=local can't make that folder writable"):
        LocalSandbox(SandboxSpec(workdir=workdir))


def test_a_read_only_workspace_is_not_elsewhere() -> None:
    with pytest.raises(ConfigError, match=r"keeps /workspace from changes, not workdir=/app"):
        LocalSandbox(SandboxSpec(workdir="/app", read_only_workspace=True))


async def test_a_workspace_of_the_host(image: str, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    async with LocalSandbox(SandboxSpec(image=image, workspace=workspace)) as sandbox:
        await shell(sandbox, "echo kept > file")
    assert (workspace / "file").read_text() == "kept\n"
    assert (workspace / "file").stat().st_uid == os.geteuid()


async def test_forks(image: str) -> None:
    async with LocalSandbox(SandboxSpec(image=image)) as parent:
        await shell(parent, "mkdir -p a/b && echo old > a/b/file && echo kept > a/kept && mkdir shut && chmod 0 shut")
        one, other = await parent.fork(2)
        try:
            await shell(one, "tool; echo new >> a/b/file; rm a/kept")
            assert await shell(other, "cat a/b/file a/kept") == "old\nkept\n"
            (second,) = await one.fork()
            assert await shell(second, "find a | sort; cat a/b/file") == "a\na/b\na/b/file\nold\nnew\n"
            await second.stop()
        finally:
            await asyncio.gather(one.stop(), other.stop())


async def test_nothing_of_the_image_is_ever_root_of_the_host(image: str) -> None:
    async with LocalSandbox(SandboxSpec(image=image)) as sandbox:
        stream = await sandbox.open_exec(["sleep", "60"])
        (record,) = [record for record in journal.records() if record.sandbox_id == sandbox.sandbox_id]
        supervisor = psutil.Process(record.machine_pid)
        users = {each.uids() for each in (supervisor, *supervisor.children(recursive=True))}
        assert len(users) == 1
        (uids,) = users
        assert 0 not in uids
        assert (uids.real == os.geteuid()) == (os.geteuid() != 0)
        assert await shell(sandbox, "cat /etc/secret > /dev/null 2>&1 || echo shut") == (
            "shut\n" if not os.geteuid() else ""
        )
        await stream.kill()


@pytest.mark.parametrize(
    "places",
    [["etc/passwd"], ["etc", "workspace", "home", "run", "tmp", "proc", "dev", "sys", "logs", "opt", "solution"]],
)
async def test_links_where_ours_are_made_lead_nowhere(own_layer: bytes, tmp_path: Path, places: list[str]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o777)
    made = Layout(tmp_path / "layout")
    removals = [entry(str(Path(place).with_name(f".wh.{Path(place).name}")), "") for place in places]
    links = [link(place, f"/oldroot{outside}/{'victim' if '/' in place else ''}") for place in places]
    folder = made.finish(made.image([own_layer, layer(removals), layer(links)]))
    mounts = (Mount(tmp_path / "layout", "/opt/mounted"),)
    async with LocalSandbox(SandboxSpec(image=str(folder), mounts=mounts)) as sandbox:
        assert await shell(sandbox, "id -un; echo > /workspace/x; ls /opt/mounted | wc -l") == "agent\n3\n"
    assert list(outside.iterdir()) == []


async def test_an_image_without_python(tmp_path: Path) -> None:
    made = Layout(tmp_path / "layout")
    folder = made.finish(made.image([layer([entry("usr/bin/sh", "x", mode=0o755)])], ["PATH=/usr/bin"]))
    with pytest.raises(SandboxStartError, match=r"the image has no python3 in /usr/bin; 3\.10 or newer"):
        await LocalSandbox(SandboxSpec(image=str(folder))).start()
    assert journal.records() == []


async def test_an_image_with_an_old_python(own_layer: bytes, tmp_path: Path) -> None:
    old = """#!/bin/sh
exec /usr/bin/python3 -c 'import sys; sys.version_info, sys.version = (3, 9, 1), "3.9.1 x"; exec(sys.argv[1])' "$4"
"""
    made = Layout(tmp_path / "layout")
    layers = [own_layer, layer([entry("opt/python3", old, mode=0o755)])]
    folder = made.finish(made.image(layers, ["PATH=/opt:/usr/bin"]))
    with pytest.raises(SandboxStartError, match=r"the image's python3 is 3\.9\.1; 3\.10 or newer is needed"):
        await LocalSandbox(SandboxSpec(image=str(folder))).start()


def test_references_and_folders_that_are_no_layout_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="skopeo copy"):
        LocalSandbox(SandboxSpec(image="python:3.12-slim"))
    with pytest.raises(ConfigError, match="no folder with an OCI layout"):
        LocalSandbox(SandboxSpec(image=str(tmp_path)))


@pytest.mark.slow
@pytest.mark.skipif(not (LAB_IMAGE / "index.json").exists(), reason="the lab's image was not built here")
async def test_the_image_of_the_recipe() -> None:
    async with LocalSandbox(SandboxSpec(image=str(LAB_IMAGE))) as sandbox:
        assert "bookworm" in await shell(sandbox, "cat /etc/os-release")
        assert await shell(sandbox, "git init -q . && echo x > f && git add f && git status --short") == "A  f\n"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="these were run by an ordinary user")
def test_all_of_this_as_an_ordinary_user() -> None:
    run_tests("tests/sandbox/test_local_image.py", "-x")
