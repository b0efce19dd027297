"""The conformance suite of sandbox backends: what `claudebox_rl.sandbox.base` promises, one named check at a time.

Each check as a test of its own::

    def make(spec: SandboxSpec | None) -> Sandbox:
        return MySandbox(spec or SandboxSpec(image="my-image"))

    @pytest.mark.parametrize("check", CHECKS, ids=str)
    async def test_contract(check: Check) -> None:
        (await check_sandbox(make, only=[check.name])).raise_if_failed()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import Sandbox, SandboxSpec
from claudebox_rl.sandbox.spec import Limit
from claudebox_rl.testing import (
    _checks_commands,
    _checks_copies,
    _checks_files,
    _checks_fork,
    _checks_lifecycle,
    _checks_limits,
    _checks_links,
    _checks_metrics,
    _checks_network,
    _checks_output,
    _checks_policy,
    _checks_processes,
    _checks_read_only,
)
from claudebox_rl.testing.sandbox_lab import Check, Lab, NotHereError

_MODULES = (
    _checks_commands,
    _checks_output,
    _checks_processes,
    _checks_files,
    _checks_links,
    _checks_copies,
    _checks_lifecycle,
    _checks_metrics,
    _checks_limits,
    _checks_fork,
    _checks_network,
    _checks_policy,
    _checks_read_only,
)
CHECKS: tuple[Check, ...] = tuple(
    value for module in _MODULES for value in vars(module).values() if isinstance(value, Check)
)
"""Every check, in an order in which the first failure tells most."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found."""

    name: str
    status: Literal["passed", "failed", "skipped"]
    detail: str = ""
    """Why it was skipped, or how it failed."""
    error: Exception | None = None
    """Set exactly where it failed."""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found, in their order."""

    results: tuple[CheckResult, ...]

    def names(self, status: Literal["passed", "failed", "skipped"]) -> set[str]:
        """Return the names of the checks that ended so."""
        return {result.name for result in self.results if result.status == status}

    def raise_if_failed(self) -> None:
        """Raise an `ExceptionGroup` of what the failed checks raised; do nothing where there is none."""
        errors = [result.error for result in self.results if result.error]
        if errors:
            raise ExceptionGroup(f"failed checks: {', '.join(sorted(self.names('failed')))}", errors)


async def check_sandbox(
    make: Callable[[SandboxSpec | None], Sandbox],
    *,
    only: Collection[str] | None = None,
    gaps: Mapping[str, str] | None = None,
    patience_s: float = 10.0,
) -> Report:
    """Try a backend against its contract.

    Checks share one machine where they can; after a failed one the next gets a new one.

    Args:
        make: Makes a sandbox that is not started; None stands for the spec of an ordinary one, from which the checks
            derive theirs.
        only: Names of the checks to make; None: all of them.
        gaps: What the backend is known not to do: name of a check and the reason. These are skipped.
        patience_s: What a healthy machine never takes to answer. Raise it for slow (emulated) machines.

    Raises:
        ConfigError: `only` or `gaps` names an unknown check.
    """
    unknown = {*(only or ()), *(gaps or {})} - {check.name for check in CHECKS}
    if unknown:
        known = ", ".join(check.name for check in CHECKS)
        raise ConfigError(f"no such checks: {', '.join(sorted(unknown))}; known: {known}")
    lab = Lab(make, patience_s=patience_s)
    try:
        chosen = [check for check in CHECKS if only is None or check.name in only]
        return Report(tuple([await _try(lab, check, gaps or {}) for check in chosen]))
    finally:
        await lab.close()


async def _try(lab: Lab, check: Check, gaps: Mapping[str, str]) -> CheckResult:
    reason = gaps.get(check.name) or _unmet(lab, check)
    if reason:
        return CheckResult(check.name, "skipped", reason)
    started = time.monotonic()
    try:
        async with lab.promptly(check.name, patience_s=6 * lab.patience_s):
            await check.run(lab)
    except NotHereError as error:
        return CheckResult(check.name, "skipped", str(error))
    except Exception as error:
        await _renew(lab, error)
        detail = f"{check.demand} {type(error).__name__}: {error}"
        return CheckResult(check.name, "failed", detail, error, time.monotonic() - started)
    return CheckResult(check.name, "passed", duration_s=time.monotonic() - started)


async def _renew(lab: Lab, error: Exception) -> None:
    """Give the next check a machine that this failure has not touched."""
    try:
        async with lab.promptly("stopping the machine", patience_s=6 * lab.patience_s):
            await lab.renew()
    except Exception as other:
        error.add_note(f"then the machine could not be stopped: {type(other).__name__}: {other}")


def _unmet(lab: Lab, check: Check) -> str | None:
    able = lab.capabilities
    if "shell" in check.needs and not able.shell:
        return f"isolation={able.isolation} runs no real programs"
    if "isolation" in check.needs and able.isolation not in ("microvm", "namespace"):
        return f"isolation={able.isolation} keeps nothing from the host"
    if "users" in check.needs and not able.users:
        return "its commands run as one user"
    if "blocked_hosts" in check.needs and "restricted" not in able.blocks_hosts:
        return "it can't keep single hosts closed"
    if "read_only_workspace" in check.needs and not able.read_only_workspace:
        return "it can't keep its workspace from changes"
    if missing := check.needs & (set(get_args(Limit)) - able.limits):
        return f"it enforces no {' and no '.join(sorted(missing))} here"
    return None
