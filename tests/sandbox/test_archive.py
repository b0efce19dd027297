"""What a hostile sandbox may send as a tar, and what must come of it."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl.errors import OutputLimitError, SandboxError
from claudebox_rl.sandbox._archive import pack, unpack

CAP = 1 << 20


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def link(name: str, target: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=kind, linkname=target)


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as writer:
        for info, data in members:
            writer.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_pack_and_unpack_agree(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "new" / "target"
    (source / "sub" / "empty").mkdir(parents=True)
    (source / "sub" / "zażółć\n🎲").write_bytes(bytes(range(256)))
    (source / "run").write_bytes(b"#!/bin/sh\n")
    (source / "run").chmod(0o755)

    unpack(pack(source), target, max_bytes=CAP)

    assert files(target) == files(source)
    assert (target / "sub" / "empty").is_dir()
    assert (target / "run").stat().st_mode & 0o777 == 0o755


def test_packed_folder_tells_nothing_of_its_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")

    with tarfile.open(fileobj=io.BytesIO(pack(tmp_path))) as members:
        seen = {(m.name, m.uid, m.gid, m.uname, m.gname) for m in members}

    assert seen == {(".", 0, 0, "", ""), ("./file", 0, 0, "", "")}


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil", "./../evil"])
def test_path_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SandboxError, match="leaves its folder"):
        unpack(archive(member(name, b"x")), tmp_path / "target", max_bytes=CAP)

    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_nothing_is_written_through_a_link_of_the_archive(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    sent = archive(link("door", str(outside), tarfile.SYMTYPE), member("door/evil", b"x"))

    unpack(sent, tmp_path / "target", max_bytes=CAP)

    assert list(outside.iterdir()) == []
    assert files(tmp_path / "target") == {"door/evil": b"x"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_links_and_devices_are_left_out(tmp_path: Path, kind: bytes) -> None:
    unpack(archive(link("odd", "/etc/passwd", kind), member("kept", b"x")), tmp_path, max_bytes=CAP)

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_hard_link_is_a_copy(tmp_path: Path) -> None:
    unpack(archive(member("./one", b"x"), link("./two", "./one", tarfile.LNKTYPE)), tmp_path, max_bytes=CAP)

    assert files(tmp_path) == {"one": b"x", "two": b"x"}
    assert (tmp_path / "two").stat().st_nlink == 1


def test_hard_links_to_no_file_of_the_archive_are_left_out(tmp_path: Path) -> None:
    sent = archive(
        link("soft", "soft", tarfile.SYMTYPE),
        link("to-soft", "soft", tarfile.LNKTYPE),
        link("to-itself", "to-itself", tarfile.LNKTYPE),
        link("to-host", "/etc/passwd", tarfile.LNKTYPE),
        link("to-later", "later", tarfile.LNKTYPE),
        member("later", b"x"),
    )

    unpack(sent, tmp_path, max_bytes=CAP)

    assert files(tmp_path) == {"later": b"x"}


def test_hard_links_count_against_the_cap(tmp_path: Path) -> None:
    sent = archive(member("one", b"x" * 1000), *(link(f"link-{n}", "one", tarfile.LNKTYPE) for n in range(100)))

    with pytest.raises(OutputLimitError, match="more than 50000 bytes"):
        unpack(sent, tmp_path, max_bytes=50_000)

    assert sum(map(len, files(tmp_path).values())) <= 50_000


def test_sparse_member_counts_with_its_real_size(tmp_path: Path) -> None:
    # GNU's old sparse format: no stored blocks at all, and a real size of 1 GiB.
    header = bytearray(archive(member("hole"))[:512])
    header[156:157] = b"S"
    header[483:495] = b"%011o\0" % (1 << 30)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    with pytest.raises(OutputLimitError):
        unpack(bytes(header) + bytes(1024), tmp_path, max_bytes=CAP)

    assert files(tmp_path) == {}


def test_compressed_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="can't unpack"):
        unpack(gzip.compress(archive(member("file", bytes(1000)))), tmp_path, max_bytes=CAP)


@pytest.mark.parametrize("sent", [b"", b"no archive", bytes(100), archive(member("file", b"x" * 2000))[:1000]])
def test_what_is_no_archive_is_refused(tmp_path: Path, sent: bytes) -> None:
    with pytest.raises(SandboxError, match="can't unpack"):
        unpack(sent, tmp_path, max_bytes=CAP)


def test_archive_that_runs_backwards_is_refused(tmp_path: Path) -> None:
    header = bytearray(archive(member("file"))[:512])
    header[124:136] = (-1024 + (1 << 96)).to_bytes(12, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    with pytest.raises(SandboxError):
        unpack(archive(member("first", b"x"))[:1024] + bytes(header) + bytes(1024), tmp_path, max_bytes=CAP)


@pytest.mark.parametrize(
    "sent",
    [
        archive(member("same", b"1"), member("same", b"2")),
        archive(member("same", b"1"), member("same/below", b"2")),
        archive(member("same", b"1"), member("same", type=tarfile.DIRTYPE)),
        archive(member("same", type=tarfile.DIRTYPE), member("same", b"1")),
        archive(member("x" * 300, b"1")),
    ],
    ids=["twice", "below a file", "folder on file", "file on folder", "name too long"],
)
def test_names_that_can_not_be_are_refused(tmp_path: Path, sent: bytes) -> None:
    with pytest.raises(SandboxError, match="can't unpack"):
        unpack(sent, tmp_path, max_bytes=CAP)


def test_file_on_the_host_is_not_replaced(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    target = tmp_path / "target"
    target.mkdir()
    (target / "link").symlink_to(outside)

    with pytest.raises(SandboxError, match="can't unpack"):
        unpack(archive(member("link", b"theirs")), target, max_bytes=CAP)

    assert outside.read_bytes() == b"mine"


def test_mode_keeps_no_special_bits_and_stays_readable(tmp_path: Path) -> None:
    unpack(archive(member("file", b"x", mode=0o6011)), tmp_path, max_bytes=CAP)

    assert (tmp_path / "file").stat().st_mode & 0o7777 == 0o611
