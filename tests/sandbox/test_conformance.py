"""Every check of the contract on every backend, each as a case of its own."""

from __future__ import annotations

import sys
from typing import get_args

import pytest

from claudebox_rl.sandbox import SandboxSpec, sandbox_class
from claudebox_rl.sandbox.spec import Limit
from claudebox_rl.testing.sandbox_checks import CHECKS, Check, check_sandbox

BACKENDS = ["fake", "unsafe", "local"]  # boxlite: tests/lab/test_boxlite.py
ORDINARY = {
    "fake": SandboxSpec(),
    "unsafe": SandboxSpec(network="full"),
    "local": SandboxSpec(),
}
LIMITS = set(get_args(Limit))
EXCUSED: dict[str, set[str]] = {
    "fake": {"shell", "isolation"},
    "unsafe": {"isolation", "users", *LIMITS},
    # Without a control group that this user may write to, nothing here holds processor time.
    "local": {"users", "cpus"},
}
"""What a backend says that it is not; checks that need it are skipped, and no others."""
GAPS: dict[str, dict[str, str]] = {
    "fake": {"fork_of_a_host_workspace_is_its_own": "it keeps nothing on the host"},
    "unsafe": {},
    "local": {},
}
"""Checks that a backend is known not to pass, with the reason."""


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "local":
        request.getfixturevalue("local_sandbox")
    return request.param


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
@pytest.mark.parametrize("check", CHECKS, ids=str)
async def test_contract(backend: str, check: Check) -> None:
    report = await check_sandbox(
        lambda spec: sandbox_class(backend)(spec or ORDINARY[backend]),
        only=[check.name],
        gaps={name: reason for name, reason in GAPS[backend].items() if name == check.name},
    )
    report.raise_if_failed()
    (result,) = report.results
    if result.status == "skipped":
        excused = check.needs & EXCUSED[backend] or check.name in GAPS[backend] or sys.platform == "darwin"
        assert excused, f"{backend} must not skip this: {result.detail}"
        pytest.skip(result.detail)
