"""Whether the agent's program is there and its model answers."""

from __future__ import annotations

import subprocess
import tempfile

from claudebox_rl.agent import agent_class
from claudebox_rl.agent.claude_command import cli_mount
from claudebox_rl.config import AgentConfig, ModelConfig
from claudebox_rl.errors import ClaudeBoxError, GatewayError
from claudebox_rl.gateway import Upstream
from claudebox_rl.session.checkup.finding import Finding
from claudebox_rl.session.model import make_model
from claudebox_rl.tasks import Task

_CLI_S = 30.0
_UNAUTHORISED = (401, 403)
_UNANSWERED = (502, 503, 504)
_VERSION = {"anthropic-version": "2023-06-01"}


def check_agent(agent: AgentConfig) -> Finding:
    """Look for the agent's program, and run the CLI."""
    try:
        mounts = agent_class(agent.name).mounts()
    except ClaudeBoxError as error:
        return Finding("agent", "fail", f"agent {agent.name}: {error}", "pip install 'claude-agent-sdk==0.2.187'")
    if agent.name != "claude":
        places = ", ".join(str(mount.source) for mount in mounts)
        return Finding("agent", "ok", f"{agent.name}{f': {places}' if places else ', which needs no program'}")
    program = cli_mount().source / "claude"
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = subprocess.run(
                [program, "--version"], env={"HOME": folder}, capture_output=True, text=True, timeout=_CLI_S, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            fix = "reinstall claude-agent-sdk for this platform (a glibc Linux, or macOS)"
            return Finding("agent", "fail", f"{program} does not run: {error}", fix)
    return Finding("agent", "ok", f"{said.stdout.strip()}, {program}")


async def check_model(model: ModelConfig, agent: AgentConfig, task: Task) -> Finding:
    """Ask the model's server to count the tokens of a word, which costs nothing; its key is never shown.

    Args:
        model: Which model.
        agent: Who would ask it.
        task: For upstreams that play a task's own solution.
    """
    if not agent_class(agent.name).needs_model:
        return Finding("model", "ok", f"agent {agent.name} asks none")
    try:
        upstream = make_model(model, task, root="")
    except ClaudeBoxError as error:
        fix = "set what is missing where this runs; on a cluster, where `ray start` runs on each node"
        return Finding("model", "fail", str(error), fix)
    try:
        return await _asked(model.upstream, upstream)
    finally:
        await upstream.aclose()


async def _asked(name: str, upstream: Upstream) -> Finding:
    if upstream.endpoint is None:
        return Finding("model", "ok", f"{name} answers in this process")
    where = f"{name} ({upstream.model}) at {upstream.endpoint}"
    fix = "is the server up, and reached from here (firewall, proxy, model.options.base_url)?"
    request = {"model": upstream.model, "messages": [{"role": "user", "content": "hi"}]}
    try:
        reply = await upstream.count_tokens(request, _VERSION)
        await reply.aclose()
    except GatewayError as error:
        return Finding("model", "fail", f"{where}: {error}", fix)
    if reply.status in _UNAUTHORISED:
        return Finding("model", "fail", f"{where}: the key is refused ({reply.status})", "give a key that is valid")
    if reply.status in _UNANSWERED:
        return Finding("model", "fail", f"{where}: no answer ({reply.status})", fix)
    if reply.status == 404:  # not every server counts
        return Finding("model", "warn", f"{where}: answers, but knows no such model or counts no tokens", "model.name")
    if reply.status >= 400:
        return Finding("model", "warn", f"{where}: answers with an error ({reply.status})", "see the server's log")
    return Finding("model", "ok", f"{where}: answers{', and takes the key' if upstream.secrets else ''}")
