"""What an installation is lent of the host's configuration, and where it may go."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from pathlib import Path

import pytest

from claudebox_rl.sandbox.local import LocalSandbox
from claudebox_rl.session.skills import door, sources
from claudebox_rl.session.skills.door import open_door
from claudebox_rl.session.skills.root import RootIdentity
from claudebox_rl.session.skills.sources import LENT, find_sources

IMAGE_ROOT = RootIdentity("layout", "abc", "", "x86_64")
HOST = RootIdentity("host", "debian 12", "3.11", "x86_64")


async def test_settings_of_pip_are_led_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index/simple").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    (tmp_path / "ca.pem").write_bytes(b"authority")
    settings = {
        "index-url": "https://me:pass@pypi.corp.test/simple",
        "extra-index-url": f"file://{tmp_path}/index/simple https://pypi.org/simple",
        "find-links": f"{tmp_path}/wheels",
        "cert": f"{tmp_path}/ca.pem",
        "timeout": "7",
        "log": "/var/log/pip",
    }
    monkeypatch.setattr(sources, "_pip_settings", lambda: settings)
    found = await find_sources(IMAGE_ROOT, "/work")
    assert found.env["PIP_INDEX_URL"] == settings["index-url"]
    assert found.env["PIP_EXTRA_INDEX_URL"] == f"file://{LENT}/0/simple https://pypi.org/simple"
    assert found.env["PIP_FIND_LINKS"] == f"{LENT}/1"
    assert found.env["PIP_CERT"] == found.env["SSL_CERT_FILE"] == "/work/cert-0"
    assert found.files["cert-0"] == b"authority"
    assert (found.env["PIP_TIMEOUT"], "PIP_LOG" in found.env) == ("7", False)
    assert [mount.source for mount in found.mounts[:2]] == [tmp_path / "index", tmp_path / "wheels"]
    assert all(mount.read_only for mount in found.mounts)
    assert {"pypi.corp.test", "pypi.org", "files.pythonhosted.org"} <= found.hosts
    assert "pass" not in repr(found)


async def test_settings_of_the_environment_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "9")
    assert (await find_sources(HOST, "/work")).env["PIP_TIMEOUT"] == "9"


async def test_only_the_host_s_root_is_lent_its_apt() -> None:
    image, host = await find_sources(IMAGE_ROOT, "/work"), await find_sources(HOST, "/work")
    assert (image.apt_etc, image.dpkg) == (None, None)
    lent = {mount.target: mount.source for mount in host.mounts}
    assert {name: lent[target] for name, target in (("etc", host.apt_etc), ("dpkg", host.dpkg)) if target} == {
        name: path for name, path in (("etc", Path("/etc/apt")), ("dpkg", Path("/var/lib/dpkg"))) if path.is_dir()
    }


async def test_an_index_may_be_private_and_nothing_else(local_sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"index.corp.test": "10.1.2.3", "other.corp.test": "10.1.2.4", "here.corp.test": "127.0.0.1"}

    async def resolve(name: str) -> list[object]:
        return [ip_address(names[name])]

    monkeypatch.setattr(door, "resolve", resolve)
    indexes = door._Indexes({"index.corp.test", "here.corp.test"})
    for name in names:
        await indexes.resolve(name)
    assert indexes.is_dialable(ip_address("10.1.2.3"))
    assert not indexes.is_dialable(ip_address("10.1.2.4"))
    assert not indexes.is_dialable(ip_address("127.0.0.1"))
    async with LocalSandbox() as sandbox:
        async with open_door(sandbox, set()) as env:
            ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://other.corp.test/"]
            assert (await sandbox.exec(ask, env=env, timeout_s=20)).text == "403"
        await asyncio.sleep(0)
        assert (await sandbox.exec(ask, env=env, timeout_s=20)).exit_code != 0
