from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from claudebox_rl._resources import data_dir
from claudebox_rl.errors import TaskError
from claudebox_rl.tasks import (
    Artifact,
    CollectCommand,
    SeparateMachine,
    Task,
    check_playable,
    find_tasks,
    load_task,
    shipped_suites,
)

MINIMAL = 'schema_version = "1.4"\n'
FULL = """
version = "1.0"
unknown = "ignored"
[task]
name = "org/sum"
description = "Sums."
keywords = ["a", "b"]
shiny = true
[metadata]
difficulty = "easy"
[metadata.claudebox]
host_tools = ["bash", "python3"]
[environment]
docker_image = "python:3.12-slim"
workdir = "/workspace/app"
cpus = 2
memory_mb = 512
storage_mb = 10240
gpus = 0
os = "Linux"
allow_internet = false
mcp_servers = []
[environment.env]
PLAIN = "$HOME ${not} a template"
FROM_HOST = "${CLAUDEBOX_TEST_VALUE}"
ELSE = "${CLAUDEBOX_TEST_NONE:-x:-y}"
[agent]
timeout_sec = 12.5
[verifier]
timeout_sec = 30
environment_mode = "shared"
env = { LEVEL = "${CLAUDEBOX_TEST_NONE:-}" }
[solution]
env = { SPEED = "9" }
"""


def make_task(folder: Path, config: str = MINIMAL, *, instruction: str = "Do it.\n") -> Path:
    for name in ("environment", "tests", "solution"):
        (folder / name).mkdir(parents=True)
    (folder / "task.toml").write_text(config)
    (folder / "instruction.md").write_text(instruction)
    (folder / "tests" / "test.sh").write_text("echo 1 > /logs/verifier/reward.txt\n")
    (folder / "solution" / "solve.sh").write_text("true\n")
    return folder


STEPS = """
multi_step_reward_strategy = "final"
[[steps]]
name = "one"
min_reward = 0.5
[[steps]]
name = "two"
min_reward = { reward = 1, safe = 0.25 }
[steps.agent]
timeout_sec = 30
[steps.verifier]
timeout_sec = 7
env = { B = "2" }
[verifier]
env = { A = "1" }
[agent]
timeout_sec = 20
"""


def test_a_task_of_several_steps_is_one_of_checkpoints(tmp_path: Path):
    folder = make_task(tmp_path / "sum", STEPS)
    for name in ("one", "two"):
        (folder / "steps" / name / "solution").mkdir(parents=True)
        (folder / "steps" / name / "instruction.md").write_text(f"Do {name}.\n")
        (folder / "steps" / name / "solution" / "solve.sh").write_text(f"echo {name}\n")
    (folder / "steps/two/workdir").mkdir()
    (folder / "steps/two/tests").mkdir()
    first = load_task(folder)
    assert (first.instruction, first.checkpoint, first.only_last_counts, first.agent_timeout_s) == (
        "Do one.",
        0,
        True,
        30,
    )
    assert first.tests_dirs == (folder / "tests",)
    assert (first.checkpoint_files, first.test_limits) == (None, (600.0, {"A": "1"}))
    assert (first.is_passed({"reward": 0.5}), first.is_passed({"reward": 0.4}), first.is_passed({})) == (
        True,
        False,
        False,
    )
    second = first.next_checkpoint()
    assert second is not None
    assert (second.instruction, second.checkpoint, second.next_checkpoint()) == ("Do two.", 1, None)
    assert second.tests_dirs == (folder / "tests", folder / "steps/two/tests")
    assert (second.checkpoint_files, second.test_limits) == (folder / "steps/two/workdir", (7.0, {"A": "1", "B": "2"}))
    assert (second.is_passed({"reward": 1, "safe": 0.3}), second.is_passed({"reward": 1})) == (True, False)
    assert (first.share(is_last=False), second.share(is_last=True)) == (0.0, 1.0)
    files = second.solution_files()
    assert {"one/solve.sh", "two/solve.sh", "solve.sh"} == set(files)
    assert pickle.loads(pickle.dumps(second)) == second


