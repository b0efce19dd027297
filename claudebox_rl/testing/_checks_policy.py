"""The network policy: a restricted machine reaches what is listed, by one way, and what it is refused is seen."""

from __future__ import annotations

import asyncio

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import ExecResult, Sandbox
from claudebox_rl.testing._checks_network import connect, serving
from claudebox_rl.testing.sandbox_lab import Lab, NotHereError, check, expect, in_shell, refused

_NEVER = "claudebox-check.invalid"
"""A name that no name service knows (RFC 6761)."""
_LISTED = (_NEVER, "*.claudebox-listed.invalid:8443")
_ASK = """
command -v python3 >/dev/null 2>&1 || exit 77
exec python3 -c 'import os, socket, sys
host, _, port = os.environ["http_proxy"].removeprefix("http://").rstrip("/").partition(":")
with socket.create_connection((host, int(port))) as s:
    s.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
    while data := s.recv(65536): sys.stdout.buffer.write(data)' "$1"
"""
_LEAVE = """
command -v python3 >/dev/null 2>&1 || exit 77
exec python3 -c 'import socket
def tried(what):
    try: what()
    except OSError: return "shut"
    return "open"
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: s.sendto(b"x", ("192.0.2.1", 53))
print(tried(lambda: socket.create_connection(("192.0.2.1", 80), 5)), tried(udp),
      tried(lambda: socket.getaddrinfo("example.com", 80)))'
"""


async def _ask(lab: Lab, sandbox: Sandbox, request: str) -> ExecResult:
    # A host without a name service takes its time to say so.
    result = await sandbox.exec(in_shell(_ASK, request), timeout_s=2 * lab.patience_s)
    if result.exit_code == 77:
        raise NotHereError("there is no python3 inside to ask with")
    return result


def _get(host: str) -> str:
    return f"GET http://{host}/ HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n"


def _connect_to(place: str) -> str:
    return f"CONNECT {place} HTTP/1.1\\r\\nHost: {place}\\r\\n\\r\\n"


@check("shell", "isolation")
async def restricted_network_refuses_what_is_not_listed(lab: Lab) -> None:
    """Other names, other ports, addresses and odd spellings get an answer that says no, and lead nowhere."""
    async with serving() as server, lab.fresh(network="restricted", allowed_hosts=_LISTED) as sandbox:
        own = f"127.0.0.1:{server.port}"
        for place in ("other.invalid", "claudebox-listed.invalid:8443", f"{_NEVER}:81", own, "[::1]", "192.0.2.1"):
            for request in (_get(place), _connect_to(place if ":" in place.rpartition("]")[2] else f"{place}:443")):
                said = (await _ask(lab, sandbox, request)).stdout
                expect(b" 403 " in said.partition(b"\r\n")[0], f"a refusal of {request!r}", said)
        for odd in ("2130706433", "0x7f.1", f"user@{_NEVER}"):
            said = (await _ask(lab, sandbox, _get(odd))).stdout
            expect(b" 400 " in said.partition(b"\r\n")[0], f"{odd} is no host", said)
        expect(server.num_callers == 0, "no caller", server.num_callers)


@check("shell", "isolation")
async def restricted_network_asks_for_what_is_listed(lab: Lab) -> None:
    """A listed name is looked up, on the host; that one does not exist is another answer than a refusal."""
    async with lab.fresh(network="restricted", allowed_hosts=_LISTED) as sandbox:
        for request in (_get(_NEVER), _connect_to(f"{_NEVER}:443"), _connect_to("a.claudebox-listed.invalid:8443")):
            said = (await _ask(lab, sandbox, request)).stdout
            expect(b" 502 " in said.partition(b"\r\n")[0], f"not found: {request!r}", said)
        expect((await sandbox.metrics()).num_refused == 0, "no refusal", await sandbox.metrics())


@check("shell", "isolation")
async def restricted_network_has_no_other_way(lab: Lab) -> None:
    """Neither a connection past the proxy, nor a datagram, nor a question for a name gets out."""
    async with lab.fresh(network="restricted", allowed_hosts=("example.com",)) as sandbox:
        result = await sandbox.exec(in_shell(_LEAVE), timeout_s=3 * lab.patience_s)
        if result.exit_code == 77:
            raise NotHereError("there is no python3 inside to leave with")
        expect(result.text.split() == ["shut"] * 3, "three shut ways", result)


@check("shell", "isolation")
async def refused_connections_are_seen(lab: Lab) -> None:
    """`metrics` counts what was refused and says what and why; `take_refused` tells each once."""
    async with lab.fresh(network="restricted") as sandbox:
        await _ask(lab, sandbox, _get("one.invalid"))
        await _ask(lab, sandbox, _connect_to("two.invalid:8443"))
        metrics = await sandbox.metrics()
        seen = [(each.host, each.port) for each in metrics.refused]
        expect(seen == [("one.invalid", 80), ("two.invalid", 8443)], "both", seen)
        expect(metrics.num_refused == 2 and all(each.reason for each in metrics.refused), "reasons", metrics)
        expect(sandbox.take_refused() == metrics.refused, "the same", metrics)
        expect(sandbox.take_refused() == (), "each once")


