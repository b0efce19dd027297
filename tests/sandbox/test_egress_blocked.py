"""Hosts that stay closed whatever else is open: by name, by address, and in a tunnel to another host."""

from __future__ import annotations

import pytest
from egress_lab import PUBLIC, client_hello, connect_to, proxy, status

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._egress.hosts import parse_authority, parse_blocked
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.unsafe import UnsafeSandbox


def get(host: str) -> bytes:
    return f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("evil.test", 403),
        ("EVIL.test.", 403),
        ("evil.test:8080", 403),
        ("deep.x.bad.test", 403),
        ("bad.test", 200),
        ("evil.test.good.test", 200),
        ("ported.test:81", 403),
        ("ported.test", 200),
    ],
)
async def test_on_an_open_network_all_but_these_are_reached(host: str, expected: int) -> None:
    async with proxy(full=True, blocked=("evil.test", "*.bad.test", "ported.test:81")) as it:
        assert status(await it.say(get(host))) == expected
        assert bool(it.world.asked) is (expected == 200)
        assert [each.reason for each in it.traffic.refused] == ["it is in blocked_hosts"] * (expected == 403)


async def test_what_is_blocked_comes_before_what_is_allowed() -> None:
    async with proxy("*.example.com", blocked=("evil.example.com",)) as it:
        assert status(await it.say(get("evil.example.com"))) == 403
        assert status(await it.say(get("good.example.com"))) == 200


async def test_a_name_with_a_blocked_address_is_blocked() -> None:
    async with proxy(full=True, blocked=(PUBLIC,)) as it:
        assert status(await it.say(get("some.test"))) == 403
        assert status(await it.say(get(PUBLIC))) == 403
        it.world.addresses["other.test"] = ["8.8.8.8"]
        assert status(await it.say(get("other.test"))) == 200


@pytest.mark.parametrize("host", [PUBLIC, "[2606:4700::1111]", f"[::ffff:{PUBLIC}]"])
async def test_on_an_open_network_a_blocked_name_closes_all_addresses(host: str) -> None:
    async with proxy(full=True, blocked=("evil.test",)) as it:
        assert status(await it.say(get(host))) == status(await it.say(connect_to(f"{host}:443"))) == 403
        assert (it.world.asked, it.world.dialled) == ([], [])
        assert all("a name in blocked_hosts may have" in each.reason for each in it.traffic.refused)
        assert status(await it.say(get("good.test"))) == 200
    async with proxy(full=True, blocked=("8.8.8.8",)) as it:
        assert status(await it.say(get(host))) == 200


async def test_an_address_that_is_allowed_passes_beside_a_blocked_name() -> None:
    async with proxy(PUBLIC, blocked=("evil.test",)) as it:
        assert status(await it.say(get(PUBLIC))) == 200


@pytest.mark.parametrize("blocked", [PUBLIC, f"::ffff:{PUBLIC}", f"[64:ff9b::{PUBLIC}]"])
@pytest.mark.parametrize("asked", [PUBLIC, f"[::ffff:{PUBLIC}]", f"[64:ff9b::{PUBLIC}]"])
async def test_every_form_of_a_blocked_address_is_blocked(blocked: str, asked: str) -> None:
    async with proxy(full=True, blocked=(blocked,)) as it:
        assert status(await it.say(get(asked))) == 403
        it.world.addresses["some.test"] = [asked.strip("[]")]
        assert status(await it.say(connect_to("some.test:443"))) == 403
        assert it.world.dialled == []


async def test_a_tunnel_to_another_host_does_not_lead_to_a_blocked_one() -> None:
    async with proxy(full=True, blocked=("evil.test",)) as it:
        await it.say(connect_to("good.test:443"), then=client_hello("evil.test"))
        assert it.world.received == b""
        assert it.traffic.num_refused == 1
        await it.say(connect_to("good.test:443"), then=client_hello("good.test"), hang_up=True)
        assert it.world.received != b""


def test_an_entry_without_a_port_means_all_of_them() -> None:
    (pattern,) = parse_blocked(["127.0.0.1"])
    assert all(pattern.means(*parse_authority(f"127.0.0.1:{port}", None)) for port in (22, 443, 65535))


@pytest.mark.parametrize("entry", ["*", "https://evil.test", "*.10.0.0.1", ""])
def test_a_malformed_entry_is_refused(entry: str) -> None:
    with pytest.raises(ConfigError, match="blocked_hosts") as error:
        LocalSandbox(SandboxSpec(network="full", blocked_hosts=(entry,)))
    assert error.value.context["field"] == "blocked_hosts"


def test_a_backend_whose_network_is_not_ours_refuses() -> None:
    BoxliteSandbox(SandboxSpec(network="restricted", blocked_hosts=("evil.test",)))
    BoxliteSandbox(SandboxSpec(network="none", blocked_hosts=("evil.test",)))
    with pytest.raises(ConfigError, match="use network=restricted"):
        BoxliteSandbox(SandboxSpec(network="full", blocked_hosts=("evil.test",)))
    with pytest.raises(ConfigError, match="another sandbox"):
        UnsafeSandbox(
            SandboxSpec(network="full", max_file_bytes=None, max_processes=None, blocked_hosts=("evil.test",))
        )
