"""Which hosts and addresses the network policy means."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from ipaddress import ip_address

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox._egress import resolver
from claudebox_rl.sandbox._egress.addresses import is_dialable, is_own, is_public
from claudebox_rl.sandbox._egress.hosts import parse_authority, parse_host, parse_patterns
from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.sandbox.spec import SandboxSpec


@pytest.mark.parametrize(
    ("entry", "asked", "allowed"),
    [
        ("example.com", "example.com:443", True),
        ("example.com", "example.com:80", True),
        ("example.com", "EXAMPLE.com.:443", True),
        ("Example.COM.", "example.com:443", True),
        ("example.com", "example.com:8443", False),
        ("example.com", "www.example.com:443", False),
        ("example.com", "notexample.com:443", False),
        ("example.com", "example.com.evil.test:443", False),
        ("example.com:8443", "example.com:8443", True),
        ("example.com:8443", "example.com:443", False),
        ("*.example.com", "www.example.com:443", True),
        ("*.example.com", "a.b.example.com:80", True),
        ("*.example.com", "example.com:443", False),
        ("*.example.com", "notexample.com:443", False),
        ("*.example.com", "x.example.com.evil:443", False),
        ("*.example.com:22", "git.example.com:22", True),
        ("*.example.com:22", "git.example.com:443", False),
        ("*.8.8", "8.8.8.8:443", None),
        ("8.8.8.8", "8.8.8.8:443", True),
        ("8.8.8.8", "8.8.4.4:443", False),
        ("2606:4700::1111", "[2606:4700::1111]:443", True),
        ("[2606:4700::1111]:853", "[2606:4700:0:0::1111]:853", True),
        ("[2606:4700::1111]:853", "[2606:4700::1111]:443", False),
        ("xn--bcher-kva.example", "XN--BCHER-KVA.example:443", True),
    ],
)
def test_patterns(entry: str, asked: str, allowed: bool | None) -> None:
    if allowed is None:
        with pytest.raises(ConfigError):
            parse_patterns([entry])
        return
    (pattern,) = parse_patterns([entry])
    assert pattern.means(*parse_authority(asked, None)) is allowed


@pytest.mark.parametrize(
    ("entry", "advice"),
    [
        ("*", "network=full"),
        ("*.*.com", "example.com"),
        ("ex*mple.com", "example.com"),
        ("*example.com", "'[*].example.com'"),
        ("", "example.com"),
        ("https://example.com", "example.com"),
        ("example.com/path", "example.com"),
        ("user@example.com", "example.com"),
        ("example.com:0", "example.com"),
        ("example.com:99999", "example.com"),
        ("example.com:https", "example.com"),
        ("bücher.example", "example.com"),
        ("10.0.0.0/8", "example.com"),
        ("*.10.0.0.1", "below it"),
        ("10.0.0.1", "not a public address"),
        ("127.0.0.1", "expose_host_port"),
        ("[::1]:80", "not a public address"),
        ("169.254.169.254", "not a public address"),
        ("0x7f.1", "example.com"),
        ("fe80::1%eth0", "example.com"),
    ],
)
def test_entries_that_mean_nothing_are_refused_before_anything_starts(entry: str, advice: str) -> None:
    with pytest.raises(ConfigError, match=advice) as caught:
        LocalSandbox(SandboxSpec(network="restricted", allowed_hosts=(entry,)))
    assert caught.value.context["field"] == "allowed_hosts"


@pytest.mark.parametrize(
    "text",
    [
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "a.b.0x",
        "example.com..",
        ".example.com",
        "a..b",
        "-a.com",
        "a-.com",
        "a b.com",
        "ex\u0430mple.com",
        "a\0.com",
        "[fe80::1%eth0]",
        "[::1",
        "[]",
        "a" * 64 + ".com",
        ("a" * 60 + ".") * 5 + "com",
        "",
        ".",
    ],
)
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_host(text)


@pytest.mark.parametrize(
    "text",
    ["a", "a:", "a:x", "a:-1", "a:0", "a:65536", "a:443:1", "u@a:443", "u:p@a:443", "a\\@b:443", "a/b:443", "::1:443"],
)
def test_what_is_no_authority(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_authority(text, None)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("192.0.0.192", False),
        ("192.0.2.1", False),
        ("168.63.129.16", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("239.255.255.250", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::808:808", False),
        ("2002:7f00:1::", False),
        ("2001::1", False),
        ("2001:db8::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("fec0::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def interface_addresses() -> list[str]:
    """Return the address that this host would use for the internet, where it has a route there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("8.8.8.8", 9))
        except OSError:
            return []
        return [probe.getsockname()[0]]


def test_this_host_s_own_addresses_are_known() -> None:
    for address in ["127.0.0.1", "127.99.0.1", "::ffff:127.0.0.1", *interface_addresses()]:
        assert is_own(ip_address(address)), address
    assert not is_own(ip_address("8.8.8.8"))


def test_a_public_address_of_this_host_is_not_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = "8.8.8.8"

    class Socket(socket.socket):
        def bind(self, address) -> None:
            if address[0] != mine:
                raise OSError(errno.EADDRNOTAVAIL, "not mine")

    monkeypatch.setattr("claudebox_rl.sandbox._egress.addresses.socket.socket", Socket)
    assert not is_dialable(ip_address(mine))
    assert is_dialable(ip_address("8.8.4.4"))


def test_a_host_out_of_descriptors_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr("claudebox_rl.sandbox._egress.addresses.socket.socket", full)
    assert not is_dialable(ip_address("8.8.8.8"))


async def test_names_are_asked_for_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def getaddrinfo(name: str, *_: object, **__: object) -> list[tuple]:
        asked.append(name)
        return [(2, 1, 6, "", ("8.8.8.8", 0)), (10, 1, 6, "", ("fe80::1%2", 0, 0, 2))]

    monkeypatch.setattr(resolver.socket, "getaddrinfo", getaddrinfo)
    assert await resolver.resolve("example.com") == (ip_address("8.8.8.8"), ip_address("fe80::1"))
    assert asked == ["example.com."]


async def test_a_name_without_an_address_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object, **__: object) -> list[tuple]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(resolver.socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(OSError, match="not known"):
        await resolver.resolve("example.com")


async def test_slow_names_hold_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def getaddrinfo(*_: object, **__: object) -> list[tuple]:
        release.wait(10)
        return []

    monkeypatch.setattr(resolver.socket, "getaddrinfo", getaddrinfo)
    slow = [asyncio.create_task(resolver.resolve(f"n{n}.test")) for n in range(resolver._MOST_AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="too many"):
        await resolver.resolve("one.more.test")
    assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 1) == "free"
    slow.pop().cancel()
    release.set()
    assert await asyncio.gather(*slow) == [()] * len(slow)
    assert await resolver.resolve("again.test") == ()
