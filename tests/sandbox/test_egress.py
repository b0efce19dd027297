"""The proxy: what it lets through, what it refuses, and what comes out on the other side."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from egress_lab import PUBLIC, client_hello, connect_to, proxy, status

from claudebox_rl.sandbox._egress import forward as forward_module
from claudebox_rl.sandbox._egress import proxy as proxy_module
from claudebox_rl.sandbox._egress import tunnel as tunnel_module
from claudebox_rl.sandbox._egress.client_hello import NotTlsError, server_name

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n"
UNRECOGNIZED_NAME = b"\x15\x03\x03\x00\x02\x02\x70"


def get(url: str, *fields: str, version: str = "1.1") -> bytes:
    lines = [f"GET {url} HTTP/{version}", "Host: whatever.test", *fields, "", ""]
    return "\r\n".join(lines).encode()


# The policy


@pytest.mark.parametrize(
    "request_bytes",
    [
        get("http://evil.test/"),
        get("http://sub.example.com/"),
        get("http://example.com.evil.test/"),
        get("http://notexample.com/"),
        get("http://example.com:8080/"),
        get("http://wild.test/"),
        get("http://x.wild.test.evil/"),
        get(f"http://{PUBLIC}/"),
        get("http://[2606:4700::1111]/"),
        get("http://[::ffff:127.0.0.1]/"),
        get("http://127.0.0.1/"),
        connect_to("evil.test:443"),
        connect_to("example.com:22"),
        connect_to(f"{PUBLIC}:443"),
        connect_to("[::1]:443"),
        connect_to("127.0.0.1:443"),
    ],
)
async def test_what_is_not_listed_is_refused_and_never_looked_up(request_bytes: bytes) -> None:
    async with proxy("example.com", "*.wild.test") as it:
        answer = await it.say(request_bytes)
        assert status(answer) == 403
        if not request_bytes.startswith(b"CONNECT"):
            assert b"allowed_hosts" in answer
        assert (it.world.asked, it.world.dialled, it.traffic.sent) == ([], [], 0)
        assert it.traffic.num_refused == len(it.traffic.refused) == 1
        assert "allowed_hosts" in it.traffic.refused[0].reason


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://example.com/", "example.com", 80),
        ("http://EXAMPLE.com./", "example.com", 80),
        ("HTTP://example.com:80", "example.com", 80),
        ("http://a.b.wild.test/", "a.b.wild.test", 80),
        ("http://other.test:8080/x", "other.test", 8080),
    ],
)
async def test_what_is_listed_passes(url: str, host: str, port: int) -> None:
    async with proxy("example.com", "*.wild.test", "other.test:8080") as it:
        answer = await it.say(get(url))
        assert status(answer) == 200
        assert answer.endswith(b"hello")
        assert it.world.asked == [host]
        assert it.world.dialled == [(PUBLIC, port)]
        shown = host if port == 80 else f"{host}:{port}"
        assert f"\r\nHost: {shown}\r\n".encode() in it.world.received
        assert b"whatever.test" not in it.world.received


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:10.0.0.1", "fd00:ec2::254", "0.0.0.0"],
)
@pytest.mark.parametrize("full", [False, True])
async def test_a_name_for_a_private_address_is_refused(address: str, full: bool) -> None:
    async with proxy("example.com", full=full) as it:
        it.world.addresses["example.com"] = [address]
        for request in (get("http://example.com/"), connect_to("example.com:443")):
            assert status(await it.say(request)) == 403
        assert it.world.dialled == []
        assert it.reasons == [("example.com", 80), ("example.com", 443)]
        assert address not in it.traffic.refused[0].reason


async def test_only_the_public_ones_of_several_addresses_are_dialled() -> None:
    async with proxy("example.com") as it:
        it.world.addresses["example.com"] = ["10.0.0.1", "8.8.8.8", "::1"]
        assert status(await it.say(get("http://example.com/"))) == 200
        assert it.world.dialled == [("8.8.8.8", 80)]


async def test_the_address_that_was_checked_is_dialled_though_the_name_changes() -> None:
    async with proxy("example.com") as it:
        turns = iter([["8.8.8.8"], ["127.0.0.1"]])
        real = it.world.resolve

        async def rebinding(name: str):
            it.world.addresses[name] = next(turns)
            return await real(name)

        it.egress._resolve = rebinding
        assert status(await it.say(get("http://example.com/"))) == 200
        assert it.world.dialled == [("8.8.8.8", 80)]
        assert status(await it.say(get("http://example.com/"))) == 403
        assert it.world.dialled == [("8.8.8.8", 80)]


@pytest.mark.parametrize("host", ["anything.test", "8.8.8.8", "[2606:4700::1111]"])
async def test_full_reaches_every_public_host(host: str) -> None:
    async with proxy(full=True) as it:
        assert status(await it.say(get(f"http://{host}:8080/"))) == 200
        answer = await it.say(connect_to(f"{host}:2222"), then=b"hello", hang_up=True)
        assert answer.startswith(ESTABLISHED)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "0.0.0.0", "[64:ff9b::7f00:1]"],
)
async def test_full_reaches_no_private_address(host: str) -> None:
    async with proxy(full=True) as it:
        assert status(await it.say(get(f"http://{host}/"))) == 403
        assert status(await it.say(connect_to(f"{host}:443"))) == 403
        assert it.world.dialled == []
        assert it.traffic.num_refused == 2


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "017700000001"])
@pytest.mark.parametrize("full", [False, True])
async def test_odd_ways_to_write_an_address_are_no_hosts(host: str, full: bool) -> None:
    async with proxy("example.com", full=full) as it:
        for request in (get(f"http://{host}/"), connect_to(f"{host}:443")):
            assert status(await it.say(request)) == 400
        assert (it.world.asked, it.world.dialled) == ([], [])
        assert it.traffic.num_refused == 2


async def test_what_is_allowed_and_not_there_is_no_refusal() -> None:
    async with proxy("*.test") as it:
        answer = await it.say(get("http://nowhere.test/"))
        assert status(answer) == 502
        assert b"nowhere.test" in answer
        it.world.is_up = False
        assert status(await it.say(connect_to("down.test:443"))) == 502
        assert it.traffic.num_refused == 0


# Malformed requests


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        b"\x05\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET //example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost: a\r\n b: c\0\r\n\r\n",
        b"GET http://example.com/ HTTP/2.7.1\r\nHost: a\r\n\r\n",
        get("http://user@example.com/"),
        get("http://user:password@example.com/"),
        get("http://example.com@evil.test/"),
        get("http://evil.test\\@example.com/"),
        get("http://example.com\\.evil.test/"),
        get("http://example.com%00.evil.test/"),
        get("http://example.com:/"),
        get("http://example.com:80x/"),
        get("http://example.com:80:80/"),
        get("http:///path"),
        get("http:example.com/"),
        get("https://example.com/"),
        get("ftp://example.com/"),
        get("http://example.com/#fragment"),
        get("http://ex\u00e4mple.com/"),
        connect_to("example.com"),
        connect_to("user@example.com:443"),
        connect_to("http://example.com:443"),
        connect_to("example.com:443/"),
        connect_to(":443"),
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_a_malformed_request_gets_400_and_leads_nowhere(request_bytes: bytes) -> None:
    async with proxy("example.com", "evil.test") as it:
        assert status(await it.say(request_bytes, hang_up=True)) == 400
        assert (it.world.asked, it.world.dialled) == ([], [])
        assert it.traffic.num_refused == 1


async def test_what_is_noted_of_a_request_is_short_and_printable() -> None:
    async with proxy("example.com") as it:
        await it.say(get("http://" + "\u00e9" * 3 + "/"))
        await it.say(get("http://" + "a" * 5000 + "/"))
        assert all(len(each.host) <= 300 and each.host.isprintable() for each in it.traffic.refused)
        assert it.traffic.num_refused == 2


# Forwarding


async def test_fields_of_one_connection_are_not_passed_on() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x-there\r\nX-There: 1\r\nKeep-Alive: 5\r\n"
    answer += b"X-Kept: y\r\n\r\nhi"
    fields = [
        "Connection: keep-alive, X-Here, Host, content-length",
        "X-Here: 1",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic c2VjcmV0",
        "TE: trailers",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        "X-Kept: yes",
        "Authorization: Bearer mine",
    ]
    async with proxy("example.com", answer=answer) as it:
        said = await it.say(get("http://example.com/a?b=c", *fields))
        head = it.world.received.decode().lower()
        assert head.startswith("get /a?b=c http/1.1\r\nhost: example.com\r\n")
        for gone in ("x-here", "proxy-", "te:", "upgrade", "http2", "keep-alive"):
            assert gone not in head, gone
        assert "x-kept: yes" in head
        assert "authorization: bearer mine" in head
        assert head.count("connection:") == 1
        assert b"X-There" not in said
        assert b"Keep-Alive" not in said
        assert b"X-Kept: y" in said
        assert said.endswith(b"\r\n\r\nhi")


async def test_a_second_request_on_the_connection_is_not_served() -> None:
    async with proxy("example.com", "other.test") as it:
        both = get("http://example.com/") + get("http://other.test/") + get("http://evil.test/")
        answer = await it.say(both)
        assert answer.count(b"HTTP/1.1") == 1
        assert b"Connection: close" in answer
        assert it.world.received.count(b"GET ") == 1
        assert it.world.asked == ["example.com"]


@pytest.mark.parametrize(
    ("fields", "body", "expected"),
    [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", 400),
        ("Content-Length: 5\r\nContent-Length: 6", b"hello!", 400),
        ("Content-Length: 5, 6", b"hello!", 400),
        ("Content-Length: +5", b"hello", 400),
        ("Content-Length: -1", b"hello", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n", 400),
        ("Transfer-Encoding: xchunked", b"0\r\n\r\n", 400),
        ("Transfer-Encoding: chunked, identity", b"0\r\n\r\n", 400),
        ("Transfer-Encoding : chunked", b"0\r\n\r\n", 400),
        ("Transfer-Encoding:\x0bchunked", b"0\r\n\r\n", 400),
        ("X: 1\rTransfer-Encoding: chunked", b"0\r\n\r\n", 400),
    ],
)
async def test_two_readers_can_not_differ_about_a_body(fields: str, body: bytes, expected: int) -> None:
    head = f"POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\n{fields}\r\n\r\n"
    async with proxy("example.com") as it:
        assert status(await it.say(head.encode() + body)) == expected
        assert it.world.received == b""


@pytest.mark.parametrize("chunk", [b"5;x=\r\nGET", b"-5\r\nhello\r\n", b"0x5\r\nhello\r\n", b"5\r\nhelloXX", b"\r\n"])
async def test_a_malformed_body_ends_the_request(chunk: bytes) -> None:
    head = b"POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
    silent = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with pytest.raises(ConnectionResetError):
            await reader.read()
        silent.set()

    async with proxy("example.com", handler=wait) as it:
        answer = await it.say(head + b"3\r\nabc\r\n" + chunk, hang_up=True)
        assert status(answer) in (0, 400)
        await asyncio.wait_for(silent.wait(), 5)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_body_goes_out_and_comes_back(chunked: bool) -> None:
    sent = os.urandom(3_000_000)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert (b"transfer-encoding: chunked" in head) is chunked
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if chunked:
            while num_bytes := int(await reader.readline(), 16):
                body = await reader.readexactly(num_bytes + 2)
                writer.write(b"%x\r\n%b" % (num_bytes, body))
                await writer.drain()
        else:
            left = len(sent)
            while left:
                data = await reader.read(min(left, 1 << 16))
                left -= len(data)
                writer.write(b"%x\r\n%b\r\n" % (len(data), data))
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    fields = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(sent)
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(sent), sent) if chunked else sent
    async with proxy("example.com", handler=echo) as it:
        head = b"POST http://example.com/ HTTP/1.0\r\nHost: a\r\n" if not chunked else b""
        head = head or b"POST http://example.com/ HTTP/1.1\r\nHost: a\r\n"
        answer = await it.say(head + fields + b"\r\n\r\n" + body)
        if chunked:
            assert b"Transfer-Encoding: chunked" in answer
            assert answer.endswith(b"\r\n0\r\n\r\n")
            assert len(answer) > len(sent)
        else:
            assert answer.partition(b"\r\n\r\n")[2] == sent  # HTTP/1.0 knows no chunks
        assert it.traffic.sent > len(sent)
        assert it.traffic.received > len(sent)


async def test_a_client_that_waits_for_a_go_ahead_gets_it() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"expect: 100-continue" in (await reader.readuntil(b"\r\n\r\n")).lower()
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + await reader.readexactly(5))
        await writer.drain()

    head = b"PUT http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    async with proxy("example.com", handler=serve) as it:
        answer = await it.say(head, then=b"howdy")
        assert answer.startswith(b"HTTP/1.1 100 ")
        assert answer.endswith(b"howdy")


async def test_an_answer_before_the_end_of_the_body_is_passed_on() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    head = b"PUT http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n"
    async with proxy("example.com", handler=refuse) as it:
        assert status(await it.say(head + b"x" * 1000)) == 413


async def test_head_has_no_body_and_keeps_its_length() -> None:
    async with proxy("example.com") as it:
        request = b"HEAD http://%b/ HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = await it.say(request % b"example.com")
        assert b"Content-Length: 5" in answer
        assert answer.endswith(b"\r\n\r\n")
        refused = await it.say(request % b"evil.test")
        assert status(refused) == 403
        assert refused.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * (1 << 17) + b"\r\n\r\n",
        b"HTTP/1.1 2xx OK\r\n\r\n",
    ],
)
async def test_a_malformed_answer_is_502(answer: bytes) -> None:
    async with proxy("example.com", answer=answer) as it:
        assert status(await it.say(get("http://example.com/"))) == 502


async def test_a_host_that_hangs_up_early_does_not_look_whole() -> None:
    async def stop_short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
        await writer.drain()

    async with proxy("example.com", handler=stop_short) as it:
        answer = await it.say(get("http://example.com/"))
        assert b"Content-Length: 1000" in answer
        assert answer.endswith(b"hello")


# Tunnels


async def test_tls_for_the_host_that_was_asked_for_passes_untouched() -> None:
    hello = client_hello("www.example.com")
    async with proxy("*.example.com", answer=b"from the server") as it:
        answer = await it.say(connect_to("WWW.example.com.:443"), then=hello)
        assert answer == ESTABLISHED + b"\r\nfrom the server"
        assert it.world.received == hello
        assert it.world.dialled == [(PUBLIC, 443)]
        assert (it.traffic.sent, it.traffic.received) == (len(hello), len(b"from the server"))


async def test_tls_that_comes_with_the_request_or_in_pieces_passes() -> None:
    hello = client_hello("example.com")
    async with proxy("example.com", answer=b"ok") as it:
        await it.say(connect_to("example.com:443") + hello)
        assert it.world.received == hello
    async with proxy("example.com", answer=b"ok") as it:
        reader, writer = await it.connect()
        writer.write(connect_to("example.com:443"))
        await reader.readuntil(b"\r\n\r\n")
        for position in range(0, len(hello), 40):
            writer.write(hello[position : position + 40])
            await asyncio.sleep(0.001)
        assert await reader.read(10) == b"ok"
        assert it.world.received == hello
        writer.close()


@pytest.mark.parametrize("name", ["evil.test", "sub.example.com", "example.com.evil.test", None])
async def test_tls_for_another_host_is_refused_with_an_alert(name: str | None) -> None:
    async with proxy("example.com") as it:
        answer = await it.say(connect_to("example.com:443"), then=client_hello(name))
        assert answer == ESTABLISHED + b"\r\n" + UNRECOGNIZED_NAME
        assert it.world.received == b""
        assert it.reasons == [("example.com", 443)]


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"\x80\x2e\x01\x00\x02" + b"\0" * 40,
        b"\x16\x02\x00\x00\x05hello",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\x00\x05\x02\0\0\x01\0",
        b"\x16\x03\x01\x00\x05\x01\0\0\x01\0",
        b"\x16\x03\x01\xff\xff" + b"\1" * 100,
        (b"\x16\x03\x01\x00\x01\x01" + b"\x16\x03\x01\x00\x01\x00") * 9,
    ],
)
async def test_other_bytes_than_tls_do_not_pass_at_443(first: bytes) -> None:
    async with proxy("example.com") as it:
        answer = await it.say(connect_to("example.com:443"), then=first)
        assert answer.startswith(ESTABLISHED)
        assert it.world.received == b""
        assert it.traffic.num_refused == 1


async def test_a_handshake_that_is_cut_short_does_not_pass() -> None:
    async with proxy("example.com") as it:
        await it.say(connect_to("example.com:443"), then=client_hello("example.com")[:100], hang_up=True)
        assert it.world.received == b""
        assert it.traffic.num_refused == 1


async def test_a_listed_port_carries_any_protocol_and_looks_into_tls() -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-server\r\n")
        writer.write(b"got " + await reader.read())
        await writer.drain()

    async with proxy("git.test:22", handler=banner) as it:
        reader, writer = await it.connect()
        writer.write(connect_to("git.test:22"))
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readline() == b"SSH-2.0-server\r\n"  # the server speaks first
        writer.write(b"SSH-2.0-client\r\n")
        writer.write_eof()
        assert await reader.read() == b"got SSH-2.0-client\r\n"
        writer.close()
    async with proxy("git.test:22") as it:
        assert UNRECOGNIZED_NAME in await it.say(connect_to("git.test:22"), then=client_hello("evil.test"))
        assert it.world.received == b""
        assert await it.say(connect_to("git.test:22"), then=client_hello("git.test"))
        assert it.world.received.startswith(b"\x16\x03")


async def test_a_listed_address_takes_tls_without_a_name() -> None:
    async with proxy("8.8.8.8", answer=b"ok") as it:
        assert (await it.say(connect_to("8.8.8.8:443"), then=client_hello(None))).endswith(b"ok")
        assert UNRECOGNIZED_NAME in await it.say(connect_to("8.8.8.8:443"), then=client_hello("evil.test"))


async def test_a_tunnel_to_port_80_carries_http_for_that_host_only() -> None:
    async with proxy("example.com") as it:
        inner = b"GET /x HTTP/1.1\r\nHost: %b\r\n\r\n"
        answer = await it.say(connect_to("example.com:80"), then=inner % b"Example.com")
        assert answer.startswith(ESTABLISHED)
        assert answer.endswith(b"hello")
        assert it.world.received.startswith(b"GET /x HTTP/1.1\r\nHost: example.com\r\n")
        it.world.received = b""
        for bad in (inner % b"evil.test", get("http://evil.test/"), b"SSH-2.0-x\r\n\r\n", client_hello("example.com")):
            assert (await it.say(connect_to("example.com:80"), then=bad)).startswith(ESTABLISHED)
        assert it.world.received == b""
        assert it.traffic.num_refused == 4


async def test_full_looks_into_no_tunnel() -> None:
    async with proxy(full=True, answer=b"ok") as it:
        for first in (client_hello("evil.test"), b"SSH-2.0-x\r\n"):
            assert (await it.say(connect_to("example.com:443"), then=first)).endswith(b"ok")


async def test_each_direction_of_a_tunnel_has_an_end_of_its_own() -> None:
    async def answer_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received = await reader.read()
        await asyncio.sleep(0.05)
        writer.write(b"%d" % len(received))
        await writer.drain()

    async with proxy(full=True, handler=answer_at_the_end) as it:
        answer = await it.say(connect_to("example.com:9"), then=b"x" * 1_000_000, hang_up=True)
        assert answer.endswith(b"\r\n\r\n1000000")
        assert it.traffic.sent == 1_000_000
        assert it.traffic.received == 7


async def test_a_side_that_does_not_read_holds_up_the_other() -> None:
    stuck = asyncio.Event()

    async def never_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stuck.wait()

    async with proxy(full=True, handler=never_read) as it:
        reader, writer = await it.connect()
        writer.write(connect_to("example.com:9"))
        await reader.readuntil(b"\r\n\r\n")

        async def pour() -> None:
            while True:
                writer.write(b"x" * (1 << 16))
                await writer.drain()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pour(), 1)
        held = it.traffic.sent
        await asyncio.sleep(0.1)
        assert it.traffic.sent == held < 30_000_000  # kernel buffers, not memory of the proxy
        writer.transport.abort()
        stuck.set()


async def test_the_end_of_the_host_s_side_reaches_the_client_at_once() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        await writer.drain()

    async with proxy(full=True, handler=hang_up) as it:
        reader, writer = await it.connect()
        writer.write(connect_to("example.com:9"))
        started = time.monotonic()
        assert (await reader.read()).endswith(b"\r\n\r\nbye")
        assert time.monotonic() - started < 10
        writer.close()


# Limits


async def test_too_many_connections_get_503() -> None:
    async with proxy(full=True) as it:
        held = [await it.connect() for _ in range(128)]
        await asyncio.sleep(0.1)
        assert status(await it.say(get("http://example.com/"))) == 503
        assert it.traffic.num_refused == 1
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.1)
        assert status(await it.say(get("http://example.com/"))) == 200


async def test_a_long_head_is_refused() -> None:
    async with proxy("example.com") as it:
        assert status(await it.say(get("http://example.com/", "X: " + "y" * (1 << 17)))) == 400
        assert it.world.dialled == []


async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_module, "_HEAD_S", 0.1)
    async with proxy("example.com") as it:
        assert await it.say(b"GET http://exam") == b""
        assert await it.say(b"") == b""


async def test_a_handshake_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel_module, "_HELLO_S", 0.1)
    async with proxy("example.com") as it:
        answer = await it.say(connect_to("example.com:443"), then=client_hello("example.com")[:10])
        assert answer == ESTABLISHED + b"\r\n"
        assert it.world.received == b""


async def test_a_silent_tunnel_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_module, "IDLE_S", 0.3)
    monkeypatch.setattr(forward_module, "IDLE_S", 0.3)

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass

    async with proxy(full=True, handler=never) as it:
        reader, writer = await it.connect()
        writer.write(connect_to("example.com:9"))
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(4):
            writer.write(b"x")
            await asyncio.sleep(0.15)  # never silent for long
        assert it.traffic.sent == 4
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 2)
        writer.close()
        assert await it.say(get("http://example.com/")) == b""


async def test_only_the_last_refusals_are_kept_and_all_counted() -> None:
    async with proxy() as it:
        for number in range(300):
            it.traffic.refuse(f"h{number}", 1, "no")
        assert (len(it.traffic.refused), it.traffic.num_refused) == (256, 300)
        assert it.traffic.refused[-1].host == "h299"


async def test_refusals_since_the_last_time() -> None:
    async with proxy() as it:
        assert it.traffic.take_refused() == ()
        await it.say(get("http://a.test/"))
        assert [each.host for each in it.traffic.take_refused()] == ["a.test"]
        assert it.traffic.take_refused() == ()
        for number in range(300):
            it.traffic.refuse(f"h{number}", 1, "no")
        assert len(it.traffic.take_refused()) == 256


# The server name


@pytest.mark.parametrize("length", [0, 1, 4, 5, 6, 50])
def test_too_few_bytes_tell_nothing(length: int) -> None:
    assert server_name(client_hello("example.com")[:length]) is None


def test_a_message_over_several_records() -> None:
    hello = client_hello("example.com")
    body = hello[5:]
    cut = [body[:1], body[1:3], body[3:100], body[100:]]
    records = b"".join(hello[:3] + len(part).to_bytes(2) + part for part in cut)
    assert server_name(records) == "example.com"
    assert server_name(records[:-1]) is None


def test_two_names_are_one_too_many() -> None:
    name = b"\0\0\x01a"
    names = name + b"\0\0\x01b"
    extension = b"\0\0" + (len(names) + 2).to_bytes(2) + len(names).to_bytes(2) + names
    message = b"\x03\x03" + b"\0" * 32 + b"\0" + b"\0\x02\x13\x01" + b"\x01\0" + len(extension).to_bytes(2) + extension
    handshake = b"\x01" + len(message).to_bytes(3) + message
    with pytest.raises(NotTlsError, match="several"):
        server_name(b"\x16\x03\x01" + len(handshake).to_bytes(2) + handshake)


def test_no_bytes_take_the_reader_by_surprise() -> None:
    hello = client_hello("example.com")
    for position in range(5, len(hello)):
        for value in (0, 0xFF, hello[position] ^ 1):
            changed = hello[:position] + bytes([value]) + hello[position + 1 :]
            try:
                server_name(changed)
            except NotTlsError:
                continue
