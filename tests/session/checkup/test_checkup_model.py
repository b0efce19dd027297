"""The agent's program, and models' servers that answer, refuse and are not there."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from claudebox_rl.config import AgentConfig, ModelConfig
from claudebox_rl.session.checkup.finding import Finding
from claudebox_rl.session.checkup.model import check_agent, check_model
from claudebox_rl.tasks import find_tasks

KEY = "sk-ant-never-shown"
Serve = Callable[[int], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server whose every answer has one status."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(status: int) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/messages/count_tokens"
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                return

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


async def look(url: str) -> Finding:
    (task,) = find_tasks("quickstart/fix-bug")
    return await check_model(ModelConfig("anthropic", options={"base_url": url}), AgentConfig(), task)


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (200, "ok", "answers, and takes the key"),
        (401, "fail", "the key is refused (401)"),
        (404, "warn", "knows no such model or counts no tokens"),
        (500, "warn", "an error (500)"),
        (503, "fail", "no answer (503)"),
    ],
)
async def test_a_server(serve: Serve, monkeypatch: pytest.MonkeyPatch, answer: int, status: str, says: str) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    finding = await look(serve(answer))
    assert (finding.status, says in finding.seen) == (status, True)
    assert KEY not in str(finding)
    assert bool(finding.fix) == (status != "ok")


async def test_where_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    finding = await look(f"http://127.0.0.1:{port}")
    assert finding.status == "fail"
    assert "no answer" in finding.seen
    assert "base_url" in finding.fix


async def test_a_missing_key_is_named_with_the_place_to_set_it() -> None:
    finding = await look("http://127.0.0.1:1")
    assert finding.status == "fail"
    assert "ANTHROPIC_API_KEY" in finding.seen
    assert "`ray start`" in finding.fix


async def test_models_and_agents_that_need_no_server() -> None:
    (task,) = find_tasks("quickstart/fix-bug")
    assert (await check_model(ModelConfig(), AgentConfig(), task)).seen == "oracle answers in this process"
    assert (await check_model(ModelConfig("anthropic"), AgentConfig("nop"), task)).seen == "agent nop asks none"


def test_the_real_cli_says_its_version_and_where_it_lies() -> None:
    finding = check_agent(AgentConfig())
    assert finding.status == "ok"
    assert finding.seen.startswith("2.1.330 (Claude Code), /")
    assert finding.seen.endswith("claude_agent_sdk/_bundled/claude")
    assert check_agent(AgentConfig("nop")).seen == "nop, which needs no program"


def test_a_cli_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claudebox_rl.agent.claude_command.find_spec", lambda name: None)
    finding = check_agent(AgentConfig())
    assert finding.status == "fail"
    assert finding.fix.startswith("pip install 'claude-agent-sdk==")
