"""The gateway's server dies under the real CLI: prompts go on or fail as the endpoint's fault, and never hang."""

from __future__ import annotations

import asyncio
import time

from claudebox_rl import ClaudeBox
from claudebox_rl.gateway.serving import SERVING_TASK
from claudebox_rl.types import CodeResult, Failure

SLOW = {"upstream": "scripted", "options": {"script": [{"text": "after all", "delay_s": 1.5}]}}


def kill() -> None:
    for task in asyncio.all_tasks():
        if task.get_name() == SERVING_TASK:
            task.cancel()


async def prompt_until_its_call(box: ClaudeBox) -> asyncio.Task[CodeResult]:
    """Send a prompt, and return when its first model call is in flight."""
    prompting = asyncio.ensure_future(box.code("go"))
    door = box._open_now.gateway_episode
    assert door is not None
    while not door.in_flight:
        assert not prompting.done()
        await asyncio.sleep(0.02)
    return prompting


async def test_a_prompt_goes_on_over_a_server_that_is_started_again(local_sandbox):
    async with ClaudeBox(model=SLOW, sandbox=local_sandbox) as box:
        prompting = await prompt_until_its_call(box)
        kill()
        result = await asyncio.wait_for(prompting, 60)
        calls = box.take_model_calls()
    assert (result.success, result.response) == (True, "after all")
    assert [call.status for call in calls] == [0, 200]


async def test_a_prompt_fails_as_the_endpoint_s_fault_where_the_server_is_given_up(local_sandbox):
    async with ClaudeBox(model=SLOW, sandbox=local_sandbox, agent={"name": "claude", "max_retries": 1}) as box:
        prompting = await prompt_until_its_call(box)
        started = time.monotonic()
        for _ in range(6):
            kill()
            await asyncio.sleep(0.1)
        result = await asyncio.wait_for(prompting, 60)
    assert (result.success, result.failure) == (False, Failure.API_ERROR)
    assert time.monotonic() - started < 50
