from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from claudebox_rl.sandbox import Sandbox, sandbox_class


@pytest.fixture
async def sandbox(local_sandbox: str) -> AsyncIterator[Sandbox]:
    async with sandbox_class(local_sandbox)() as machine:
        yield machine
