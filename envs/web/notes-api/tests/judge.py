"""Is a client of the server, beside notes that are kept in Python."""

import json
import random
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))

from judging import Wrong, expect, judge, parsed, same
from serving import Client, Reply, serving

JSON = {"Content_Type": "application/json"}
TEXTS = ["buy milk", "Öl & Käse", "<b>", "\"quoted\"\n", "😀", "x" * 300]
TAGS = ["home", "work", "a b", "a&b=c", "ä", "1+1", ""]
WRONG = [
    (b"", 400), (b"{", 400), (b"\xff\xfe", 400), (b"[" * 60000, 400), (b"null", 422), (b"[]", 422), (b'"text"', 422), (b"{}", 422),
    (b'{"text": ""}', 422), (b'{"text": 5}', 422), (b'{"text": "a", "tags": "home"}', 422), (b'{"text": "a", "tags": [1]}', 422),
    (b'{"text": "a", "tags": null}', 422), (b'{"text": "a", "id": 7}', 422), (b'{"tags": []}', 422),
]


def told(reply: Reply, status: int, case: str) -> object:
    """Expect a status and the headers that belong to it, and return the value of the body."""
    expect(reply.status == status, f"{case}: wanted {status}, got {reply.status} {reply.body[:200]!r}")
    if status in (204, 304):
        expect(not reply.body, f"{case}: {status} has a body")
        return None
    kind = (reply.headers.get("Content-Type") or "").split(";")[0].strip().lower()
    expect(kind == "application/json", f"{case}: the content type is {kind!r}")
    expect(reply.headers.get("Content-Length") is not None, f"{case}: there is no Content-Length")
    value = parsed(reply.body.decode("utf-8", "replace"))
    if status >= 400:
        expect(isinstance(value, dict) and isinstance(value.get("error"), str), f"{case}: got {reply.body[:200]!r}")
    return value


