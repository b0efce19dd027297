"""What Harbor's fields on verification ask for, on real machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import TaskError, VerifierError
from claudebox_rl.sandbox import SandboxSpec, sandbox_class
from claudebox_rl.session.verification import artifacts
from claudebox_rl.session.verification.room import room_spec
from claudebox_rl.tasks import Task, load_task

SEEN = """
pwd; cd /; for path in workspace logs/artifacts tmp/out tmp/one; do [ -e $path ] && find $path ! -type d; done
echo "level $LEVEL"; echo 1 > /logs/verifier/reward.txt
"""
MakeTask = Callable[..., Task]


@pytest.fixture
def make_task(tmp_path: Path) -> MakeTask:
    def make(config: str, test: str = SEEN) -> Task:
        for name, text in {
            "instruction.md": "Do it.",
            "task.toml": config,
            "tests/test.sh": test,
            "environment/given": "x",
        }.items():
            path = tmp_path / "task" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load_task(tmp_path / "task")

    return make


def session(task: Task, sandbox: str = "local") -> ClaudeBox:
    return ClaudeBox(task, agent="nop", sandbox=sandbox, enable_logging=False)


ENVIRONMENT = '[environment]\nworkdir = "/workspace"\nnetwork_mode = "no-network"\nenv = {LEVEL = "7"}\n'
WORK = """
mkdir -p /logs/artifacts /tmp/out/deep; echo 1 > /workspace/made; echo 1 > /tmp/out/deep/a; echo 1 > /tmp/out/b.tmp
echo 1 > /tmp/one; echo 1 > /tmp/other; echo 1 > /logs/artifacts/log; ln -s /etc/passwd /tmp/out/link
"""


async def seen_after(task: Task, work: str = WORK) -> list[str]:
    async with session(task) as box:
        done = await box.sandbox.exec(["bash", "-ec", work])
        assert done.exit_code == 0, done.stderr
        return (await box.verify()).output.splitlines()


async def test_artifacts_are_carried_beside_the_working_directory(local_sandbox: str, make_task: MakeTask) -> None:
    config = 'artifacts = ["/tmp/one", {source = "/tmp/out", exclude = ["*.tmp"]}, "/tmp/missing", "made"]\n'
    assert sorted(await seen_after(make_task(config + ENVIRONMENT))) == sorted(
        ["workspace/given", "workspace/made", "tmp/out/deep/a", "tmp/out/link", "tmp/one", "/workspace", "level 7"]
    )


async def test_a_separate_verifier_gets_the_artifacts_alone(local_sandbox: str, make_task: MakeTask) -> None:
    config = f'artifacts = ["/tmp/one"]\n{ENVIRONMENT}[verifier]\nenvironment_mode = "separate"\n'
    assert await seen_after(make_task(config)) == [
        "/workspace", "workspace/given", "logs/artifacts/log", "tmp/one", "level 7",
    ]  # fmt: skip
    own = """
    [metadata.claudebox]
    host_tools = ["bash"]
    [verifier.environment]
    docker_image = "judge:1"
    workdir = "/tmp"
    network_mode = "no-network"
    """
    assert await seen_after(make_task(ENVIRONMENT + own)) == ["/tmp", "logs/artifacts/log", "level "]


async def test_collect_commands_see_the_agents_machine(
    local_sandbox: str, make_task: MakeTask, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = '[[verifier.collect]]\ncommand = "cp /tmp/one kept"\n[[verifier.collect]]\ncommand = "exit 3"\n'
    assert "workspace/kept" in await seen_after(make_task(ENVIRONMENT + hooks))
    assert "exit code 3" in caplog.text
    in_place = '[metadata.claudebox]\nverification = "in_place"\n'
    assert "workspace/kept" in await seen_after(make_task(ENVIRONMENT + hooks + in_place))


@pytest.mark.parametrize(
    ("work", "carried"),
    [
        ("head -c 2000000 /dev/zero > /tmp/out/zeros", []),
        ("truncate -s 200M /tmp/out/zeros", []),
        ("echo 1 > /tmp/out/shut; chmod 000 /tmp/out/shut; echo 1 > /tmp/out/open", ["tmp/out/open"]),
        ("mkdir /tmp/out/shut; echo 1 > /tmp/out/shut/x; chmod 000 /tmp/out/shut; mkfifo /tmp/out/pipe", []),
        ("cd /tmp/out; for _ in $(seq 25); do n=$(printf %0200d 1); mkdir $n; cd $n; done; echo > x", []),
        ("rmdir /tmp/out; echo 1 > /tmp/out", ["tmp/out"]),
        ("rmdir /tmp/out; ln -s /etc /tmp/out", ["tmp/out"]),
        ("chmod 000 /tmp/out", []),
    ],
)
async def test_an_artifact_that_cannot_be_carried_is_left_out(
    local_sandbox: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch, work: str, carried: list[str]
) -> None:
    monkeypatch.setattr(artifacts, "MOST_BYTES", 1 << 20)
    task = make_task(f'artifacts = ["/tmp/out"]\n{ENVIRONMENT}')
    seen = await seen_after(task, f"mkdir /tmp/out; {work}")
    assert [path for path in seen if path.startswith("tmp/out")] == carried


async def test_an_artifact_that_has_no_place_is_no_verdict(local_sandbox: str, make_task: MakeTask) -> None:
    with pytest.raises(VerifierError, match=r"can't be put in place: .*Read-only"):
        await seen_after(make_task(f'artifacts = ["/usr/bin/env"]\n{ENVIRONMENT}'), ":")


@pytest.mark.parametrize(
    ("config", "asked", "most", "network"),
    [
        (ENVIRONMENT, "full", None, "none"),
        ('[environment]\nnetwork_mode = "public"\n', "full", None, "full"),
        ('[environment]\nnetwork_mode = "public"\n', "none", "none", "none"),
        ('[environment]\nnetwork_mode = "public"\n[verifier]\nnetwork_mode = "no-network"\n', "full", None, "none"),
        (ENVIRONMENT + '[verifier]\nnetwork_mode = "public"\n', "none", None, "full"),
        (ENVIRONMENT + '[verifier]\nnetwork_mode = "public"\n', "none", "none", "none"),
        (ENVIRONMENT + "[verifier.environment]\ncpus = 1\n", "none", None, "full"),
    ],
)
def test_the_network_of_the_room(make_task: MakeTask, config: str, asked, most, network: str) -> None:
    sandbox = sandbox_class("local")(SandboxSpec(network=asked))
    assert room_spec(sandbox, make_task(config), most).network == network


async def test_what_a_room_alone_can_give_is_not_judged_in_place(local_sandbox: str, make_task: MakeTask) -> None:
    for config, says in (
        ('[verifier]\nnetwork_mode = "public"\n[metadata.claudebox]\nverification = "in_place"\n', "another network"),
        ('[verifier]\nenvironment_mode = "shared"\nnetwork_mode = "public"\n', "another network"),
        ('[verifier.environment]\ncpus = 1\n[metadata.claudebox]\nverification = "in_place"\n', "separate verifier"),
    ):
        with pytest.raises(TaskError, match=says):
            await session(make_task(ENVIRONMENT + config)).open()
    async with session(make_task(f'{ENVIRONMENT}[verifier]\nenvironment_mode = "shared"\n')) as box:
        assert box.verification == "in_place"