def test_each_step_needs_an_instruction_and_tests(tmp_path: Path):
    folder = make_task(tmp_path / "sum", '[[steps]]\nname = "one"\n')
    with pytest.raises(TaskError, match=r"steps/one/instruction\.md"):
        load_task(folder)
    (folder / "steps/one").mkdir(parents=True)
    (folder / "steps/one/instruction.md").write_text("Do it.")
    (folder / "tests/test.sh").unlink()
    with pytest.raises(TaskError, match=r"steps/one/tests/test\.sh"):
        load_task(folder)


def test_a_task_tells_what_it_is_like(tmp_path: Path):
    own = '[metadata.claudebox]\nskills = ["postgres"]\nexpected_s = 90\npass_rates = { careless = 0.25 }\n'
    task = load_task(make_task(tmp_path / "sum", own))
    assert (task.skills, task.expected_s, task.pass_rates) == (("postgres",), 90.0, {"careless": 0.25})


def test_a_minimal_task_has_harbors_defaults(tmp_path: Path):
    task = load_task(make_task(tmp_path / "sum"))
    assert task == Task("sum", (tmp_path / "sum").resolve(), "Do it.")
    assert (task.image, task.workdir, task.host_tools, task.agent_timeout_s) == (None, None, None, None)
    assert (task.verifier_timeout_s, task.network) == (600.0, "full")


def test_every_field_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLAUDEBOX_TEST_VALUE", "seen")
    monkeypatch.delenv("CLAUDEBOX_TEST_NONE", raising=False)
    folder = make_task(tmp_path / "sum", FULL)
    (folder / "solution" / "part").mkdir()
    (folder / "solution" / "part" / "x.py").write_bytes(b"\xff")
    task = load_task(folder, "suite/sum")
    assert task == Task(
        task_id="suite/sum",
        path=folder.resolve(),
        instruction="Do it.",
        image="python:3.12-slim",
        workdir="/workspace/app",
        host_tools=("bash", "python3"),
        agent_timeout_s=12.5,
        verifier_timeout_s=30.0,
        env={"PLAIN": "$HOME ${not} a template", "FROM_HOST": "seen", "ELSE": "x:-y"},
        verifier_env={"LEVEL": ""},
        solution_env={"SPEED": "9"},
        cpus=2.0,
        memory_mib=512,
        network="none",
        is_shared=True,
        name="org/sum",
        description="Sums.",
        keywords=("a", "b"),
        metadata={"difficulty": "easy", "claudebox": {"host_tools": ["bash", "python3"]}},
        unread=("unknown", "task.shiny"),
    )
    assert task.environment_files == folder.resolve() / "environment"
    assert task.solution_files() == {"solve.sh": b"true\n", "part/x.py": b"\xff"}
    assert pickle.loads(pickle.dumps(task)) == task


def test_files_of_a_dockerfile_are_not_put_into_the_working_directory(tmp_path: Path):
    folder = make_task(tmp_path / "t")
    (folder / "environment" / "Dockerfile").write_text("FROM scratch\n")
    assert load_task(folder).environment_files is None
    shutil.rmtree(folder / "environment")
    assert load_task(folder).environment_files is None


def test_a_task_without_a_solution_has_no_solution_files(tmp_path: Path):
    folder = make_task(tmp_path / "t")
    shutil.rmtree(folder / "solution")
    assert load_task(folder).solution_files() == {}


def test_marker_lines_are_taken_off_the_instruction(tmp_path: Path):
    marked = "<!-- some CANARY guid -->\n# canary 12\n\nDo it.\n\n# canary birds stay\n"
    assert load_task(make_task(tmp_path / "t", instruction=marked)).instruction == "Do it.\n\n# canary birds stay"


@pytest.mark.parametrize(
    ("settings", "network"),
    [
        ("", "full"),
        ('network_mode = "public"', "full"),
        ('network_mode = "no-network"', "none"),
        ("allow_internet = true", "full"),
        ("allow_internet = false", "none"),
        ('network_mode = "public"\nallow_internet = false', "full"),
        ('network_mode = "no-network"\n[agent]\nnetwork_mode = "no-network"', "none"),
        ('network_mode = "allowlist"', "restricted"),
    ],
)
def test_network(tmp_path: Path, settings: str, network: str):
    assert load_task(make_task(tmp_path / "t", f"[environment]\n{settings}\n")).network == network


