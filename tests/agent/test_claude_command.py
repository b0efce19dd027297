from __future__ import annotations

from claudebox_rl.agent.base import Endpoint, PromptOptions
from claudebox_rl.agent.claude_command import cli_mount, command, environment
from claudebox_rl.config import AgentConfig


def argv(config: AgentConfig | None = None, options: PromptOptions | None = None, **changes: object) -> list[str]:
    arguments = {"session_id": "s-1", "resume": False, "spent_usd": 0.0} | changes
    return command("/root", "m", config or AgentConfig(), options or PromptOptions(), **arguments)


def value(args: list[str], flag: str) -> str:
    return args[args.index(flag) + 1]


def test_the_mount_holds_the_pinned_cli() -> None:
    mount = cli_mount()
    assert (mount.source / "claude").stat().st_size > 100_000_000
    assert mount.target == "/opt/claude-code"


def test_defaults() -> None:
    args = argv()
    assert args[0] == "/root/opt/claude-code/claude"
    assert value(args, "--session-id") == "s-1"
    assert value(args, "--tools") == "Bash,Read,Write,Edit"
    assert value(args, "--max-turns") == "100"
    assert value(args, "--setting-sources") == ""
    assert "--max-budget-usd" not in args


def test_a_prompts_options_win_and_a_conversation_is_resumed() -> None:
    args = argv(options=PromptOptions(3, ("Read",), ("Bash(rm *)", "Write")), resume=True)
    assert value(args, "--resume") == "s-1"
    assert "--session-id" not in args
    assert value(args, "--max-turns") == "3"
    assert args.count("--tools") == 1, "given twice, the CLI takes both"
    assert value(args, "--tools") == "Read"
    at = args.index("--disallowedTools")
    assert args[at + 1 : at + 3] == ["Bash(rm *)", "Write"]


def test_what_was_spent_is_taken_off_the_budget() -> None:
    assert float(value(argv(AgentConfig(max_budget_usd=2.0), spent_usd=0.5), "--max-budget-usd")) == 1.5
    assert float(value(argv(AgentConfig(max_budget_usd=2.0), spent_usd=3.0), "--max-budget-usd")) > 0


def test_all_tools_and_a_longer_system_prompt() -> None:
    args = argv(AgentConfig(tools=None, append_system_prompt="Be brief.", max_turns=None))
    assert "--tools" not in args
    assert "--max-turns" not in args
    assert value(args, "--append-system-prompt") == "Be brief."


def test_the_environment_leads_to_the_gateway() -> None:
    endpoint = Endpoint("http://127.0.0.1:1/e/x", "secret", "m")
    env = environment(endpoint, AgentConfig(max_retries=2, api_timeout_s=1.5, stall_timeout_s=3))
    assert env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1/e/x"
    assert env["ANTHROPIC_API_KEY"] == "secret"
    assert (env["CLAUDE_CODE_MAX_RETRIES"], env["API_TIMEOUT_MS"]) == ("2", "1500")
    assert env["CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS"] == "10000"
    assert "secret" not in repr(endpoint)
