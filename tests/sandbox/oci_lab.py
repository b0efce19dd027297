"""Making OCI layout folders for tests: of a few entries, and one of the host's own Python that really runs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
_PROGRAMS = [
    *(
        "python3",
        "bash",
        "sh",
        "cat",
        "chmod",
        "env",
        "find",
        "grep",
        "id",
        "ls",
        "mkdir",
        "rm",
        "sleep",
        "sort",
        "stat",
        "tar",
    ),
    *("touch", "wc", "head", "xargs"),
]
_LEFT_OUT = re.compile(
    r"__pycache__|/(test|tests|idlelib|lib2to3|ensurepip|config-[^/]*|dist-packages|pydoc_data)(/|$)"
)


def entry(
    name: str, content: bytes | str | None = None, mode: int | None = None, **fields: Any
) -> tuple[tarfile.TarInfo, bytes]:
    """An entry of an archive: a file, or a folder where there is no content; `type` and `linkname` make others."""
    data = content.encode() if isinstance(content, str) else content or b""
    member = tarfile.TarInfo(name)
    member.mode = (0o755 if content is None else 0o644) if mode is None else mode
    member.size = len(data)
    member.type = tarfile.REGTYPE if content is not None else tarfile.DIRTYPE
    for field, value in fields.items():
        setattr(member, field, value)
    return member, data


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def layer(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for member, data in entries:
            archive.addfile(member, io.BytesIO(data))
    return made.getvalue()


class Layout:
    """A layout folder under construction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(self, content: bytes, media_type: str, **fields: Any) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content), **fields}

    def document(self, content: dict[str, Any], media_type: str, **fields: Any) -> dict[str, Any]:
        return self.blob(json.dumps(content).encode(), media_type, **fields)

    def image(
        self,
        layers: Sequence[bytes],
        env: Sequence[str] = (),
        compression: str = "",
        workdir: str = "",
        **fields: Any,
    ) -> dict[str, Any]:
        pack = {"": bytes, "+gzip": gzip.compress, "+zstd": _zstd}[compression]
        config = self.document(
            {"config": {"Env": list(env), "WorkingDir": workdir}}, "application/vnd.oci.image.config.v1+json"
        )
        blobs = [self.blob(pack(each), LAYER + compression) for each in layers]
        return self.document({"schemaVersion": 2, "config": config, "layers": blobs}, MANIFEST, **fields)

    def finish(self, *manifests: dict[str, Any]) -> Path:
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))
        return self.folder


def layout(folder: Path, *layers: Iterable[tuple[tarfile.TarInfo, bytes]], env: Sequence[str] = (), **how: Any) -> Path:
    """A layout folder with one image."""
    made = Layout(folder)
    return made.finish(made.image([layer(entries) for entries in layers], env, **how))


def _zstd(content: bytes) -> bytes:
    return subprocess.run(["zstd", "-q"], input=content, capture_output=True, check=True).stdout


def hosts_own() -> bytes:
    """A layer with this host's Python, a shell and a few programs; without such a Python the test is skipped."""
    programs = [Path("/usr/bin", name) for name in _PROGRAMS]
    if not all(program.exists() for program in programs):
        pytest.skip("this host's /usr/bin has no programs to make an image of")
    version = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    stdlib = Path(f"/usr/lib/python{version}")
    if tuple(map(int, version.split("."))) < (3, 10) or not stdlib.is_dir():
        pytest.skip("this host's /usr has no Python to make an image of")
    listed = subprocess.run(
        ["ldd", *programs, *stdlib.glob("lib-dynload/*.so")], capture_output=True, text=True, check=False
    ).stdout
    libraries = {Path(found) for found in re.findall(r"(/\S+) \(0x", listed)}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", dereference=True) as archive:
        for folder in ("etc", "usr", "opt", "var", "root"):
            archive.addfile(entry(folder, mode=0o755)[0])
        for place in ("bin", "lib", "lib64"):
            if Path("/", place).is_symlink():
                archive.addfile(link(place, str(Path("/", place).readlink()))[0])
        for file in (*programs, *libraries):
            real = file.parent.resolve() / file.name
            archive.add(real, str(real).lstrip("/"), recursive=False)
        archive.add(
            stdlib, str(stdlib).lstrip("/"), filter=lambda member: None if _LEFT_OUT.search(member.name) else member
        )
    return made.getvalue()