def test_a_list_of_allowed_hosts(tmp_path: Path):
    hosts = 'allowed_hosts = ["pypi.org", "*.example.com", "8.8.8.8"]'
    settings = f'[environment]\nnetwork_mode = "allowlist"\n{hosts}\n[agent]\nnetwork_mode = "allowlist"\n{hosts}'
    task = load_task(make_task(tmp_path / "t", settings))
    assert (task.network, task.allowed_hosts) == ("restricted", ("pypi.org", "*.example.com", "8.8.8.8"))


@pytest.mark.parametrize(
    ("environment", "agent", "verifier", "networks"),
    [
        ("public", None, None, ("full", None)),
        ("public", "no-network", None, ("none", "full")),
        ("no-network", None, "public", ("none", "full")),
        ("public", "allowlist", "no-network", ("restricted", "none")),
    ],
)
def test_agent_and_verifier_may_have_networks_of_their_own(
    tmp_path: Path, environment: str, agent: str | None, verifier: str | None, networks: tuple[str, str | None]
):
    named = {"environment": environment, "agent": agent, "verifier": verifier}
    config = "".join(f'[{name}]\nnetwork_mode = "{mode}"\n' for name, mode in named.items() if mode)
    task = load_task(make_task(tmp_path / "t", config))
    assert (task.network, task.verifier_network) == networks


def test_the_verifiers_own_machine(tmp_path: Path):
    config = """
        artifacts = ["out", {source = "/data", exclude = ["*.tmp"], destination = "d"}]
        [environment]
        docker_image = "agent:1"
        workdir = "/app"
        network_mode = "no-network"
        env = {A = "1"}
        [verifier]
        user = 1000
        [verifier.environment]
        docker_image = "judge:1"
        workdir = "/judge"
        memory_mb = 512
        [[verifier.collect]]
        command = "pg_dump > /data/dump"
        timeout_sec = 5
        user = "postgres"
        """
    task = load_task(make_task(tmp_path / "t", config))
    assert task.separate == SeparateMachine(
        "judge:1", workdir="/judge", env={}, cpus=None, memory_mib=512, network="full"
    )
    assert task.artifacts == (Artifact("/logs/artifacts"), Artifact("/app/out"), Artifact("/data", ("*.tmp",)))
    assert task.collect == (CollectCommand("pg_dump > /data/dump", 5.0, "postgres"),)
    assert task.verifier_user == "1000"


def test_a_separate_machine_is_as_the_agents_where_nothing_else_is_said(tmp_path: Path):
    config = '[environment]\nnetwork_mode = "no-network"\nenv = {A = "1"}\n[verifier]\nenvironment_mode = "separate"\n'
    folder = make_task(tmp_path / "t", config)
    task = load_task(folder)
    assert task.separate == SeparateMachine(env={"A": "1"}, network="none")
    (folder / "tests" / "Dockerfile").write_text("FROM scratch\n")
    built = load_task(folder)
    assert built.separate == SeparateMachine(env={"A": "1"}, network="none", is_built=True)
    with pytest.raises(
        TaskError, match=r"(?s)tests/Dockerfile: .*task_images=IMAGES.*verifier\.environment\.docker_image"
    ):
        check_playable(built, "here", images=True, networks=frozenset({"none"}))
    (folder / "tests" / "docker-compose.yaml").write_text("services: {}\n")
    with pytest.raises(TaskError, match=r"tests/docker-compose\.yaml: .*verifier\.environment\.docker_image"):
        load_task(folder)


@pytest.mark.parametrize(("size", "mib"), [("2G", 2048), ("512M", 512), (" 1.5g ", 1536), ("2048K", 2)])
def test_the_old_spelling_of_memory(tmp_path: Path, size: str, mib: int):
    assert load_task(make_task(tmp_path / "t", f'[environment]\nmemory = "{size}"\n')).memory_mib == mib


