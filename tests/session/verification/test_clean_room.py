"""Verdicts of real machines, on agents that try to have a say in them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import SandboxStartError, SandboxUnavailableError, TaskError, VerifierError
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.unsafe import UnsafeSandbox
from claudebox_rl.tasks import Task, load_task

# Right is an answer of 42; the verdict is by programs that an agent could replace in its own machine.
TEST = """
cd "$CLAUDEBOX_ROOT/workspace"
if [ "$(python3 -c 'import answer; print(answer.value())')" = 42 ]; then reward=1; else reward=0; fi
echo $reward > "$CLAUDEBOX_ROOT/logs/verifier/reward.txt"
"""
MakeTask = Callable[..., Task]


@pytest.fixture
def make_task(tmp_path: Path) -> MakeTask:
    def make(test: str = TEST, claudebox: str = "", **files: str) -> Task:
        for name, text in {
            "instruction.md": "Do it.",
            "task.toml": '[environment]\nworkdir = "/workspace"\nnetwork_mode = "no-network"\n'
            f"[metadata.claudebox]\n{claudebox}\n",
            "tests/test.sh": test,
            "environment/answer.py": "def value():\n    return 0\n",
            "environment/tests/test_answer.py": "original",
            **files,
        }.items():
            path = tmp_path / "task" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load_task(tmp_path / "task")

    return make


def session(task: Task, sandbox: str = "local") -> ClaudeBox:
    return ClaudeBox(task, agent="nop", sandbox=sandbox, enable_logging=False)


async def act(box: ClaudeBox, script: str) -> None:
    done = await box.sandbox.exec(["bash", "-ec", script], timeout_s=60)
    assert done.exit_code == 0, done.stderr.decode()


def machines(home: Path) -> list[Path]:
    return list((home / "machines").glob("*.json"))


SOLVE = "sed -i 's/return 0/return 42/' answer.py"
HOOK = "print(42, flush=True); import os; os._exit(0)"
CHEATS = {
    "writes the reward": """
        mkdir -p /logs/verifier; echo 1 > /logs/verifier/reward.txt; echo 1 > /logs/verifier/reward.json
    """,
    "a daemon that rewrites the reward": """
        setsid bash -c 'while true; do mkdir -p /logs/verifier
        echo 1 | tee /logs/verifier/reward.txt > /logs/verifier/reward.json; done' > /dev/null 2>&1 &
    """,
    "a daemon that solves it only while it is judged": """
        setsid bash -c 'until [ -e /tests/test.sh ]; do :; done
        sed -i s/return.0/return\\ 42/ /workspace/answer.py' > /dev/null 2>&1 &
    """,
    "python3 and bash in the folder": """
        for name in python3 bash sh cat; do printf '#!/bin/sh\necho 42\n' > $name; chmod 755 $name; done
        mkdir bin; cp python3 bin
    """,
    "programs and start-up files in the home folder": r"""
        mkdir -p ~/bin ~/.local/bin; printf '#!/bin/sh\necho 42\n' | tee ~/bin/python3 > ~/.local/bin/python3
        chmod 755 ~/bin/python3 ~/.local/bin/python3
        for file in .bashrc .profile .bash_profile .bash_login; do
          echo 'PATH=~/bin:$PATH; export LD_PRELOAD=/tmp/evil.so' > ~/$file
        done
    """,
    "a hook in the home folder": f"""
        d=$(python3 -c 'import site; print(site.getusersitepackages())'); mkdir -p $d
        echo '{HOOK}' | tee $d/sitecustomize.py > $d/usercustomize.py
    """,
    "a hook in the folder": f"echo '{HOOK}' | tee sitecustomize.py > usercustomize.py",
    "bytecode beside the source": """
        sed s/0/42/ answer.py > /tmp/answer.py
        python3 -c "import py_compile as p; p.compile('/tmp/answer.py', p.importlib.util.cache_from_source('answer.py'),
          invalidation_mode=p.PycInvalidationMode.UNCHECKED_HASH)"
    """,
    "tests of its own": "mkdir -p /tests; echo 'echo 1 > /logs/verifier/reward.txt' > /tests/test.sh",
    "links in the places of folders": """
        mkdir -p mine; echo 1 > mine/reward.txt; rm -rf /logs/verifier; ln -s /workspace/mine /logs/verifier
    """,
}
FOOLS_IN_PLACE = {
    "a daemon that rewrites the reward",
    "a daemon that solves it only while it is judged",
    "a hook in the home folder",
    "bytecode beside the source",
}


@pytest.mark.parametrize("cheat", CHEATS)
async def test_a_cheat_gains_nothing(local_sandbox: str, make_task: MakeTask, cheat: str) -> None:
    async with session(make_task()) as box:
        await act(box, CHEATS[cheat])
        assert (await box.verify()).reward == 0.0
    async with session(make_task(claudebox='verification = "in_place"')) as box:
        await act(box, CHEATS[cheat])
        try:
            is_fooled = (await box.verify()).reward != 0.0
        except VerifierError:  # the daemon wrote at that very moment
            is_fooled = True
        assert is_fooled == (cheat in FOOLS_IN_PLACE), "what shows that it is one"


async def test_work_is_carried_to_the_room_whole(local_sandbox: str, make_task: MakeTask) -> None:
    """Modes, links, deletions, binary files and odd names, and links stay what they are."""
    listing = "find . -mindepth 1 -printf '%y %m %s %l %p\\n' | sort; find . -type f -print0 | sort -z | xargs -0 cat"
    test = f"{listing} > /logs/verifier/listing; cat /logs/verifier/listing; echo 1 > /logs/verifier/reward.txt"
    task = make_task(test, "agent_tests = true", **{"environment/gone": "x", "environment/kept/deep": "y"})
    async with session(task) as box:
        await act(
            box,
            r"""
            rm gone; ln -s /etc/shadow out; ln -s ../../.. up; ln -s nowhere dangling; printf '\0\377' > binary
            mkdir -m 700 d; echo 1 > d/f; chmod 4711 d/f; echo 2 > 'a b'; ln kept/deep hard; printf x > $'new\nline'
            mkdir ro; echo 3 > ro/f; chmod 555 ro; chmod 600 answer.py; rm -r tests; echo file > tests; mkdir empty
            """,
        )
        there = await box.sandbox.exec(["bash", "-c", listing])
        verdict = await box.verify()
        assert "/etc/shadow" in verdict.output
        assert verdict.output == there.text
        assert verdict.reward == 1.0


async def test_nothing_is_written_through_a_link(local_sandbox: str, make_task: MakeTask, tmp_path: Path) -> None:
    """A link in the place of a folder of the task, whose files are elsewhere then."""
    task = make_task("ls -d /workspace/kept/* /tmp/elsewhere/*; echo 0 > /logs/verifier/reward.txt",
                     **{"environment/kept/deep": "y"})  # fmt: skip
    async with session(task) as box:
        await act(box, "rm -r kept; mkdir /tmp/elsewhere; ln -s /tmp/elsewhere kept; echo bad > kept/file")
        assert "/file" not in (await box.verify()).output


async def test_tests_of_the_agent_do_not_count_unless_the_task_says_so(local_sandbox: str, make_task: MakeTask) -> None:
    test = "cat /workspace/tests/test_answer.py; ls /workspace; echo 0 > /logs/verifier/reward.txt"
    for claudebox, seen in (("", ["original", "answer.py", "tests"]),
                            ("agent_tests = true", ["changed", "answer.py", "conftest.py", "tests"])):  # fmt: skip
        async with session(make_task(test, claudebox)) as box:
            await act(box, "printf 'changed\\n' > tests/test_answer.py; touch conftest.py; echo > /tmp/x")
            assert (await box.verify()).output.replace("original", "original\n").split() == seen


async def test_what_is_judged_is_not_what_comes_later(local_sandbox: str, make_task: MakeTask) -> None:
    async with session(make_task()) as box:
        await act(box, SOLVE)
        assert (await box.verify()).reward == 1.0
        await act(box, "sed -i 's/42/41/' answer.py")
        assert (await box.verify()).reward == 0.0
        await act(box, SOLVE.replace("0", "41"))
        assert (await box.verify()).reward == 1.0
        assert (await box.sandbox.exec(["ls", "-A", "/tests"])).stdout == b""


async def test_in_place_is_judged_where_the_agent_was(local_sandbox: str, make_task: MakeTask) -> None:
    test = 'kill -0 "$(cat /tmp/server)" && echo 1 > /logs/verifier/reward.txt'
    for claudebox, mode in (('verification = "in_place"', "in_place"), ("", "clean_room")):
        async with session(make_task(test, claudebox)) as box:
            await act(box, "sleep 100 > /dev/null 2>&1 & echo $! > /tmp/server")
            assert box.verification == mode
            if mode == "in_place":
                assert (await box.verify()).reward == 1.0
                await act(box, 'kill -0 "$(cat /tmp/server)"')
            else:
                with pytest.raises(VerifierError, match="neither"):
                    await box.verify()


async def test_judged_code_that_goes_on_is_ended_before_the_reward_is_read(
    local_sandbox: str, make_task: MakeTask
) -> None:
    test = """
    echo 0 > /logs/verifier/reward.txt
    setsid bash -c 'sleep 0.1; while true; do echo 1 > /logs/verifier/reward.json; done' > /dev/null 2>&1 &
    """
    async with session(make_task(test)) as box:
        assert (await box.verify()).reward == 0.0


async def test_judged_code_that_ends_the_verifier_gives_no_verdict(local_sandbox: str, make_task: MakeTask) -> None:
    for victim in ("$$", "$PPID"):
        test = f"echo 1 > /logs/verifier/reward.txt; bash -c 'kill -9 {victim}' & kill -9 {victim}; sleep 5"
        async with session(make_task(test)) as box:
            with pytest.raises(VerifierError, match="killed by signal 9"):
                await box.verify()


async def test_a_reward_that_is_a_link_is_none(local_sandbox: str, make_task: MakeTask) -> None:
    test = "echo 1 > /tmp/one; ln -s /tmp/one /logs/verifier/reward.txt"
    async with session(make_task(test)) as box:
        with pytest.raises(VerifierError, match=r"reward\.txt is not a regular file"):
            await box.verify()


async def test_the_room_has_no_network(local_sandbox: str, make_task: MakeTask) -> None:
    test = "env | grep -i proxy; echo proxies: $?; echo 1 > /logs/verifier/reward.txt"
    settings = {"name": "local", "network": "restricted", "allowed_hosts": ["example.com"]}
    async with ClaudeBox(make_task(test), agent="nop", sandbox=settings, enable_logging=False) as box:
        assert "proxy" in (await box.sandbox.exec(["bash", "-c", "env | grep -i proxy"])).text.lower()
        assert (await box.verify()).output == "proxies: 1\n"


async def test_a_kept_session_is_judged_by_all_that_is_there(local_sandbox: str, make_task: MakeTask) -> None:
    task = make_task(**{"environment/gone": "x"})
    async with ClaudeBox(task, agent="nop", sandbox="local", session_id="s-judged") as box:
        await act(box, f"{SOLVE}; rm gone")
    async with ClaudeBox.reconnect("s-judged") as box:
        assert (await box.verify()).reward == 1.0
        await act(box, "sed -i s/42/41/ answer.py")
        assert (await box.verify()).reward == 0.0


async def test_a_kept_session_is_judged_beside_the_tasks_own_tests(local_sandbox: str, make_task: MakeTask) -> None:
    task = make_task("find . -type f | sort; cat tests/test_answer.py; echo 0 > /logs/verifier/reward.txt",
                     **{"environment/gone": "x"})  # fmt: skip
    async with ClaudeBox(task, agent="nop", sandbox="local", session_id="s-tests") as box:
        await act(box, "rm gone; rm -r tests; echo 1 > made; echo > test_mine.py")
    async with ClaudeBox.reconnect("s-tests") as box:
        seen = (await box.verify()).output.split()
    assert seen == ["./answer.py", "./made", "./tests/test_answer.py", "original"]


async def test_a_fork_is_judged_by_its_own_work(local_sandbox: str, make_task: MakeTask) -> None:
    async with session(make_task()) as box:
        await act(box, SOLVE)
        (heir,) = await box.fork()
        async with heir:
            assert (await heir.verify()).reward == 1.0
            await act(heir, "sed -i s/42/41/ answer.py")
            assert (await heir.verify()).reward == 0.0
        assert (await box.verify()).reward == 1.0


async def test_no_room_is_left(
    local_sandbox: str, make_task: MakeTask, home_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(machines(home_folder))

    def more() -> int:
        return len(set(machines(home_folder)) - before)

    async with session(make_task()) as box:
        assert more() == 1
        await box.verify()
        assert more() == 1
        box.expect_verdict()
    assert more() == 0, "one that was made ready for nothing"
    box = session(make_task("sleep 60"))
    await box.open()
    judging = asyncio.create_task(box.verify())
    await asyncio.sleep(0.7)
    assert more() == 2
    judging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await judging
    assert more() == 1
    await box.close()
    assert more() == 0


async def test_a_room_that_dies_or_does_not_start_is_no_verdict(
    local_sandbox: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(make_task("sleep 60")) as box:
        rooms: list[LocalSandbox] = []
        start = LocalSandbox.start

        async def noted(self: LocalSandbox) -> None:
            rooms.append(self)
            await start(self)

        monkeypatch.setattr(LocalSandbox, "start", noted)
        judging = asyncio.create_task(box.verify())
        await asyncio.sleep(0.7)
        assert rooms[0]._machine is not None
        os.kill(rooms[0]._machine.supervisor_pid() or 0, 9)
        with pytest.raises(SandboxUnavailableError):
            await judging

        async def refuse(self: LocalSandbox) -> None:
            raise SandboxStartError("no room")

        monkeypatch.setattr(LocalSandbox, "start", refuse)
        with pytest.raises(SandboxStartError, match="no room"):
            await box.verify()


async def test_a_backend_that_runs_no_programs(make_task: MakeTask) -> None:
    async with session(make_task(), "fake") as box:
        assert box.verification == "in_place"
    with pytest.raises(TaskError, match="runs no programs"):
        await session(make_task(claudebox='verification = "clean_room"'), "fake").open()


async def test_a_machine_whose_files_cannot_be_listed_is_refused_at_the_start(
    local_sandbox: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claudebox_rl.session.final_state.listing._FIELDS", "%")
    monkeypatch.setattr("claudebox_rl.session.final_state.listing.TIMEOUT_S", 0.000001)
    with pytest.raises(TaskError, match="find and tar of GNU"):
        await session(make_task()).open()
    async with session(make_task(claudebox='verification = "in_place"')) as box:
        assert (await box.verify()).reward == 0.0


async def test_unsafe_has_a_room_too(make_task: MakeTask) -> None:
    async with session(make_task(), UnsafeSandbox.name) as box:
        assert box.verification == "clean_room"
        await act(box, f"echo 1 > {box.sandbox.root}/logs/reward.txt")
        assert (await box.verify()).reward == 0.0
        await act(box, SOLVE)
        assert (await box.verify()).reward == 1.0
