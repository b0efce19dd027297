"""Asks the server for whole files and for parts, and compares the bytes with those of the files."""

import os
import random
import sys
import time
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import expect, judge, scratch
from serving import Client, Reply, serving

NAMES = ["plain.bin", "deep/er/two words.txt", "Öl%20.txt", "a+b&c;d#e?f.txt", "...", ".hidden", "empty", "one"]
HUGE = 1 << 30


def planted(place: Path, dice: random.Random) -> dict:
    """Make files, folders and links, and return the content of what is to be served."""
    root, found = place / "served files", {}
    for name in NAMES:
        size = {"empty": 0, "one": 1}.get(name) if name in ("empty", "one") else dice.randrange(50, 3000)
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(size))
        second = 1_600_000_000 + dice.randrange(10**8)
        os.utime(path, ns=(0, second * 10**9 + dice.randrange(10**9)))
        found[name] = path.read_bytes()
    (place / "secret").write_bytes(b"secret")
    (place / "served files too").mkdir()
    (place / "served files too/secret").write_bytes(b"secret")
    (root / "inside").symlink_to("deep/er")
    (root / "link").symlink_to("plain.bin")
    (root / "out").symlink_to(place / "secret")
    (root / "outside").symlink_to(place)
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    return {**found, "link": found["plain.bin"], "inside/two words.txt": found["deep/er/two words.txt"]}


def headers(root: Path, name: str) -> dict:
    """Return what a file's answers say of it, but for its tag."""
    second = (root / name).stat().st_mtime_ns // 10**9
    return {"Last-Modified": formatdate(second, usegmt=True)}


def fits(case: str, reply: Reply, status: int, body: bytes, wanted: dict) -> None:
    expect(reply.status == status, f"{case}: wanted {status}, got {reply.status}")
    for name, value in wanted.items():
        expect(reply.headers.get(name) == value, f"{case}: wanted {name}: {value}, got {reply.headers.get(name)!r}")
    expect(reply.body == body, f"{case}: wanted {len(body)} bytes {body[:20]!r}, got {len(reply.body)}: {reply.body[:20]!r}")


def tag_of(case: str, reply: Reply) -> str:
    tag = reply.headers.get("ETag") or ""
    expect(len(tag) > 2 and tag[0] == tag[-1] == '"' and '"' not in tag[1:-1], f"{case}: the ETag is {tag!r}")
    return tag


def part(text: str, size: int) -> tuple | None:
    """Return what a range of the right form asks for: first, last; None: not satisfiable."""
    first, _, last = text.partition("-")
    if not first:
        return (max(size - int(last), 0), size - 1) if int(last) and size else None
    return (int(first), min(int(last) if last else size - 1, size - 1)) if int(first) < size else None


def whole() -> None:
    with scratch() as place:
        files = planted(place, random.Random(1))
        root = place / "served files"
        with serving(root) as client:
            for name, data in files.items():
                path = f"/{quote(name)}"
                told = {**headers(root, name), "Content-Type": "application/octet-stream", "Content-Length": str(len(data)), "Accept-Ranges": "bytes"}
                for asked in (path, f"{path}?x=/../y"):
                    fits(f"GET {asked}", client.ask("GET", asked), 200, data, told)
                reply = client.ask("HEAD", path, Range="bytes=0-0")
                fits(f"HEAD {path}", reply, 200, b"", told)
                told["ETag"] = tag_of(path, reply)
                fits(f"GET {path}", client.ask("GET", path), 200, data, told)
            no_files = [
                "/", "/missing", "/deep", "/deep/", "/deep/er", "/deep//er/two%20words.txt", "/./plain.bin", "/deep/../plain.bin", "/deep/%2e%2e/plain.bin",
                "/../secret", "/..%2fsecret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/out", "/outside/secret", "/loop", "/pipe", "/plain.bin/",
                "/deep%2fer%2ftwo%20words.txt", "/plain.bin%00", "/%ff", "/" + "x" * 3000, "/..%2fserved%20files%20too/secret",
                "/" + quote(str(place / "secret"), safe=""), "/../served%20files/plain.bin", "/plain.bin/x", "/\\plain.bin",
            ]
            for path in no_files:
                reply = client.ask("GET", path)
                expect(reply.status == 404, f"GET {path[:80]}: wanted 404, got {reply.status}")
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                reply = client.ask(method, "/plain.bin", b"x")
                right = reply.status == 405 and sorted((reply.headers.get("Allow") or "").replace(" ", "").split(",")) == ["GET", "HEAD"]
                expect(right, f"{method}: got {reply.status}, Allow: {reply.headers.get('Allow')}")