@pytest.mark.parametrize(
    ("config", "field", "says"),
    [
        ('schema_version = "3.0"', "schema_version", "1.x and 2.x"),
        ('version = "0.9"', "version", "1.x"),
        ("schema_version = 1.4", "schema_version", "a string"),
        ('task = "sum"', "task", "a table"),
        ("[task]\nname = 3", "task.name", "a string"),
        ('[task]\nkeywords = "a"', "task.keywords", "a list of strings"),
        ("[task]\nkeywords = [1]", "task.keywords", "a list of strings"),
        ("[agent]\ntimeout_sec = -1", "agent.timeout_sec", "above 0"),
        ("[agent]\ntimeout_sec = inf", "agent.timeout_sec", "finite"),
        ("[verifier]\ntimeout_sec = 0", "verifier.timeout_sec", "above 0"),
        ("[verifier]\ntimeout_sec = nan", "verifier.timeout_sec", "finite"),
        ('[verifier]\ntimeout_sec = "60"', "verifier.timeout_sec", "a number"),
        ("[verifier]\ntimeout_sec = true", "verifier.timeout_sec", "a number"),
        ("[environment]\ncpus = 0", "environment.cpus", "above 0"),
        ("[environment]\nmemory_mb = 0.5", "environment.memory_mb", "whole number"),
        ('[environment]\nmemory = "big"', "environment.memory", "512M"),
        ('[environment]\nmemory = "1G"\nmemory_mb = 512', "environment.memory", "memory_mb says 512"),
        ('[environment]\ndocker_image = " "', "environment.docker_image", "empty"),
        ('[environment]\nworkdir = "app"', "environment.workdir", "absolute"),
        ('[environment]\nworkdir = "/app/../etc"', "environment.workdir", "absolute"),
        ("[environment]\nenv = { A = 1 }", "environment.env.A", "a string"),
        ('[environment]\nenv = { "A=B" = "1" }', "environment.env.A=B", "environment variable"),
        ('[environment]\nenv = { A = "${CLAUDEBOX_TEST_NONE}" }', "environment.env.A", "CLAUDEBOX_TEST_NONE"),
        ('[verifier]\nenv = { A = "${CLAUDEBOX_TEST_NONE}" }', "verifier.env.A", "CLAUDEBOX_TEST_NONE"),
        ('[solution]\nenv = { A = "${ANTHROPIC_API_KEY:-x}" }', "solution.env.A", "keys never enter"),
        ('[environment]\nnetwork_mode = "lan"', "environment.network_mode", "no-network, allowlist, public"),
        ('[environment]\nallowed_hosts = ["a.org"]', "environment.allowed_hosts", "allowlist"),
        ('[environment]\nnetwork_mode = "public"\nallowed_hosts = ["a.org"]', "environment.allowed_hosts", "allowlist"),
        (
            '[environment]\nnetwork_mode = "allowlist"\nallowed_hosts = ["10.0.0.0/8"]',
            "environment.allowed_hosts",
            "single addresses",
        ),
        ('[environment]\nallow_internet = "no"', "environment.allow_internet", "true or false"),
        ('steps = "one"', "steps", "must be tables"),
        ('[[steps]]\nname = "../one"', "steps[0].name", "a folder below steps/"),
        ('[[steps]]\nname = "a"\nhealthcheck = { command = "true" }', "steps[0].healthcheck", "not supported"),
        ('[[steps]]\nname = "a"\n[steps.verifier]\nuser = "bob"', "steps[0].verifier.user", "not supported"),
        ('[[steps]]\nname = "a"\n[steps.agent]\nnetwork_mode = "public"', "steps[0].agent.network_mode", "whole task"),
        (
            '[[steps]]\nname = "a"\n[steps.verifier]\nallowed_hosts = ["a.org"]',
            "steps[0].verifier.allowed_hosts",
            "whole task",
        ),
        ('multi_step_reward_strategy = "max"', "multi_step_reward_strategy", "mean or final"),
        ('[environment]\nos = "windows"', "environment.os", "only linux"),
        ("[environment]\ngpus = 1", "environment.gpus", "GPUs"),
        ('[environment.tpu]\ntype = "v6e"', "environment.tpu", "TPUs"),
        ('[[environment.mcp_servers]]\nname = "x"', "environment.mcp_servers", "MCP"),
        ('[environment]\nskills_dir = "skills"', "environment.skills_dir", "skills"),
        ('[environment.healthcheck]\ncommand = "true"', "environment.healthcheck", "health checks"),
        ('[agent]\nuser = "bob"', "agent.user", "user"),
        ("[verifier]\nuser = 1.5", "verifier.user", "a string"),
        ('[verifier]\nenvironment_mode = "own"', "verifier.environment_mode", "shared or separate"),
        (
            '[verifier]\nenvironment_mode = "shared"\n[verifier.environment]\ncpus = 1',
            "verifier.environment_mode",
            "beside a",
        ),
        ("[verifier.environment]\ngpus = 1", "verifier.environment.gpus", "GPUs"),
        ('[verifier.environment]\nos = "windows"', "verifier.environment.os", "only linux"),
        ('[[verifier.collect]]\ncommand = " "', "verifier.collect[0].command", "is empty"),
        ("[[verifier.collect]]\ntimeout_sec = 5", "verifier.collect[0].command", "is missing"),
        ('[[verifier.collect]]\ncommand = "a"\nservice = "db"', "verifier.collect[0].service", "Compose"),
        ('artifacts = ["/a/../b"]', "artifacts[0].source", "without '..'"),
        ('artifacts = ["/"]', "artifacts[0].source", "a file or a folder"),
        ('artifacts = [{ source = "/a", service = "db" }]', "artifacts[0].service", "Compose"),
        ("artifacts = [1]", "artifacts", "a list of tables"),
        ('[metadata.claudebox]\nverification = "room"', "metadata.claudebox.verification", "clean_room, in_place"),
        ("[metadata.claudebox]\nagent_tests = 1", "metadata.claudebox.agent_tests", "true or false"),
        ('[metadata.claudebox]\nhost_tool = ["bash"]', "metadata.claudebox.host_tool", "host_tools"),
        ('[metadata.claudebox]\nhost_tools = "bash"', "metadata.claudebox.host_tools", "a list of strings"),
        ("[metadata.claudebox]\nexpected_s = 0", "metadata.claudebox.expected_s", "above 0"),
        ('[metadata.claudebox.pass_rates]\na = "x"', "metadata.claudebox.pass_rates.a", "a number"),
        ("[metadata.claudebox.pass_rates]\na = 1.1", "metadata.claudebox.pass_rates.a", "between 0 and 1"),
        ('[metadata.claudebox]\nhost_tools = ["/bin/sh"]', "metadata.claudebox.host_tools", "without their folder"),
    ],
)
def test_a_bad_field_is_named(tmp_path: Path, config: str, field: str, says: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CLAUDEBOX_TEST_NONE", raising=False)
    folder = make_task(tmp_path / "t", config + "\n")
    with pytest.raises(TaskError) as caught:
        load_task(folder)
    assert (caught.value.context["file"], caught.value.context["field"]) == ("task.toml", field)
    assert str(folder.resolve() / "task.toml") in str(caught.value)
    assert field in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("config", "unread"),
    [
        ('version = "2.0"\n[metadata]\nanything = 1\n[environment]\nbuild_timeout_sec = 1\nstorage_mb = 2', ()),
        ('memory_mb = 128\nname = "t"', ("memory_mb", "name")),
        (
            '[environment]\nimage = "x:1"\ncompose_file = "y"\n[environment.runtime]\npython = "3.12"',
            ("environment.image", "environment.compose_file", "environment.runtime"),
        ),
        (
            "[agent]\nmax_turns = 30\ntimeout = 600\n[scoring]\npass_threshold = 1.0",
            ("agent.max_turns", "agent.timeout (meant: timeout_sec?)", "scoring"),
        ),
        ('[verifier]\ncommand = "bash tests/test.sh"', ("verifier.command",)),
        ("[verifier.environment]\ncpu = 2", ("verifier.environment.cpu (meant: cpus?)",)),
        ('[[verifier.collect]]\ncommand = "true"\ntimeout = 2', ("verifier.collect[0].timeout (meant: timeout_sec?)",)),
        ('artifacts = ["/a", { source = "/b", destination = "c", mode = 1 }]', ("artifacts[1].mode",)),
        ('[task]\nname = "a/b"\nauthors = [{ name = "A" }]\ndifficulty = "hard"', ("task.difficulty",)),
    ],
)
def test_keys_that_nobody_reads_are_told(tmp_path: Path, config: str, unread: tuple[str, ...]):
    assert load_task(make_task(tmp_path / "t", config + "\n")).unread == unread