class Notes:
    """What the server has to hold."""

    def __init__(self, client: Client, dice: random.Random) -> None:
        self.client, self.dice, self.last, self.notes, self.tags, self.old = client, dice, 0, {}, {}, set()

    def made_up(self) -> dict:
        body = {"text": self.dice.choice(TEXTS)}
        return body if self.dice.random() < 0.2 else {**body, "tags": self.dice.sample(TAGS, self.dice.randrange(4))}

    def took(self, reply: Reply, status: int, number: int, body: dict) -> None:
        case = f"{'POST' if status == 201 else 'PUT'} {json.dumps(body)[:200]}"
        wanted = {"id": number, "text": body["text"], "tags": body.get("tags", [])}
        found = told(reply, status, case)
        expect(same(found, wanted), f"{case}: wanted {wanted}, got {found}")
        tag = reply.headers.get("ETag") or ""
        expect(len(tag) > 2 and tag[0] == tag[-1] == '"', f"{case}: the ETag is {tag!r}")
        expect((number, tag) not in self.old, f"{case}: the ETag {tag} was there before")
        self.old.add((number, tag))
        self.notes[number], self.tags[number] = wanted, tag

    def make(self) -> None:
        body, kind = self.made_up(), self.dice.choice(["application/json", "Application/JSON; charset=utf-8"])
        reply = self.client.ask("POST", "/notes", json.dumps(body).encode(), Content_Type=kind)
        self.last += 1
        self.took(reply, 201, self.last, body)
        expect(reply.headers.get("Location") == f"/notes/{self.last}", f"Location is {reply.headers.get('Location')!r}")

    def show(self) -> None:
        number = self.dice.choice(list(self.notes))
        path, tag = f"/notes/{number}", self.tags[number]
        for header, status in ((None, 200), (tag, 304), (f'"x",  W/{tag}', 304), ("*", 304), ('"other"', 200), (f'"a{tag[1:]}', 200)):
            for method in ("GET", "HEAD"):
                case = f"{method} {path} with If-None-Match {header}"
                reply = self.client.ask(method, path, **({} if header is None else {"If_None_Match": header}))
                expect(reply.status == status, f"{case}: wanted {status}, got {reply.status}")
                expect(reply.headers.get("ETag") == tag, f"{case}: wanted the ETag {tag}, got {reply.headers.get('ETag')}")
                if method == "HEAD" or status == 304:
                    expect(not reply.body, f"{case}: got a body")
                else:
                    expect(same(told(reply, 200, case), self.notes[number]), f"{case}: got {reply.body[:200]!r}")

    def replace(self) -> None:
        number = self.dice.choice(list(self.notes))
        path, tag = f"/notes/{number}", self.tags[number]
        body = self.dice.choice([self.made_up(), {key: self.notes[number][key] for key in ("text", "tags")}])
        data = json.dumps(body).encode()
        told(self.client.ask("PUT", path, data, **JSON), 428, f"PUT {path} without If-Match")
        for header in ('"other"', f"W/{tag}", f'"x", W/{tag}'):
            told(self.client.ask("PUT", path, data, If_Match=header, **JSON), 412, f"PUT {path} with If-Match {header}")
        broken, status = self.dice.choice(WRONG)
        told(self.client.ask("PUT", path, broken, If_Match=tag, **JSON), status, f"PUT {path} with {broken[:50]!r}")
        header = self.dice.choice([tag, f'"x", {tag}', f'W/"y",{tag} , "z"', "*"])
        self.took(self.client.ask("PUT", path, data, If_Match=header, **JSON), 200, number, body)

    def delete(self) -> None:
        number = self.dice.choice(list(self.notes))
        path = f"/notes/{number}"
        told(self.client.ask("DELETE", path, If_Match='"other"'), 412, f"DELETE {path} with another tag")
        header = {"If_Match": self.tags[number]} if self.dice.random() < 0.5 else {}
        told(self.client.ask("DELETE", path, **header), 204, f"DELETE {path}")
        del self.notes[number]
        told(self.client.ask("GET", path), 404, f"GET {path}, which is deleted")
        told(self.client.ask("PUT", path, b"{}", **JSON), 404, f"PUT {path}, which is deleted")

    def wanted(self, tag: str | None) -> list:
        return [note for _, note in sorted(self.notes.items()) if tag is None or tag in note["tags"]]

    def pages(self, changing: bool) -> None:
        """Go through all pages, while others make and delete notes."""
        limit, tag = self.dice.choice([None, 1, 2, 3, 7, 100]), self.dice.choice([None, None, *TAGS])
        query = [*([] if limit is None else [f"limit={limit}"]), *([] if tag is None else [f"tag={quote(tag)}"])]
        path, seen = "/notes" + ("?" + "&".join(query) if query else ""), 0
        while path is not None:
            following = [note for note in self.wanted(tag) if note["id"] > seen]
            shown = following[: limit or 20]
            found = told(self.client.ask("GET", path), 200, f"GET {path}")
            right = isinstance(found, dict) and found.keys() == {"notes", "next"} and same(found["notes"], shown)
            expect(right, f"GET {path}: wanted the notes {[note['id'] for note in shown]}, got {json.dumps(found)[:400]}")
            has_more = len(following) > len(shown)
            expect((found["next"] is not None) == has_more, f"GET {path}: next is {found['next']!r}, more: {has_more}")
            path = found["next"]
            expect(path is None or isinstance(path, str) and path.startswith("/notes?") and path.isascii(), f"next is {path!r}")
            seen = shown[-1]["id"] if shown else seen
            if changing and len(self.notes) > 3:
                self.delete()
                self.make()


def used() -> None:
    for seed in range(2):
        with serving() as client:
            notes = Notes(client, random.Random(seed))
            notes.pages(False)
            for _ in range(26):
                notes.make()
            for _ in range(6):
                notes.show()
                notes.replace()
                notes.delete()
                notes.pages(True)
                notes.pages(False)