@check("shell", "isolation")
async def programs_are_told_of_the_proxy(lab: Lab) -> None:
    """Every command has the proxy's variables, in both spellings; what the spec sets goes over them."""
    own = {**lab.spec.env, "NO_PROXY": "mine"}
    async with lab.fresh(network="restricted", env=own) as sandbox:
        result = await sandbox.exec(["env"])
        found = {name: value for name, _, value in (line.partition("=") for line in result.text.splitlines())}
        ways = {
            found.get(name, "") for way in ("http", "https", "all") for name in (f"{way}_proxy", f"{way}_PROXY".upper())
        }
        expect(len(ways) == 1 and ways.pop().startswith("http://127.0.0.1:"), "one proxy", found)
        expect("127.0.0.1" in found.get("no_proxy", ""), "its own loopback without the proxy", found)
        expect(found.get("NO_PROXY") == "mine", "the spec's own value", found)


@check("shell", "isolation")
async def exposed_port_needs_no_listing(lab: Lab) -> None:
    """The host's port that was exposed is reached in a restricted network, past the proxy."""
    async with serving() as server, lab.fresh(network="restricted") as sandbox:
        host, _, port = (await sandbox.expose_host_port(server.port)).rpartition(":")
        result = await connect(lab, sandbox, host, port)
        expect(len(result.stdout) > 0 and server.num_callers == 1, "the payload", (server.num_callers, result))
        expect((await sandbox.metrics()).num_refused == 0, "no refusal")


@check("shell", "isolation")
async def proxy_is_of_one_machine(lab: Lab) -> None:
    """A machine without a network has no proxy, and what one is refused the other is not blamed for."""
    async with lab.fresh(network="none") as closed, lab.fresh(network="restricted") as sandbox:
        variables = (await closed.exec(["env"])).text.lower()
        expect("http_proxy" not in variables, "no proxy", variables)
        await asyncio.gather(*(_ask(lab, sandbox, _get("one.invalid")) for _ in range(3)))
        counts = [(await each.metrics()).num_refused for each in (closed, sandbox)]
        expect(counts == [0, 3], "three of the one", counts)


_BLOCKED = ("shut.claudebox-listed.invalid", "192.0.2.1", "*.claudebox-shut.invalid:8443")


@check("shell", "isolation", "blocked_hosts")
async def blocked_host_is_refused_though_listed(lab: Lab) -> None:
    """A blocked name, in any spelling, comes before the listed ones; beside it they are asked for as ever."""
    listed = ("*.claudebox-listed.invalid", "*.claudebox-shut.invalid:8443")
    async with lab.fresh(network="restricted", allowed_hosts=listed, blocked_hosts=_BLOCKED) as sandbox:
        for shut in (
            "shut.claudebox-listed.invalid",
            "SHUT.claudebox-listed.invalid.",
            "a.claudebox-shut.invalid:8443",
        ):
            said = (await _ask(lab, sandbox, _get(shut))).stdout
            expect(b" 403 " in said.partition(b"\r\n")[0] and b"blocked_hosts" in said, f"{shut} is blocked", said)
        said = (await _ask(lab, sandbox, _get("open.claudebox-listed.invalid"))).stdout
        expect(b" 502 " in said.partition(b"\r\n")[0], "another listed name is looked up", said)
        reasons = {each.reason for each in sandbox.take_refused()}
        expect(len(reasons) == 1 and "blocked_hosts" in reasons.pop(), "the reason", reasons)


@check("shell", "isolation", "blocked_hosts")
async def blocked_host_is_refused_on_an_open_network(lab: Lab) -> None:
    """On `full` a blocked name is refused, by its address too; or the spec is, before anything starts."""
    if "full" not in lab.capabilities.blocks_hosts:
        with refused(ConfigError):
            lab.make(lab.spec_with(network="full", blocked_hosts=_BLOCKED))
        return
    async with lab.fresh(network="full", blocked_hosts=_BLOCKED) as sandbox:
        for shut in (_BLOCKED[0], "a.claudebox-shut.invalid:8443", "192.0.2.1", "192.0.2.2", "[::ffff:192.0.2.1]"):
            said = (await _ask(lab, sandbox, _get(shut))).stdout
            expect(b" 403 " in said.partition(b"\r\n")[0] and b"blocked_hosts" in said, f"{shut} is blocked", said)
        for other in ("other.invalid", "a.claudebox-shut.invalid:8444"):
            said = (await _ask(lab, sandbox, _get(other))).stdout
            expect(b" 502 " in said.partition(b"\r\n")[0], f"{other} is looked up", said)
