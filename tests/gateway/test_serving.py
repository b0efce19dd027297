from __future__ import annotations

import asyncio

import httpx
import pytest
from gateway_parts import Given, error_of

from claudebox_rl.errors import GatewayError
from claudebox_rl.gateway.serving import SERVING_TASK


def kill() -> None:
    (task,) = [task for task in asyncio.all_tasks() if task.get_name() == SERVING_TASK]
    task.cancel()


async def test_a_server_that_dies_is_started_again_on_the_same_port_and_episodes_go_on(enter, gateway, caplog):
    agent, port = enter("nop", text="still here"), gateway.port
    assert (await agent.post()).status_code == 200
    kill()
    await asyncio.sleep(0.2)
    assert gateway.port == port
    assert (await agent.post()).json()["content"][0]["text"] == "still here"
    assert "the gateway's server died" in caplog.text
    assert len(agent.episode.calls) == 2


async def test_nobody_meets_a_closed_port_meanwhile(enter):
    agent = enter("nop")
    await agent.post()
    kill()
    for _ in range(20):
        async with httpx.AsyncClient(timeout=5) as fresh:
            assert (await fresh.head(agent.url("/api/hello"))).status_code == 200
        await asyncio.sleep(0.01)


async def test_a_call_in_flight_is_cut_and_recorded_and_does_not_hang(enter):
    upstream = Given(None)
    agent = enter(upstream)
    asking = asyncio.ensure_future(agent.post())
    await upstream.entered.wait()
    kill()
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await asyncio.wait_for(asking, 2)
    await asyncio.sleep(0.05)
    assert [call.status for call in agent.episode.calls] == [0]
    assert agent.episode.in_flight == ()


async def test_one_that_dies_again_and_again_is_given_up_and_its_episodes_end(enter, gateway):
    agent = enter("nop")
    for _ in range(6):
        kill()
        await asyncio.sleep(0.1)
    assert gateway.port == 0
    assert not agent.episode.admits(agent.episode.secret)
    with pytest.raises(GatewayError, match="not started"):
        gateway.open_episode("late", Given())
    await gateway.start()
    again = enter("nop")
    assert (await again.post()).status_code == 200
    assert error_of(await again.post(headers={"x-api-key": agent.episode.secret})) == (401, "authentication_error")


async def test_stop_after_a_death_is_final(enter, gateway):
    enter("nop")
    kill()
    await asyncio.sleep(0)
    await asyncio.wait_for(gateway.stop(), 3)
    await asyncio.sleep(0.2)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == SERVING_TASK]
