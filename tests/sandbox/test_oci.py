"""OCI layouts: what is read, and what becomes of layers, hostile ones too."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oci_lab import INDEX, LAYER, Layout, entry, layer, layout, link
from ordinary_user import run_tests

from claudebox_rl.errors import SandboxStartError
from claudebox_rl.sandbox import journal
from claudebox_rl.sandbox._local import image_cache
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.sandbox._local.image_cache import unpacked
from claudebox_rl.sandbox._local.oci import read_image

MINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def for_machine(architecture: str) -> dict[str, Any]:
    return {"platform": {"os": "linux", "architecture": architecture}}


# Reading


def test_variables_and_layers_in_their_order(tmp_path: Path) -> None:
    folder = layout(tmp_path / "i", [entry("a", "1")], [entry("a", "2")], env=["A=1=2", "B=", "broken", "=x"])
    image = read_image(folder)
    assert image.env == {"A": "1=2", "B": "", "broken": ""}
    assert [blob.path.read_bytes() for blob in image.layers] == [layer([entry("a", "1")]), layer([entry("a", "2")])]


@pytest.mark.parametrize(
    ("said", "read"), [("/app", "/app"), ("app/", "/app"), ("", None), ("/", None), ("/a/../b", None), (3, "/3")]
)
def test_the_working_directory(tmp_path: Path, said: Any, read: str | None) -> None:
    assert read_image(layout(tmp_path / "i", workdir=said)).workdir == read


def test_this_machines_image_is_taken_through_indexes(tmp_path: Path) -> None:
    made = Layout(tmp_path / "i")
    other, mine = (made.image([], [f"FOR={name}"], **for_machine(name)) for name in ("s390x", MINE))
    inner = made.document({"manifests": [other, mine]}, INDEX)
    assert read_image(made.finish(inner)).env == {"FOR": MINE}


def test_latest_is_taken_of_several(tmp_path: Path) -> None:
    made = Layout(tmp_path / "i")
    named = [
        made.image([], [f"NAME={name}"], annotations={"org.opencontainers.image.ref.name": name})
        for name in ("old", "latest", "new")
    ]
    assert read_image(made.finish(*named)).env == {"NAME": "latest"}


def test_none_for_this_machine(tmp_path: Path) -> None:
    made = Layout(tmp_path / "i")
    with pytest.raises(SandboxStartError, match=f"no image for linux/{MINE}"):
        read_image(made.finish(made.image([], **for_machine("s390x"))))


@pytest.mark.parametrize(
    "index",
    [
        "{",
        "[]",
        "{}",
        '{"manifests": 3}',
        '{"manifests": [{"digest": "sha256:../../../../etc/passwd"}]}',
        '{"manifests": [{"digest": "md5:00"}]}',
        '{"manifests": [{"digest": "sha256:' + "0" * 64 + '"}]}',
    ],
)
def test_broken_indexes(tmp_path: Path, index: str) -> None:
    (tmp_path / "index.json").write_text(index)
    with pytest.raises(SandboxStartError, match="image can't be used"):
        read_image(tmp_path)


def test_a_manifest_that_is_not_its_digest(tmp_path: Path) -> None:
    folder = layout(tmp_path / "i", [])
    manifest = json.loads((folder / "index.json").read_text())["manifests"][0]["digest"].removeprefix("sha256:")
    with (folder / "blobs" / "sha256" / manifest).open("a") as file:
        file.write(" ")
    with pytest.raises(SandboxStartError, match="not what its digest says"):
        read_image(folder)


def test_a_layer_of_an_unknown_kind(tmp_path: Path) -> None:
    made = Layout(tmp_path / "i")
    config = made.document({}, "application/json")
    manifest = {"config": config, "layers": [made.blob(b"", LAYER + "+encrypted")]}
    with pytest.raises(SandboxStartError, match="unknown kind"):
        read_image(made.finish(made.document(manifest, "application/json")))


# Unpacking


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_sandbox: str) -> Iterator[Path]:
    monkeypatch.setenv("CLAUDEBOX_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    assert journal.records() == []
    assert not list((tmp_path / "home" / "images").glob("*.image-*"))


async def unpack(folder: Path) -> Path:
    return await unpacked(find_bwrap(), read_image(folder))


async def test_layers_replace_and_remove(home: Path, tmp_path: Path) -> None:
    root = await unpack(
        layout(
            tmp_path / "i",
            [
                entry("./"),
                entry("kept", "kept", mode=0o640, mtime=1_000_000_000),
                entry("gone", "x"),
                entry("tree/"),
                entry("tree/old", "x"),
                entry("tree/deep/old", "x"),
                entry("emptied/old", "x"),
                entry("file-to-folder", "x"),
                entry("folder-to-file/x", "x"),
                link("name", "tree"),
            ],
            [
                entry(".wh.gone", ""),
                entry(".wh.never-there", ""),
                entry("emptied/new", "new"),
                entry("emptied/.wh..wh..opq", ""),
                entry("tree/deep/.wh.old", ""),
                entry("file-to-folder/"),
                entry("file-to-folder/new", "new"),
                entry("folder-to-file", "new"),
                entry("name/through", "new"),
                entry("second", type=tarfile.LNKTYPE, linkname="kept"),
            ],
        )
    )
    found = {str(path.relative_to(root)): path.read_text() if path.is_file() else None for path in root.rglob("*")}
    assert found == {
        "kept": "kept",
        "second": "kept",
        "tree": None,
        "tree/old": "x",
        "tree/deep": None,
        "tree/through": "new",
        "emptied": None,
        "emptied/new": "new",
        "file-to-folder": None,
        "file-to-folder/new": "new",
        "folder-to-file": "new",
        "name": None,
    }
    status = (root / "kept").stat()
    assert (status.st_mode & 0o7777, status.st_mtime, status.st_nlink) == (0o640, 1_000_000_000, 2)


@pytest.mark.parametrize("compression", ["", "+gzip", "+zstd"])
async def test_compressions(home: Path, tmp_path: Path, compression: str) -> None:
    if compression == "+zstd" and shutil.which("zstd") is None:
        pytest.skip("this host has no zstd")
    root = await unpack(layout(tmp_path / "i", [entry("file", "x" * 100_000)], compression=compression))
    assert (root / "file").stat().st_size == 100_000


@pytest.mark.parametrize("compression", ["", "+gzip"])
async def test_a_layer_whose_end_is_left_out_as_umoci_insert_does(home: Path, tmp_path: Path, compression: str) -> None:
    made = Layout(tmp_path / "i")
    cut = layer([entry("whole", "x" * 1024), entry("file", "y" * 700)])[: 512 + 1024 + 512 + 700]
    root = await unpack(made.finish(made.image([cut, layer([entry("later", "z")])], compression=compression)))
    assert [(root / name).read_text() for name in ("whole", "file", "later")] == ["x" * 1024, "y" * 700, "z"]
    short = Layout(tmp_path / "short")
    with pytest.raises(SandboxStartError, match="unexpected end of data"):
        await unpack(short.finish(short.image([cut[:-600]], compression=compression)))


async def test_zstd_without_a_program_says_what_to_do(home: Path, tmp_path: Path) -> None:
    if Path("/usr/bin/zstd").exists():
        pytest.skip("this host has zstd")
    made = Layout(tmp_path / "i")
    config = made.document({}, "application/json")
    manifest = {"config": config, "layers": [made.blob(b"(\xb5/\xfd", LAYER + "+zstd")]}
    with pytest.raises(SandboxStartError, match="install zstd"):
        await unpack(made.finish(made.document(manifest, "application/json")))


async def test_links_lead_nowhere_but_into_the_image(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("untouched")
    root = await unpack(
        layout(
            tmp_path / "i",
            [
                link("absolute", str(outside)),
                entry("absolute/made", "x"),
                link("upwards", "../../../../../../../../.." + str(outside)),
                entry("upwards/made-too", "x"),
                entry("linked", type=tarfile.LNKTYPE, linkname="absolute/made"),
                entry(f"{outside}/victim", "replaced"),
                link("proc", "/proc/self/root"),
            ],
            [entry("absolute/.wh.victim", ""), entry("upwards/.wh..wh..opq", "")],
        )
    )
    assert [path.name for path in outside.iterdir()] == ["victim"]
    assert (outside / "victim").read_text() == "untouched"
    assert (root / str(outside).lstrip("/")).is_dir()


@pytest.mark.parametrize(
    "hostile",
    [
        entry("../escaped", "x"),
        entry("a/../../escaped", "x"),
        entry("missing", type=tarfile.LNKTYPE, linkname="../../../../etc/shadow-of-nobody"),
    ],
    ids=lambda each: each[0].name,
)
async def test_hostile_names_are_refused(home: Path, tmp_path: Path, hostile: tuple[tarfile.TarInfo, bytes]) -> None:
    with pytest.raises(SandboxStartError, match="can't be unpacked"):
        await unpack(layout(tmp_path / "i", [hostile]))


async def test_devices_and_set_user_bits_are_left_out(home: Path, tmp_path: Path) -> None:
    device = entry("device", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
    root = await unpack(layout(tmp_path / "i", [device, entry("suid", "x", mode=0o6755), entry("shut", mode=0)]))
    assert sorted(path.name for path in root.iterdir()) == ["shut", "suid"]
    assert (root / "suid").stat().st_mode & 0o7777 == 0o755
    assert {path.stat().st_uid for path in root.iterdir()} == {os.geteuid()}


async def test_a_damaged_layer_is_not_unpacked(home: Path, tmp_path: Path) -> None:
    folder = layout(tmp_path / "i", [entry("file", "x")])
    read_image(folder).layers[0].path.write_bytes(layer([entry("file", "y")]))
    with pytest.raises(SandboxStartError, match="not what its digest says"):
        await unpack(folder)


async def test_many_at_once_unpack_it_once(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    async def counted(*arguments: Any) -> None:
        calls.append("unpack")
        await run(*arguments)

    run = image_cache.run_jailed
    monkeypatch.setattr(image_cache, "run_jailed", counted)
    folder = layout(tmp_path / "i", [entry(str(number), "x") for number in range(200)])
    roots = await asyncio.gather(*(unpack(folder) for _ in range(12)))
    assert len(set(roots)) == len(calls) == 1


async def test_a_cancelled_one_leaves_nothing_and_the_next_is_whole(home: Path, tmp_path: Path) -> None:
    folder = layout(tmp_path / "i", [entry(str(number), "x") for number in range(3000)])
    for delay_s in (0.02, 0.1, 0.2):
        unpacking = asyncio.create_task(unpack(folder))
        await asyncio.sleep(delay_s)
        unpacking.cancel()
        await asyncio.gather(unpacking, return_exceptions=True)
        assert journal.records() == []
    assert len(list((await unpack(folder)).iterdir())) == 3000


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="these were run by an ordinary user")
def test_all_of_this_as_an_ordinary_user() -> None:
    run_tests("tests/sandbox/test_oci.py", "-x")
