#!/bin/bash
set -euo pipefail
cat > server.py <<'PYTHON'
"""An HTTP server for the files of a folder: python3 server.py PORT FOLDER"""

import os
import re
import stat
import sys
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote_to_bytes

ROOT = Path(sys.argv[2]).resolve()


def find(target: str):
    """Open the regular file that a request names, or return None."""
    parts = [unquote_to_bytes(part) for part in target.partition("?")[0].split("/")]
    if parts[0] or any(part in (b"", b".", b"..") or b"/" in part or b"\0" in part for part in parts[1:]) or len(parts) < 2:
        return None
    try:
        path = Path(os.fsdecode(os.path.join(os.fsencode(ROOT), *parts[1:]))).resolve(strict=True)
        if not path.is_relative_to(ROOT) or not path.is_file():
            return None
        return open(path, "rb")
    except (OSError, RuntimeError, ValueError):
        return None


def names(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in re.findall(r'"[^"]*"', header)


def unchanged_since(header: str, second: int) -> bool:
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError):
        return False
    return header.endswith("GMT") and second <= moment.timestamp()


def ranged(header: str, size: int):
    """Return the first and the last byte, None if the header is to be ignored, or () if there are no such bytes."""
    found = re.fullmatch(r"\s*bytes\s*=\s*([0-9]*)-([0-9]*)\s*", header, re.ASCII | re.IGNORECASE)
    if not found or not (found[1] or found[2]) or max(map(len, found.groups())) > 1000:
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
        return (first, last) if int(found[2]) and size else ()
    first, last = int(found[1]), int(found[2]) if found[2] else size - 1
    if found[2] and last < first:
        return None
    return (first, min(last, size - 1)) if first < size else ()


class Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        file = find(self.path)
        if file is None:
            return self.answer(404)
        with file:
            self.show(file)

    do_HEAD = do_GET

    def show(self, file) -> None:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return self.answer(404)
        size, second = status.st_size, int(status.st_mtime_ns // 10**9)
        tag, changed = f'"{status.st_mtime_ns:x}-{size:x}"', formatdate(second, usegmt=True)
        told = {"ETag": tag, "Last-Modified": changed}
        known, since = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        if names(known, tag) if known is not None else since is not None and unchanged_since(since, second):
            return self.answer(304, told)
        told |= {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        wanted = self.headers.get("Range")
        if self.command == "HEAD" or self.headers.get("If-Range", tag).strip() not in (tag, changed):
            wanted = None
        part = ranged(wanted, size) if wanted is not None else None
        if part is None:
            return self.answer(200, {**told, "Content-Length": size}, file, size)
        if not part:
            return self.answer(416, {"Content-Range": f"bytes */{size}"})
        first, last = part
        file.seek(first)
        told |= {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Length": last - first + 1}
        self.answer(206, told, file, last - first + 1)

    def answer(self, status: int, headers: dict = {}, file=None, size: int = 0) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        if file is None and status != 304:
            self.send_header("Content-Length", "0")
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        while file is not None and self.command == "GET" and size > 0:
            data = file.read(min(size, 1 << 16))
            if not data:
                self.close_connection = True
                break
            self.wfile.write(data)
            size -= len(data)

    def refuse(self) -> None:
        self.answer(405, {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = refuse

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that is gone is no problem."""


Server(("127.0.0.1", int(sys.argv[1])), Files).serve_forever()
PYTHON
