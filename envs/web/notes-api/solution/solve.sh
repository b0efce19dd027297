#!/bin/bash
set -euo pipefail
cat > server.py <<'PYTHON'
"""An HTTP server for notes: python3 server.py PORT"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

MAX_BYTES = 65536
notes: dict = {}
lock = threading.Lock()
counts = {"id": 0, "version": 0}


class Problem(Exception):
    """An error that is told to the client."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers


def names(header: str, tag: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    found = re.findall(r'(W/)?("[^"]*")', header)
    return any(value == tag and (weak or not is_weak) for is_weak, value in found)


def checked(value: object) -> dict:
    if not isinstance(value, dict) or not {"text"} <= value.keys() <= {"text", "tags"}:
        raise Problem(422, "an object of text and tags is wanted")
    text, tags = value["text"], value.get("tags", [])
    if not isinstance(text, str) or not text:
        raise Problem(422, "text has to be a string that isn't empty")
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Problem(422, "tags has to be an array of strings")
    return {"text": text, "tags": tags}


class Notes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def handle_method(self) -> None:
        self.unread = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        try:
            self.route()
        except Problem as problem:
            self.answer(problem.status, {"error": str(problem)}, **problem.headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = handle_method

    def route(self) -> None:
        url = urlsplit(self.path)
        one = re.fullmatch(r"/notes/([1-9][0-9]*)", url.path)
        if url.path == "/notes":
            handlers = {"GET": self.listing, "HEAD": self.listing, "POST": self.make}
            self.allowed(handlers)(url.query)
        elif one and int(one[1]) in notes:
            handlers = {"GET": self.show, "HEAD": self.show, "PUT": self.replace, "DELETE": self.delete}
            self.allowed(handlers)(int(one[1]))
        else:
            raise Problem(404, "not found")

    def allowed(self, handlers: dict):
        if self.command not in handlers:
            raise Problem(405, "method not allowed", Allow=", ".join(handlers))
        return handlers[self.command]

    def listing(self, query: str) -> None:
        asked = parse_qs(query, keep_blank_values=True)
        limit = asked.get("limit", ["20"])[-1]
        if not re.fullmatch("[0-9]{1,3}", limit, re.ASCII) or not 1 <= int(limit) <= 100:
            raise Problem(400, "limit has to be 1 to 100")
        after = asked.get("after", ["0"])[-1]
        after = int(after) if re.fullmatch("[0-9]{1,18}", after, re.ASCII) else 0
        tag = asked.get("tag", [None])[-1]
        with lock:
            found = [note for note, _ in notes.values() if note["id"] > after and (tag is None or tag in note["tags"])]
        shown, following = found[: int(limit)], None
        if len(found) > len(shown):
            parameters = {"limit": limit, "after": shown[-1]["id"], **({} if tag is None else {"tag": tag})}
            following = f"/notes?{urlencode(parameters)}"
        self.answer(200, {"notes": shown, "next": following})

    def make(self, _: str) -> None:
        value = checked(self.body())
        with lock:
            counts["id"] += 1
            note, tag = self.keep(counts["id"], value)
        self.answer(201, note, ETag=tag, Location=f"/notes/{note['id']}")

    def keep(self, number: int, value: dict) -> tuple:
        counts["version"] += 1
        notes[number] = {"id": number, **value}, f'"{counts["version"]}"'
        return notes[number]

    def there(self, number: int) -> tuple:
        if number not in notes:
            raise Problem(404, "not found")
        return notes[number]

    def show(self, number: int) -> None:
        note, tag = self.there(number)
        if names(self.headers.get("If-None-Match", ""), tag, weak=True):
            self.answer(304, None, ETag=tag)
        else:
            self.answer(200, note, ETag=tag)

    def must_match(self, number: int, *, needed: bool) -> None:
        _, tag = self.there(number)
        header = self.headers.get("If-Match")
        if header is None and needed:
            raise Problem(428, "If-Match is needed")
        if header is not None and not names(header, tag, weak=False):
            raise Problem(412, "the note is another one by now")

    def replace(self, number: int) -> None:
        self.must_match(number, needed=True)
        value = checked(self.body())
        with lock:
            self.must_match(number, needed=True)
            note, tag = self.keep(number, value)
        self.answer(200, note, ETag=tag)

    def delete(self, number: int) -> None:
        with lock:
            self.must_match(number, needed=False)
            del notes[number]
        self.answer(204, None)

    def body(self) -> object:
        length = self.headers.get("Content-Length")
        if length is None:
            raise Problem(411, "Content-Length is needed")
        if not re.fullmatch("[0-9]{1,18}", length, re.ASCII):
            raise Problem(400, "a wrong Content-Length")
        if int(length) > MAX_BYTES:
            raise Problem(413, "too large")
        data = self.rfile.read(int(length))
        self.unread = False
        if self.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
            raise Problem(415, "application/json is wanted")
        try:
            return json.loads(data.decode())
        except (ValueError, RecursionError):
            raise Problem(400, "no JSON") from None

    def answer(self, status: int, value: object, **headers: str) -> None:
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        if value is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
        if self.unread:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that is gone is no problem."""


Server(("127.0.0.1", int(sys.argv[1])), Notes).serve_forever()
PYTHON
