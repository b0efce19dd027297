"""The command line and the environment of the Claude Code CLI (2.1.330), and where its binary lies on the host."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from claudebox_rl.agent.base import Endpoint, PromptOptions
from claudebox_rl.config import AgentConfig
from claudebox_rl.errors import AgentError
from claudebox_rl.sandbox import Mount

MOUNT_TARGET = "/opt/claude-code"
SKILL_TOOL = "Skill"
STATE_TARGET = "/opt/claude-state"
"""Where the CLI keeps its conversations in a session that outlives its machine; else in the home folder."""

_QUIET = {
    "IS_SANDBOX": "1",  # without it the CLI refuses to bypass permissions as root
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",  # a system block that differs per prompt and breaks prefix caches
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",  # one result a prompt
    "DISABLE_AUTOUPDATER": "1",
    # No socket can be made there: nobody inside can put words into the session over it.
    "XDG_RUNTIME_DIR": "/proc/none",
    # For commands that is undone. The CLI takes all before the last " -" for the name of one program, so tabs part the
    # rest.
    "CLAUDE_CODE_SHELL_PREFIX": "env "
    "-uXDG_RUNTIME_DIR\t-uCLAUDE_CODE_MESSAGING_SOCKET\t-uCLAUDE_CODE_MESSAGING_TOKEN\t/bin/bash\t-c",
}


def cli_mount() -> Mount:
    """Return the mount that shows the pinned CLI inside.

    Raises:
        AgentError: `claude-agent-sdk` is not installed, or its wheel for this platform carries no CLI.
    """
    spec = find_spec("claude_agent_sdk")
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "_bundled"
        if (folder / "claude").is_file():
            return Mount(folder, MOUNT_TARGET)
    raise AgentError(
        "the Claude Code CLI is missing: pip install 'claude-agent-sdk==0.2.187' (a wheel for your platform)"
    )


def command(
    root: str,
    model: str,
    config: AgentConfig,
    options: PromptOptions,
    *,
    session_id: str,
    resume: bool,
    spent_usd: float,
    plugins: tuple[str, ...] = (),
) -> list[str]:
    """Return the argv of a long-lived CLI process.

    Args:
        root: The sandbox's path prefix.
        model: Model id to ask for.
        config: The session's limits.
        options: Those of the prompt at hand, which win.
        session_id: UUID of the conversation.
        resume: Go on with a conversation of that id that an earlier process began.
        spent_usd: What earlier processes of the session cost; the CLI counts only its own.
        plugins: Folders with skills. The model needs the tool `Skill` to see any, so it is offered unless the prompt
            says which tools are.
    """
    argv = [f"{root}{MOUNT_TARGET}/claude", "-p", "--verbose"]
    argv += ["--input-format", "stream-json", "--output-format", "stream-json"]
    argv += ["--permission-mode", "bypassPermissions", "--model", model]
    argv += ["--setting-sources", "", "--strict-mcp-config"]
    argv += ["--resume" if resume else "--session-id", session_id]
    for plugin in plugins:
        argv += ["--plugin-dir", f"{root}{plugin}"]
    tools = config.tools if options.allowed_tools is None else options.allowed_tools
    if tools is not None:
        offered = [*tools, SKILL_TOOL] if plugins and options.allowed_tools is None else tools
        argv += ["--tools", ",".join(dict.fromkeys(offered))]
    if options.disallowed_tools is not None:
        argv += ["--disallowedTools", *options.disallowed_tools]
    max_turns = options.max_turns or config.max_turns
    if max_turns is not None:
        argv += ["--max-turns", str(max_turns)]
    if config.max_budget_usd is not None:
        argv += ["--max-budget-usd", f"{max(config.max_budget_usd - spent_usd, 0.000001):f}"]
    if config.append_system_prompt:
        argv += ["--append-system-prompt", config.append_system_prompt]
    return argv


def environment(
    endpoint: Endpoint, config: AgentConfig, plugins: tuple[str, ...] = (), state_dir: str | None = None
) -> dict[str, str]:
    """Return the variables that lead the CLI to the gateway, keep it quiet and bound its waits.

    Args:
        endpoint: The gateway.
        config: The session's limits.
        plugins: Folders with skills.
        state_dir: Where the CLI keeps its conversations; None: in the home folder.
    """
    listed = {"CLAUDE_CODE_DISABLE_BUNDLED_SKILLS": "1"} if plugins else {}  # else a dozen of its own stand before ours
    quiet = _QUIET if config.tools is None else {**_QUIET, "ENABLE_TOOL_SEARCH": "false"}  # few tools need no search
    return {
        **quiet,
        **listed,
        **({"CLAUDE_CONFIG_DIR": state_dir} if state_dir else {}),
        "ANTHROPIC_BASE_URL": endpoint.base_url,
        "ANTHROPIC_API_KEY": endpoint.secret,
        "CLAUDE_CODE_MAX_RETRIES": str(config.max_retries),
        "API_TIMEOUT_MS": str(int(config.api_timeout_s * 1000)),
        "CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS": str(int(max(config.stall_timeout_s, 10) * 1000)),
    }
