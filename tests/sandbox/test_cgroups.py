"""Where control groups can be made: /proc as several hosts show it, and the groups of version 2 on a made-up tree."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from claudebox_rl.sandbox._local import cgroups
from claudebox_rl.sandbox._local.cgroup_places import Hierarchy, Place, Places, hierarchies, places, sweep
from claudebox_rl.sandbox._local.cgroups import ControlGroups
from claudebox_rl.sandbox.spec import SandboxSpec

ROOT = "24 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw"
V1_MOUNTS = f"""{ROOT}
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,nosuid,nodev - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
"""
V1_OWN = """9:name=systemd:/user.slice
8:pids:/user.slice/a:b
5:devices:/
4:memory:/
1:cpu,cpuacct:/jobs/17
"""
SYSTEMD = "30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate"


def folders(hierarchy: Hierarchy) -> list[str]:
    return [str(folder) for folder in hierarchy.groups]


def test_version_1_has_a_tree_for_each_set_of_controllers() -> None:
    found = {tuple(sorted(each.controllers)): each for each in hierarchies(V1_MOUNTS, V1_OWN)}
    assert found.keys() == {("cpu", "cpuacct"), ("memory",), ("pids",)}
    assert {each.version for each in found.values()} == {1}
    base = "/sys/fs/cgroup"
    assert folders(found[("memory",)]) == [f"{base}/memory"]
    assert folders(found[("pids",)]) == [f"{base}/pids/user.slice/a:b", f"{base}/pids/user.slice", f"{base}/pids"]
    assert folders(found[("cpu", "cpuacct")]) == [f"{base}/cpu,cpuacct{end}" for end in ("/jobs/17", "/jobs", "")]


def test_version_2_is_one_tree() -> None:
    (found,) = hierarchies(SYSTEMD, "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n")
    assert (found.version, found.controllers, len(found.groups)) == (2, frozenset(), 6)
    assert folders(found)[1] == "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice"
    assert folders(found)[-1] == "/sys/fs/cgroup"


def test_both_versions_can_stand_side_by_side() -> None:
    found = hierarchies(f"{V1_MOUNTS}41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw", f"{V1_OWN}0::/\n")
    assert sorted(each.version for each in found) == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("root", "own", "expected"),
    [
        ("/", "/", ["/sys/fs/cgroup"]),  # a namespace of its own
        ("/docker/17", "/docker/17", ["/sys/fs/cgroup"]),  # the container's part of the host's tree
        ("/docker/17", "/docker/17/a", ["/sys/fs/cgroup/a", "/sys/fs/cgroup"]),
        ("/docker/17", "/docker/18", None),  # not in what is mounted
        ("/", "/../18", None),  # outside of the namespace
    ],
)
def test_a_container_sees_a_part(root: str, own: str, expected: list[str] | None) -> None:
    found = hierarchies(f"30 24 0:26 {root} /sys/fs/cgroup rw - cgroup2 cgroup rw", f"0::{own}\n")
    assert [folders(each) for each in found] == ([] if expected is None else [expected])


def test_spaces_in_mount_points_are_escaped() -> None:
    (found,) = hierarchies(r"30 24 0:26 / /my\040groups\134 rw - cgroup2 cgroup rw", "0::/\n")
    assert folders(found) == ["/my groups\\"]


def test_without_any_there_is_no_place() -> None:
    assert hierarchies(ROOT, "") == []
    assert ControlGroups("local-1", Places(), SandboxSpec()).paths == []


def test_places_are_those_that_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    name = uuid.uuid4()  # other processes try at the same time
    monkeypatch.setattr(uuid, "uuid4", lambda: name)
    for controller, place in places.__wrapped__().of.items():
        assert (place.folder / "cgroup.procs").exists()
        assert place.version == 2 or controller in str(place.folder)
        assert not list(place.folder.glob(f"claudebox-trial-{name.hex[:12]}"))


# Version 2, which this host may not have, on ordinary files.


@pytest.fixture
def group(tmp_path: Path) -> ControlGroups:
    of = {controller: Place(tmp_path, 2) for controller in ("memory", "cpu", "pids")}
    return ControlGroups("local-1", Places(of), SandboxSpec(memory_mib=512, cpus=1.5, max_processes=20))


def test_version_2_takes_all_limits_in_one_group(group: ControlGroups, tmp_path: Path) -> None:
    assert group.paths == [f"{tmp_path}/claudebox-local-1"]
    group.enclose(17)
    written = {file.name: file.read_text() for file in (tmp_path / "claudebox-local-1").iterdir()}
    # The made-up kernel counts no swap.
    assert written == {
        "memory.max": str(512 << 20),
        "cpu.max": "150000 100000",
        "pids.max": "24",
        "cgroup.procs": "17",
    }


def test_version_2_is_read(group: ControlGroups, tmp_path: Path) -> None:
    own = tmp_path / "claudebox-local-1"
    own.mkdir()
    (own / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 2000000\n")
    (own / "memory.current").write_text("1000\n")
    (own / "memory.stat").write_text("anon 500\nfile 400\ninactive_file 100\nactive_file 200\n")
    (own / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 2\n")
    usage = group.usage()
    assert (usage.cpu_s, usage.memory_bytes, usage.memory_source, usage.num_killed) == (2.5, 700, "cgroup", 2)
    # Kernels before 5.19 keep no peak.
    assert usage.memory_peak_bytes is None
    (own / "memory.peak").write_text("5000\n")
    assert group.usage().memory_peak_bytes == 5000


def real_hierarchies() -> list[Hierarchy]:
    own = [Path(f"/proc/self/{name}") for name in ("mountinfo", "cgroup")]
    return hierarchies(*(file.read_text() for file in own)) if all(file.exists() for file in own) else []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make groups anywhere")
@pytest.mark.parametrize("version", [1, 2])
def test_what_is_in_a_group_ends_with_it(version: int) -> None:
    hierarchy = next((each for each in real_hierarchies() if each.version == version), None)
    if hierarchy is None or not os.access(hierarchy.groups[-1], os.W_OK):
        pytest.skip(f"no groups of version {version} here")
    group = hierarchy.groups[-1] / f"claudebox-test-{os.getpid()}"
    group.mkdir()
    with subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"]) as process:
        (group / "cgroup.procs").write_text(str(process.pid))
        assert cgroups.remove([str(group)])
        assert process.wait() == -signal.SIGKILL
    assert not group.exists()


def test_old_groups_of_ours_that_are_empty_are_swept(tmp_path: Path) -> None:
    for name in ("claudebox-old", "claudebox-busy", "claudebox-new", "other"):
        (tmp_path / name).mkdir()
        if name != "claudebox-new":
            os.utime(tmp_path / name, (0, 0))
    # The kernel refuses to remove a group with processes as it does a folder with files.
    (tmp_path / "claudebox-busy" / "file").touch()
    os.utime(tmp_path / "claudebox-busy", (0, 0))
    sweep(tmp_path)
    assert {folder.name for folder in tmp_path.iterdir()} == {"claudebox-busy", "claudebox-new", "other"}


def test_only_groups_of_ours_are_removed(tmp_path: Path) -> None:
    for name in ("claudebox-local-1", "other"):
        (tmp_path / name).mkdir()
    assert not cgroups.remove([f"{tmp_path}/other"])
    assert cgroups.remove([f"{tmp_path}/claudebox-local-1", f"{tmp_path}/claudebox-local-2"])
    assert [folder.name for folder in tmp_path.iterdir()] == ["other"]
