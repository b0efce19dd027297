"""The other built-in skills, each used by a prompt: services are stand-ins on this machine's loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from server_parts import as_json, stand_in
from skill_parts import scripted, use_with_port

from claudebox_rl.session.skills.builtin import AWS_SKILL, BUILT_IN, EMAIL_SKILL
from claudebox_rl.session.skills.skill import Skill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.usefixtures("local_sandbox", "skills_home")]
PAGE = b"""<!doctype html><title>Herd</title><ul><li class=animal>Zebra</li><li class=animal>Quagga</li></ul>
<p id=late></p><script>document.getElementById("late").textContent = "by the " + "river"</script>"""
SOUP = """python3 - <<'EOF'
import requests
from bs4 import BeautifulSoup
soup = BeautifulSoup(requests.get("http://127.0.0.1:{port}/", timeout=10).text, "lxml")
print([each.text for each in soup.select(".animal")], repr(soup.find(id="late").text))
EOF"""
BROWSER = """python3 - <<'EOF'
import shutil
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page()
    page.goto("http://127.0.0.1:{port}/")
    print(page.title(), "-", page.inner_text("#late"))
    browser.close()
EOF"""
PLOT = """python3 - <<'EOF'
import numpy, pandas, seaborn, matplotlib.pyplot as plt
from sklearn.linear_model import LinearRegression
frame = pandas.DataFrame({"x": numpy.arange(10), "y": 2.0 * numpy.arange(10) + 1})
fit = LinearRegression().fit(frame[["x"]], frame["y"])
print(round(float(fit.coef_[0]), 6), round(float(fit.intercept_), 6))
seaborn.scatterplot(frame, x="x", y="y")
plt.savefig("/workspace/plot.png", dpi=80)
EOF"""
MAIL = """python3 - <<'EOF'
import os
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
client = SendGridAPIClient(os.environ["SENDGRID_API_KEY"], host="http://127.0.0.1:{port}")
mail = Mail(from_email="me@example.com", to_emails="you@example.com", subject="Herd", plain_text_content="All here")
print(client.send(mail).status_code)
EOF"""
CALLS = """python3 - <<'EOF'
import asyncio, httpx, requests
url = "http://127.0.0.1:{port}/animals"
print(requests.get(url, timeout=10).json()["animals"])
async def main():
    async with httpx.AsyncClient(timeout=10) as client:
        print((await client.post(url, json={{"add": "Quagga"}})).status_code)
asyncio.run(main())
EOF"""
BUCKETS = b"""<?xml version="1.0"?><ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>o</ID>
</Owner><Buckets><Bucket><Name>zebras</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>
</ListAllMyBucketsResult>"""
BOTO = """python3 - <<'EOF'
import boto3
s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:{port}")
print([each["Name"] for each in s3.list_buckets()["Buckets"]])
EOF"""
VERSION = {"Version": "25.0.0", "ApiVersion": "1.41", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}
CONTAINERS = [{"Id": "f" * 64, "Image": "zebra:1", "Names": ["/herd"], "State": "running", "Status": "Up", "Ports": []}]
DOCKER_SDK = """python3 - <<'EOF'
import docker
client = docker.from_env()
print(client.version()["Version"], client.ping())
EOF"""


async def test_all_are_told_to_claude() -> None:
    assert [skill.name for skill in BUILT_IN] == [
        *("email", "postgres", "mysql", "redis", "api", "aws", "docker", "scraping", "data_science")
    ]
    async with scripted(sandbox="local", skills=BUILT_IN) as box:
        await box.code("hello")
        (call,) = box.take_model_calls()
    told = json.dumps(call.request["messages"])
    for skill in BUILT_IN:
        assert f"- claudebox:{skill.name}: {skill.description}" in told


async def test_api_calls_a_service() -> None:
    with stand_in(lambda method, path: as_json({"animals": ["Zebra"]})) as service:
        result = await use_with_port(service.port, [CALLS.format(port=service.port)], "api")
    assert result.action_log[0].output == "['Zebra']\n200"
    assert [(method, path) for method, path, _, _ in service.requests] == [("GET", "/animals"), ("POST", "/animals")]


async def test_email_is_sent() -> None:
    skill = EMAIL_SKILL.with_env(SENDGRID_API_KEY="SG.zebra-key")
    with stand_in(lambda method, path: (202, {}, b"")) as service:
        result = await use_with_port(service.port, [MAIL.format(port=service.port)], skill)
    assert result.action_log[0].output == "202"
    ((method, path, headers, body),) = service.requests
    assert (method, path, headers["authorization"]) == ("POST", "/v3/mail/send", "Bearer SG.zebra-key")
    assert json.loads(body)["subject"] == "Herd"


async def test_aws_lists_buckets() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAZEBRAZEBRA", "AWS_SECRET_ACCESS_KEY": "zebra-secret-key"}
    skill = AWS_SKILL.with_env(**keys, AWS_DEFAULT_REGION="eu-west-1")
    with stand_in(lambda method, path: (200, {"Content-Type": "application/xml"}, BUCKETS)) as service:
        cli = f"aws --endpoint-url http://127.0.0.1:{service.port} s3 ls"
        result = await use_with_port(service.port, [BOTO.format(port=service.port), cli], skill)
    assert result.action_log[0].output == "['zebras']"
    assert result.action_log[1].output.endswith("zebras")
    assert all("Credential=AKIAZEBRAZEBRA/" in headers["authorization"] for _, _, headers, _ in service.requests)


async def test_docker_talks_to_a_daemon() -> None:
    def answer(method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        if path.endswith("/containers/json"):
            return as_json(CONTAINERS)
        if path.endswith("/version"):
            return as_json(VERSION)
        return 200, {"API-Version": "1.41", "OSType": "linux", "Content-Type": "text/plain"}, b"OK"

    with stand_in(answer) as service:
        lead = Skill(
            "daemon", "x", env_vars={"DOCKER_HOST": f"tcp://127.0.0.1:{service.port}"}, plain_env=["DOCKER_HOST"]
        )
        commands = ["docker --version", "docker ps --format '{{.Names}} {{.Image}}'", DOCKER_SDK]
        result = await use_with_port(service.port, commands, "docker", lead)
    version, listed, sdk = [call.output for call in result.action_log]
    assert version.startswith("Docker version 20.")
    assert (listed, sdk) == ("herd zebra:1", "25.0.0 True")


async def test_scraping_reads_a_page_and_runs_its_scripts() -> None:
    with stand_in(lambda method, path: (200, {"Content-Type": "text/html"}, PAGE)) as service:
        commands = [each.replace("{port}", str(service.port)) for each in (SOUP, BROWSER)]
        result = await use_with_port(service.port, commands, "scraping")
    soup, browser = [call.output for call in result.action_log]
    assert soup == "['Zebra', 'Quagga'] ''"
    assert browser == "Herd - by the river"


async def test_data_science_fits_and_draws(tmp_path: Path) -> None:
    turns = [{"tools": [{"name": "Bash", "input": {"command": PLOT, "timeout": 120_000}}]}]
    async with scripted(*turns, sandbox="local", skills=["data_science"]) as box:
        result = await box.code("plot it", timeout_s=300)
        picture = await box.sandbox.read_file("/workspace/plot.png")
    assert result.action_log[0].output.splitlines()[-1] == "2.0 1.0"
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(picture[place : place + 4], "big") for place in (16, 20))
    assert (width, height) == (512, 384)
    assert len(picture) > 3000