def test_keys_of_harbor_alone_are_in_the_shipped_tasks():
    assert [task.task_id for task in find_tasks(shipped_suites()) if task.unread] == []


def _remove(name: str):
    return lambda folder: (folder / name).unlink()


def _write(name: str, content: bytes):
    return lambda folder: (folder / name).write_bytes(content)


def _link(name: str, target: str):
    return lambda folder: (folder / name).symlink_to(target)


@pytest.mark.parametrize(
    ("damage", "file", "says"),
    [
        (_remove("task.toml"), "task.toml", "No such file"),
        (_write("task.toml", b"a = 1\nb = \n"), "task.toml", "line 2"),
        (_write("task.toml", b"a = '\xff'"), "task.toml", "UTF-8"),
        (_remove("instruction.md"), "instruction.md", "No such file"),
        (_write("instruction.md", b" \n\n"), "instruction.md", "empty"),
        (_write("instruction.md", b"# canary\n"), "instruction.md", "empty"),
        (_write("instruction.md", b"\xff"), "instruction.md", "UTF-8"),
        (_remove("tests/test.sh"), "tests/test.sh", "missing"),
        (_write("environment/docker-compose.yaml", b"x"), "environment/docker-compose.yaml", "Compose"),
        (_write("trajectory.json", b"[]"), "trajectory.json", "trajectory"),
        (_write("tests/.harborignore", b"*"), "tests/.harborignore", "ignore files"),
        (_link("tests/passwd", "/etc/passwd"), "tests/passwd", "leaves the task"),
        (_link("solution/up", "../../.."), "solution/up", "leaves the task"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, damage, file: str, says: str):
    folder = make_task(tmp_path / "t")
    damage(folder)
    with pytest.raises(TaskError) as caught:
        load_task(folder)
    assert (caught.value.context["file"], caught.value.context["field"]) == (file, None)
    assert str(folder.resolve() / file) in str(caught.value)
    assert says in str(caught.value)


def test_a_syntax_error_has_its_line(tmp_path: Path):
    with pytest.raises(TaskError) as caught:
        load_task(make_task(tmp_path / "t", "a = 1\n\nb = [\n\nc"))
    assert caught.value.context["line"] == 5


class TestFindTasks:
    def test_a_suite_a_task_and_a_list(self):
        suite = find_tasks("quickstart")
        assert len(suite) >= 6
        assert [task.task_id for task in suite] == sorted(task.task_id for task in suite)
        assert find_tasks("quickstart/fix-bug") == [task for task in suite if task.path.name == "fix-bug"]
        order = [task.task_id for task in find_tasks(["quickstart/refactor", "quickstart", "quickstart/fix-bug"])]
        assert order == ["quickstart/refactor", *(t.task_id for t in suite if t.path.name != "refactor")]

    def test_paths(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        two, one = make_task(tmp_path / "many" / "two"), make_task(tmp_path / "many" / "one")
        (tmp_path / "many" / "not-a-task").mkdir()
        assert [task.task_id for task in find_tasks(str(tmp_path / "many"))] == ["one", "two"]
        mixed = find_tasks([str(two), str(tmp_path / "many"), "quickstart/fix-bug"])
        assert [task.path for task in mixed[:2]] == [two.resolve(), one.resolve()]
        monkeypatch.chdir(tmp_path / "many")
        assert [task.task_id for task in find_tasks("./two")] == ["two"]
        monkeypatch.chdir(two)
        assert [task.task_id for task in find_tasks(".")] == ["two"]

    def test_a_shipped_task_keeps_its_name_when_found_by_path(self):
        by_path = find_tasks(str(data_dir("envs") / "quickstart" / "fix-bug"))
        assert by_path == find_tasks("quickstart/fix-bug")

    @pytest.mark.parametrize(
        "selector", ["quickstrat", "quickstart/nope", "", "/nope", "../envs", [], ["quickstart", "x"]]
    )
    def test_an_unknown_name_lists_the_known_ones(self, selector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(TaskError, match=r"known suites: .*quickstart.*path of a task folder"):
            find_tasks(selector)

    @pytest.mark.parametrize("selector", ["quickstrat", "quickstart/nope"])
    def test_the_tasks_of_the_suite_that_was_meant_are_listed(self, selector: str):
        with pytest.raises(TaskError, match=r"tasks of quickstart: .*quickstart/fix-bug") as caught:
            find_tasks(selector)
        assert "bugfix/" not in str(caught.value)

    def test_an_empty_folder_is_no_suite(self, tmp_path: Path):
        with pytest.raises(TaskError, match="unknown task"):
            find_tasks(str(tmp_path))

    def test_two_tasks_of_one_name_are_refused(self, tmp_path: Path):
        paths = [str(make_task(tmp_path / folder / "same")) for folder in ("a", "b")]
        with pytest.raises(TaskError, match="two tasks are called 'same'"):
            find_tasks(paths)


class TestCheckPlayable:
    NONE, BOTH = frozenset({"none"}), frozenset({"none", "full"})

    def _task(self, tmp_path: Path, **changes) -> Task:
        return Task("t", tmp_path, "Do it.", network="none", **changes)

    def _refused(self, task: Task, *, images: bool, networks: frozenset[str] = BOTH) -> TaskError:
        with pytest.raises(TaskError) as caught:
            check_playable(task, "here", images=images, networks=networks)
        assert "task t can't be played" in str(caught.value)
        return caught.value

    def test_an_image_needs_a_backend_with_images(self, tmp_path: Path):
        task = self._task(tmp_path, image="debian:12")
        check_playable(task, "here", images=True, networks=self.NONE)
        error = self._refused(task, images=False)
        assert error.context["field"] == "environment.docker_image"
        assert "sandbox=boxlite" in str(error)
        assert "sandbox=here" in str(error)
        with pytest.raises(TaskError, match=r"skopeo copy docker://debian:12 oci:IMAGES/.*sandbox\.task_images=IMAGES"):
            check_playable(task, "here", images=False, networks=self.NONE, layouts=True)

    def test_host_tools_stand_in_for_the_image(self, tmp_path: Path):
        check_playable(self._task(tmp_path, image="x", host_tools=("sh",)), "here", images=False, networks=self.NONE)
        error = self._refused(self._task(tmp_path, host_tools=("sh", "no-such-program")), images=False)
        assert "no-such-program" in str(error)
        assert error.context["field"] == "metadata.claudebox.host_tools"

    def test_a_dockerfile_must_have_been_built(self, tmp_path: Path):
        (tmp_path / "environment").mkdir()
        (tmp_path / "environment" / "Dockerfile").write_text("FROM scratch\n")
        for images in (True, False):
            error = self._refused(self._task(tmp_path, host_tools=("sh",)), images=images)
            assert error.context["file"] == "environment/Dockerfile"
            assert "environment.docker_image" in str(error)
            assert "docker build -t" in str(error)
            assert f"skopeo copy docker-daemon:{tmp_path.name.lower()}:latest oci:IMAGES/{tmp_path.name}" in str(error)
            assert "sandbox.task_images=IMAGES" in str(error)
        check_playable(self._task(tmp_path), "here", images=True, networks=self.NONE, is_given=True)
        built = self._task(tmp_path, image="built:1", host_tools=("sh",))
        check_playable(built, "here", images=True, networks=self.NONE)
        assert "from its Dockerfile" in str(self._refused(built, images=False))

    def test_without_images_only_the_workspace_can_be_worked_in(self, tmp_path: Path):
        check_playable(self._task(tmp_path, workdir="/workspace/x"), "here", images=False, networks=self.NONE)
        check_playable(self._task(tmp_path, workdir="/app"), "here", images=True, networks=self.NONE)
        assert "/app" in str(self._refused(self._task(tmp_path, workdir="/app"), images=False))

    def test_the_network(self, tmp_path: Path):
        task = Task("t", tmp_path, "Do it.", network="full")
        check_playable(task, "here", images=True, networks=self.BOTH)
        error = self._refused(task, images=True, networks=self.NONE)
        assert error.context["field"] == "environment.network_mode"
        assert "needs the network" in str(error)

    def test_the_verifiers_user_needs_a_backend_with_users(self, tmp_path: Path):
        for changes in ({"verifier_user": "root"}, {"collect": (CollectCommand("true", user="root"),)}):
            task = self._task(tmp_path, image="x", **changes)
            check_playable(task, "here", images=True, networks=self.NONE, users=True)
            assert "runs commands as root" in str(self._refused(task, images=True))

    def test_the_verifiers_network_and_image(self, tmp_path: Path):
        task = self._task(tmp_path, image="x", verifier_network="full")
        check_playable(task, "here", images=True, networks=self.BOTH)
        error = self._refused(task, images=True, networks=self.NONE)
        assert error.context["field"] == "verifier.network_mode"
        task = self._task(tmp_path, image="x", separate=SeparateMachine("y", network="none"))
        with pytest.raises(TaskError, match="image of its own"):
            check_playable(task, "here", images=True, networks=self.NONE, verifier_image=False)
