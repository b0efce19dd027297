"""Trees as hostile commands leave them: locked, linked, and deeper than any recursion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._tree import remove_tree, visit
from claudebox_rl.sandbox.local import LocalSandbox

DEEP = "import os\nfor i in range(3000):\n    os.mkdir('d'); os.chdir('d')\nopen('file', 'w').write('x' * 8192)"


def make_deep(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", DEEP], cwd=folder, check=True)


def owners_of_files(folder: Path) -> list[int]:
    argv = ["find", folder, "-name", "file", "-printf", "%U\\n"]
    return [int(line) for line in subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()]


def test_locked_folders_are_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    state = tmp_path / "state"
    (state / "locked" / "deep").mkdir(parents=True)
    (state / "link").symlink_to(outside)
    (state / "locked" / "deep").chmod(0)
    (state / "locked").chmod(0)
    remove_tree(state)
    remove_tree(state)
    assert not state.exists()
    assert outside.is_dir()


def test_a_link_is_no_tree(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    with pytest.raises(OSError, match="link"):
        remove_tree(tmp_path / "link")
    assert (tmp_path / "kept").is_dir()


def test_depth_is_no_obstacle(tmp_path: Path) -> None:
    make_deep(tmp_path)
    remove_tree(tmp_path / "d")
    assert list(tmp_path.iterdir()) == []


def test_every_folder_is_entered_and_left_once(tmp_path: Path) -> None:
    for name in ("a/b", "a/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    entered, left = 0, list[str]()

    def enter(here: int) -> list[str]:
        nonlocal entered
        entered += 1
        return os.listdir(here)

    visit(tmp_path, enter, lambda parent, name: left.append(name))
    assert entered == 5
    assert sorted(left) == ["a", "b", "c", "d"]
    assert left.index("a") > max(left.index("b"), left.index("c"))


@pytest.mark.usefixtures("local_sandbox")
async def test_a_sandbox_ends_whatever_depth_was_made_in_it(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    owner = workspace.stat().st_uid
    async with LocalSandbox(SandboxSpec(workspace=workspace)) as sandbox:
        result = await sandbox.exec(["python3", "-c", DEEP])
        assert result.exit_code == 0, result.stderr
        await sandbox.exec(["python3", "-c", DEEP], cwd="/logs")
        assert (await sandbox.metrics()).num_commands == 2
    assert owners_of_files(workspace) == [owner]
    remove_tree(workspace)