def ranges() -> None:
    dice = random.Random(2)
    with scratch() as place:
        files = planted(place, dice)
        root = place / "served files"
        with serving(root) as client:
            for name, data in files.items():
                path, size = f"/{quote(name)}", len(data)
                tag = tag_of(path, client.ask("HEAD", path))
                told = {**headers(root, name), "ETag": tag}
                some = [f"{first}-{first + dice.randrange(size)}" for first in (dice.randrange(size) for _ in range(4))] if size else []
                good = ["0-", "0-0", f"{size}-", f"-{size}", f"-{size + 1}", "-0", "-1", f"{max(size - 1, 0)}-", f"0-{size}", "1-999999999999", f"{size + 5}-{size + 9}", "00-01", *some]
                for text in good:
                    got, case = part(text, size), f"{path} with bytes={text}"
                    reply = client.ask("GET", path, Range=dice.choice([f"bytes={text}", f"Bytes= {text} "]))
                    if got is None:
                        expect(reply.status == 416, f"{case}: wanted 416, got {reply.status}")
                        shown = reply.headers.get("Content-Range")
                        expect(shown == f"bytes */{size}", f"{case}: Content-Range is {shown!r}")
                    else:
                        first, last = got
                        length = last - first + 1
                        more = {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": str(length), "Accept-Ranges": "bytes"}
                        fits(case, reply, 206, data[first : last + 1], {**told, **more})
                for value in ("bytes=", "bytes=-", "bytes=5-2", "items=0-1", "bytes=0-1,3-4", "bytes=x-1", "bytes=1-x", "bytes 0-1", "bytes=--1", "bytes=+1-2", "bytes=1.0-2", "bytes=0x1-2"):
                    fits(f"{path} with Range: {value}", client.ask("GET", path, Range=value), 200, data, {**told, "Content-Range": None})


def conditions() -> None:
    with scratch() as place:
        files = planted(place, random.Random(3))
        root = place / "served files"
        with serving(root) as client:
            for name in ("plain.bin", "deep/er/two words.txt", "link"):
                path, data = f"/{quote(name)}", files[name]
                tag, told = tag_of(path, client.ask("HEAD", path)), headers(root, name)
                changed, second = told["Last-Modified"], (root / name).stat().st_mtime_ns // 10**9
                told["ETag"] = tag
                before, after = formatdate(second - 1, usegmt=True), formatdate(second + 1, usegmt=True)
                for value, heeded in ((tag, True), (changed, True), (f"W/{tag}", False), ('"x"', False), (before, False), (after, False), ("*", False), ("", False)):
                    status, body = (206, data[2:6]) if heeded else (200, data)
                    fits(f"{path} with If-Range: {value}", client.ask("GET", path, Range="bytes=2-5", If_Range=value), status, body, told)
                rules = [
                    ({"If_None_Match": tag}, True), ({"If_None_Match": f'"x" , W/{tag}'}, True), ({"If_None_Match": "*"}, True),
                    ({"If_None_Match": '"x"'}, False), ({"If_None_Match": f'"a{tag[1:]}'}, False), ({"If_None_Match": '"x"', "If_Modified_Since": after}, False),
                    ({"If_None_Match": tag, "If_Modified_Since": before}, True), ({"If_Modified_Since": changed}, True),
                    ({"If_Modified_Since": after}, True), ({"If_Modified_Since": before}, False), ({"If_Modified_Since": "yesterday"}, False),
                    ({"If_Modified_Since": ""}, False),
                ]
                for given, same in rules:
                    for method in ("GET", "HEAD"):
                        body = b"" if same or method == "HEAD" else data
                        fits(f"{method} {path} with {given}", client.ask(method, path, **given), 304 if same else 200, body, told)
                    if same:
                        fits(f"{path} with {given} and a range", client.ask("GET", path, Range="bytes=2-5", **given), 304, b"", told)


def changes() -> None:
    """The tag follows the file, and nothing else."""
    with scratch() as place:
        planted(place, random.Random(4))
        root = place / "served files"
        file = root / "plain.bin"
        tags = []
        for stamp, data in ((1, b"abc"), (1, b"abcd"), (2, b"abcd"), (10**9 + 2, b"abcd"), (3 * 10**9, b"efgh")):
            file.write_bytes(data)
            os.utime(file, ns=(0, 1_700_000_000 * 10**9 + stamp))
            here = set()
            for _ in range(2):
                with serving(root) as client:
                    reply = client.ask("GET", "/plain.bin")
                    fits(f"{data!r}", reply, 200, data, {"Content-Length": str(len(data)), **headers(root, "plain.bin")})
                    here.add(tag_of("plain.bin", reply))
            expect(len(here) == 1, f"the ETag of a file that did not change is {here}")
            tags += here
        expect(len(set(tags)) == len(tags), f"a file that changed has the ETag of before: {tags}")


def lasts() -> None:
    """Huge files, slow clients and those that go away."""
    with scratch() as place:
        planted(place, random.Random(5))
        root = place / "served files"
        with open(root / "huge", "wb") as huge:
            huge.truncate(HUGE)
            huge.seek(HUGE - 4)
            huge.write(b"last")
        with serving(root) as client:
            slow = [client.raw(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(6)] + [client.raw(b"GET /pl") for _ in range(6)]
            began = time.monotonic()
            check_huge(client)
            expect(time.monotonic() - began < 4, "slow clients keep others waiting")
            for connection in slow:
                connection.close()
            for junk in (b"\x00\xff\r\n\r\n", b"GET /plain.bin\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\r\n\r\n"):
                client.raw(junk).close()
            twice = client.raw(b"HEAD /one HTTP/1.1\r\nHost: x\r\n\r\nHEAD /empty HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            heard = b""
            try:
                while more := twice.recv(4096):
                    heard += more
            except OSError as error:
                heard += str(error).encode()
            twice.close()
            expect(heard.count(b"HTTP/1.1 200") == 2, f"two requests on one connection: {heard[:400]!r}")
            check_huge(client)


def check_huge(client: Client) -> None:
    fits("HEAD of a huge file", client.ask("HEAD", "/huge"), 200, b"", {"Content-Length": str(HUGE)})
    fits("the end of a huge file", client.ask("GET", "/huge", Range="bytes=-6"), 206, b"\0\0last", {})
    fits("the middle of a huge file", client.ask("GET", "/huge", Range=f"bytes={HUGE // 2}-{HUGE // 2 + 9}"), 206, b"\0" * 10, {})


if __name__ == "__main__":
    judge({"whole": whole, "ranges": ranges, "conditions": conditions, "changes": changes, "lasts": lasts})