def refuses() -> None:
    with serving() as client:
        notes = Notes(client, random.Random(9))
        notes.make()
        for body, status in WRONG:
            told(client.ask("POST", "/notes", body, **JSON), status, f"POST {body[:50]!r}")
        good = b'{"text": "x"}'
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
            told(client.ask("POST", "/notes", good, Content_Type=kind), 415, f"POST of {kind}")
        told(client.ask("POST", "/notes", b'{"text": "' + b"x" * 65524 + b'"}', **JSON), 201, "POST of 65536 bytes")
        for path in ("/", "/note", "/notes/", "/notes/0", "/notes/01", "/notes/x", "/notes/99", "/notes/1/", "/notes/-1", "/notes/%C2%B2"):
            told(client.ask("GET", path), 404, f"GET {path}")
        for path, methods in (("/notes", "PUT DELETE PATCH"), ("/notes/1", "POST PATCH")):
            for method in methods.split():
                reply = client.ask(method, path, good, If_Match="*", **JSON)
                told(reply, 405, f"{method} {path}")
                allowed = {name.strip() for name in (reply.headers.get("Allow") or "").split(",")}
                wanted = {"GET", "HEAD", "POST"} if path == "/notes" else {"GET", "HEAD", "PUT", "DELETE"}
                expect(allowed == wanted, f"{method} {path}: Allow is {allowed}")
        for limit in ("0", "101", "-1", "x", "", "1.5", "%D9%A3", "9" * 5000):
            told(client.ask("GET", f"/notes?limit={limit}"), 400, f"limit={limit[:20]}")
        told(client.ask("PUT", "/notes/1", good, If_Match=notes.tags[1], Content_Type="text/plain"), 415, "PUT of text/plain")


def answer(client: Client, request: bytes) -> bytes:
    """Send a request as it is, and return the first line of the answer."""
    with client.raw(request) as connection:
        try:
            return connection.recv(4096).split(b"\r\n")[0]
        except OSError as error:
            raise Wrong(f"{request[:80]!r} has no answer: {error}") from None


def lasts() -> None:
    """Slow and broken clients harm nobody."""
    with serving() as client:
        head = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        slow = [client.raw(head + b'Content-Length: 50\r\n\r\n{"te') for _ in range(5)] + [client.raw(b"GET /no") for _ in range(5)]
        began = time.monotonic()
        notes = Notes(client, random.Random(4))
        notes.make()
        notes.show()
        expect(time.monotonic() - began < 4, "slow clients keep others waiting")
        for length, status in ((b"", b"411"), (b"Content-Length: 65537\r\n", b"413"), (b"Content-Length: 99999999999\r\n", b"413")):
            line = answer(client, head + length + b"\r\n")
            expect(line.split(b" ")[1:2] == [status], f"POST with {length!r}: wanted {status!r}, got {line!r}")
        for junk in (head + b"Content-Length: x\r\n\r\n{}", head + b"Content-Length: -5\r\n\r\n{}", b"\x00\xff\r\n\r\n", b"GET / HTTP/9\r\n\r\n"):
            client.raw(junk).close()
        for connection in slow:
            connection.close()
        notes.make()
        notes.show()


def together() -> None:
    """Of several changes to the same state one succeeds."""
    with serving() as client:
        notes = Notes(client, random.Random(6))
        notes.make()
        for number in range(6):
            statuses, tag = [], notes.tags[1]

            def put(text: str, tag: str = tag, statuses: list = statuses) -> None:
                try:
                    reply = client.ask("PUT", "/notes/1", json.dumps({"text": text}).encode(), If_Match=tag, **JSON)
                    statuses.append((reply.status, text, reply))
                except Wrong as why:
                    statuses.append((0, str(why), None))

            threads = [threading.Thread(target=put, args=(f"{number} {each}",)) for each in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            won = [each for each in statuses if each[0] == 200]
            right = len(won) == 1 and sorted(each[0] for each in statuses) == [200] + [412] * 7
            expect(right, f"eight PUT at once: {sorted(each[:2] for each in statuses)}")
            notes.took(won[0][2], 200, 1, {"text": won[0][1]})
            notes.show()


if __name__ == "__main__":
    judge({"used": used, "refuses": refuses, "lasts": lasts, "together": together})
