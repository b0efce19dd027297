"""Secrets: a placeholder inside, the value only at the host that it is for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import Secret

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(400)]
IMAGE = os.environ.get("CLAUDEBOX_LAB_IMAGE", "")
ADDRESS, HOST, OTHER = "10.99.0.1", "api.secret.test", "api.other.test"
VALUE = "the-value-that-stays-outside"
SERVER = """
import http.server, ssl, sys
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.headers.get("Authorization", "").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer((sys.argv[1], 443), Echo)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
"""
ASK = """
import os, ssl, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + os.environ["API_KEY"]})
context = ssl._create_unverified_context() if "unverified" in sys.argv else None
print(urllib.request.urlopen(request, timeout=20, context=context).read().decode())
"""
SEARCH = """
import glob, os, sys
value, unread = sys.stdin.buffer.read(), set()
places = [*glob.glob("/proc/[0-9]*/environ"), *glob.glob("/proc/[0-9]*/cmdline")]
for top in ("/etc", "/run", "/root", "/home", "/tmp", "/var", "/workspace"):
    places += [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]
for place in filter(os.path.isfile, places):
    try:
        with open(place, "rb") as file:
            if value in file.read():
                print(place)
    except OSError:
        unread.add(place)
print(*sorted(unread))
"""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An HTTPS server that this machine knows under two names; all this is undone with the lab."""
    if "MICROVM_LAB" not in os.environ:
        pytest.skip("it changes the machine's addresses, names and authorities; the lab's are thrown away")
    folder = tmp_path_factory.mktemp("upstream")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = f"subjectAltName=DNS:{HOST},DNS:{OTHER}"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    make += ["-subj", f"/CN={HOST}", "-addext", names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    subprocess.run(["busybox", "ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    with Path("/etc/hosts").open("a") as hosts:
        hosts.write(f"{ADDRESS} {HOST} {OTHER}\n")
    with Path("/etc/ssl/certs/ca-certificates.crt").open("a") as authorities:
        authorities.write(certificate.read_text())
    command = [sys.executable, "-c", SERVER, ADDRESS, str(certificate), str(key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout
        assert server.stdout.readline() == b"ready\n"
        yield
        server.kill()


async def test_the_value_is_put_in_on_the_host_and_nowhere_inside(upstream: None) -> None:
    secrets = (Secret("API_KEY", VALUE, (HOST,)),)
    spec = SandboxSpec(image=IMAGE, memory_mib=512, start_timeout_s=240, network="full", secrets=secrets)
    async with BoxliteSandbox(spec) as sandbox:
        placeholder = (await sandbox.exec(["printenv", "API_KEY"])).text.strip()
        assert placeholder
        assert VALUE not in placeholder
        to_its_host = await sandbox.exec(["python3", "-c", ASK, f"https://{HOST}/"], timeout_s=60)
        assert to_its_host.text == f"Bearer {VALUE}\n", to_its_host.stderr.decode()
        to_another = await sandbox.exec(["python3", "-c", ASK, f"https://{OTHER}/", "unverified"], timeout_s=60)
        assert to_another.text == f"Bearer {placeholder}\n", to_another.stderr.decode()
        # The value comes on standard input, so that the search does not find itself.
        found = await sandbox.exec(["python3", "-c", SEARCH], stdin=VALUE.encode(), timeout_s=120)
        assert found.text == "/proc/1/environ\n", found.stderr.decode()
