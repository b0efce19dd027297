"""`claudebox-rl doctor` on the real host, and on the nodes of a real cluster."""

from __future__ import annotations

import json

import pytest
import ray

from claudebox_rl.cli.host import doctor
from claudebox_rl.cli.main import main
from claudebox_rl.config import RayConfig
from claudebox_rl.distributed import checkup
from claudebox_rl.distributed.nodes import living_nodes, on_each_node
from claudebox_rl.session.checkup.finding import Finding

TASK = "quickstart/fix-bug"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    capsys.readouterr()
    status = main(["doctor", f"task={TASK}", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_this_machine(local_sandbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = told(capsys, "sandbox=local")
    findings = {one["name"]: one for one in report["findings"]}
    assert (status, report["ok"]) == (0, True)
    assert {"open files", "memory", "disk", "clock", "kvm", "boxlite", "local", "agent", "model", "ray"} <= set(
        findings
    )
    assert findings["ray"]["seen"].startswith(f"{ray.__version__}, starts here")
    assert all(bool(one["fix"]) == (one["status"] != "ok") for one in report["findings"])


def test_what_fails_is_told_with_its_fix(local_sandbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", f"task={TASK}", "sandbox=local", "model=anthropic"]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "fail model model anthropic: set ANTHROPIC_API_KEY" in printed
    assert "fix: set what is missing where this runs; on a cluster, where `ray start` runs on each node" in printed


def test_each_node(local_sandbox: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", f"task={TASK}", "sandbox=local", "model=anthropic", "--nodes"]) == 1
    (line,) = capsys.readouterr().out.strip().splitlines()
    assert line.startswith(f"{living_nodes()[0].address}  fail; ")
    assert "model: model anthropic: set ANTHROPIC_API_KEY" in line
    assert "version:" not in line
    assert "clocks:" not in line


def test_a_node_is_a_line() -> None:
    fine, troubled = Finding("disk", "ok", "much"), Finding("clock", "warn", "late", "set it")
    assert doctor._line("10.0.0.1", [fine]).plain == "10.0.0.1  ok"
    assert doctor._line("10.0.0.1", [fine, troubled]).plain == "10.0.0.1  ok, with warnings; clock: late (fix: set it)"


def test_an_address_without_a_cluster(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    finding = checkup.check_ray(RayConfig())
    assert (finding.status, "1 nodes" in finding.seen) == ("ok", True)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    finding = checkup.check_ray(RayConfig("127.0.0.1:1"))
    monkeypatch.undo()
    assert finding.status == "fail"
    assert "nothing answers there" in finding.seen
    assert finding.fix.startswith("start it with `ray start --head --port=1`")


def test_clocks_that_differ() -> None:
    assert checkup._skew(-0.4).status == "ok"
    assert checkup._skew(-90.0).seen == "90 s behind the clock here"
    assert checkup._skew(90.0).seen == "90 s ahead of the clock here"


def test_a_function_that_fails_on_a_node_is_an_answer() -> None:
    ((node, error),) = on_each_node(json.loads, "no JSON", timeout_s=60)
    assert node == living_nodes()[0]
    assert isinstance(error, ValueError)
