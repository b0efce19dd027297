"""The guard of a policy: judges each tool call on the host, before it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from claudebox_rl.agent.guard import ToolRequest, Verdict
from claudebox_rl.errors import SandboxError
from claudebox_rl.sandbox import Sandbox
from claudebox_rl.sandbox._egress.hosts import is_reached
from claudebox_rl.sandbox.base import WORKSPACE
from claudebox_rl.session.security.follow import follow
from claudebox_rl.session.security.paths import HOME, PathRules, absolute, fixed_part
from claudebox_rl.session.security.policy import SecurityPolicy
from claudebox_rl.session.security.shell import ShellRules, judge_script, ways

_READS = {"Read": "file_path", "NotebookRead": "notebook_path", "LS": "path"}
_WRITES = {"Write": "file_path", "Edit": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}
_SEARCHES = ("Glob", "Grep")
_SHELLS = ("Bash", "Monitor")
_HARMLESS = frozenset(
    (
        "Agent",
        "AskUserQuestion",
        "BashOutput",
        "EnterPlanMode",
        "ExitPlanMode",
        "KillBash",
        "KillShell",
        "ListAgents",
        "ReportFindings",
        "SendMessage",
        "Skill",
        "StructuredOutput",
        "Task",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskOutput",
        "TaskStop",
        "TaskUpdate",
        "TodoWrite",
        "ToolSearch",
    )
)
"""They touch neither files nor networks; what a sub-agent does is judged call by call."""
_MOST_PATHS = 1000
"""Of one shell command."""
_CLI_TIMEOUT_MS = 120_000
"""Of a shell command that asks for none."""


class PolicyGuard:
    """Holds the agent's tools to a security policy.

    Paths are judged as they are written, and as the sandbox resolves them; a link that is put there between the
    judgement and the use is not seen, and meets the sandbox alone.

    Args:
        policy: The policy.
        sandbox: Resolves links, as its commands would.
        cwd: Where the agent begins.
        readable: Folders that the agent must read whatever the policy says.
    """

    def __init__(self, policy: SecurityPolicy, sandbox: Sandbox, cwd: str, readable: Iterable[str] = ()) -> None:
        self._policy, self._sandbox, self._cwd = policy, sandbox, cwd
        self._workspace = tuple(dict.fromkeys((WORKSPACE, cwd)))
        self._paths = PathRules.of(policy, self._workspace, readable, sandbox.root)

    async def judge(self, call: ToolRequest) -> Verdict:
        """See `ToolGuard`."""
        cwd = call.cwd or self._cwd
        broken = await self._broken(call.name, call.input, cwd)
        if broken is not None:
            reason = f"The session's security policy does not allow this call: {broken}. Find a way within the policy."
            return Verdict(False, reason, violation=broken)
        return Verdict(True, input=self._in_time(call))

    async def _broken(self, name: str, given: dict[str, Any], cwd: str) -> str | None:
        if name in _SHELLS:
            return await self._command(str(given["command"]), cwd)
        if name in _READS:
            return await self._path(str(given.get(_READS[name]) or cwd), cwd, writes=False)
        if name in _WRITES:
            return await self._path(str(given[_WRITES[name]]), cwd, writes=True)
        if name in _SEARCHES:
            return await self._search(name, given, cwd)
        if name == "WebFetch":
            return self._fetch(str(given["url"]))
        if name == "WebSearch":
            is_open = self._policy.network_access == "full"
            return None if is_open else f"network_access={self._policy.network_access}: there is no search of the web"
        if name in _HARMLESS or not self._policy.is_strict:
            return None
        return f"the tool {name} is not one that this policy can judge"

    async def _command(self, script: str, cwd: str) -> str | None:
        rules = shell_rules(self._policy, self._paths, cwd)
        broken = judge_script(script, rules)
        named = {} if broken else ways(script, rules)
        if len(named) > _MOST_PATHS:
            return f"{self._paths.words}: more than {_MOST_PATHS} paths in one command are not judged"
        links = await follow(self._sandbox, named)
        return judge_script(script, replace(rules, links=links)) if links else broken

    async def _path(self, path: str, cwd: str, *, writes: bool, below: bool = False) -> str | None:
        if self._paths.are_free(writes=writes):
            return None
        asked = absolute(path, cwd)
        broken = self._paths.broken_by(asked, writes=writes, below=below)
        if broken is not None:
            return broken
        try:
            meant = await self._sandbox.resolve_path(asked)
        except SandboxError as error:
            return f"{self._paths.words}: where {asked} leads can't be told ({error.message})"
        broken = self._paths.broken_by(meant, writes=writes, below=below)
        return broken and f"{broken} ({asked} leads there)"

    async def _search(self, name: str, given: dict[str, Any], cwd: str) -> str | None:
        start = absolute(str(given.get("path") or cwd), cwd)
        patterns = [str(given[key]) for key in (("pattern",) if name == "Glob" else ("glob",)) if given.get(key)]
        broken = await self._path(start, cwd, writes=False, below=True)
        for pattern in patterns:
            part = fixed_part(pattern)
            if part is None and not self._paths.are_free(writes=False):
                broken = broken or f"{self._paths.words}: where {pattern} leads can't be told"
            elif part:
                broken = broken or await self._path(absolute(part, start), cwd, writes=False, below=True)
        return broken

    def _fetch(self, url: str) -> str | None:
        policy = self._policy
        if policy.network_access == "none":
            return "network_access=none: there is no network"
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
        if policy.blocked_hosts and is_reached(policy.blocked_hosts, host, port, blocks=True):
            return f"blocked_domains: {host} is closed"
        if policy.network_access == "restricted" and not is_reached(policy.allowed_hosts, host, port):
            return f"allowed_domains: {host} is not one of {', '.join(policy.allowed_domains) or 'none'}"
        return None

    def _in_time(self, call: ToolRequest) -> dict[str, Any] | None:
        """Return the input of a shell command that ends in the policy's time; None: as it is."""
        most_s = self._policy.max_execution_time_s
        if most_s is None or call.name not in _SHELLS:
            return None
        asked = call.input.get("timeout")
        asked_ms = asked if isinstance(asked, int | float) else _CLI_TIMEOUT_MS
        return {**call.input, "timeout": max(1, min(int(asked_ms), int(most_s * 1000)))}


def shell_rules(policy: SecurityPolicy, paths: PathRules, cwd: str) -> ShellRules:
    """Return what a policy says of shell commands.

    Args:
        policy: The policy.
        paths: Its rules for paths.
        cwd: Where a command starts.
    """
    return ShellRules(
        blocked=policy.blocked_commands,
        allowed=policy.allowed_commands,
        is_strict=policy.is_strict,
        allow_sudo=policy.allow_sudo,
        allow_root=policy.allow_root,
        allowed_paths=paths.readable or (),
        blocked_paths=paths.blocked,
        writable=paths.writable,
        cwd=cwd,
        home=HOME,
    )
