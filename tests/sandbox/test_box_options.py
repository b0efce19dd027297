"""What BoxLite is asked for, and which specs no box can be; no box is started."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claudebox_rl.errors import ConfigError
from claudebox_rl.sandbox import SandboxSpec
from claudebox_rl.sandbox._box.options import _volumes, box_options, layout_user, secret_env
from claudebox_rl.sandbox._box.runtimes import explain
from claudebox_rl.sandbox.boxlite import BoxliteSandbox
from claudebox_rl.sandbox.spec import Mount, Secret

pytest.importorskip("boxlite")
SECRET = Secret("API_KEY", "the-value", ("api.example.com",))


def layout(folder: Path, config: dict[str, Any]) -> Path:
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (blobs / "c").write_text(json.dumps({"config": config}))
    (blobs / "m").write_text(json.dumps({"config": {"digest": "sha256:c"}, "layers": []}))
    (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:m"}]}))
    return folder


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"disk_mib": 64}, "give 1024"),
        ({"disk_mib": 1024, "workspace": Path("/tmp/x")}, "workspace of the host"),
        ({"secrets": (SECRET,)}, "network=full"),
        ({"secrets": (SECRET,), "network": "restricted", "allowed_hosts": ("api.example.com",)}, "network=full"),
        ({"secrets": (Secret("API KEY", "v", ("h",)),), "network": "full"}, "API KEY"),
        ({"secrets": (Secret("KEY", "v", ()),), "network": "full"}, "hosts"),
        ({"mounts": (Mount(Path("/tmp"), "/run/x"),)}, "/run"),
        ({"read_only_workspace": True}, "give workspace"),
        ({"user": "nobody", "workspace": Path("/tmp/x")}, "only root can write .*/workspace"),
        ({"user": "1000", "mounts": (Mount(Path("/tmp"), "/shown", read_only=False),)}, "only root can write .*/shown"),
    ],
)
def test_what_no_box_can_be_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        BoxliteSandbox(SandboxSpec(**fields))
    assert SECRET.value not in str(caught.value)


def test_the_filter_is_on_where_there_are_no_folders_of_the_host(tmp_path: Path) -> None:
    def has_filter(**fields: Any) -> bool:
        return box_options(SandboxSpec(**fields)).advanced.security.seccomp_enabled

    assert has_filter()
    assert not has_filter(mounts=(Mount(tmp_path, "/shown"),))
    assert not has_filter(workspace=tmp_path / "workspace")
    assert (tmp_path / "workspace").is_dir()


async def test_a_read_only_workspace_is_a_read_only_volume(tmp_path: Path) -> None:
    def of(**fields: Any) -> tuple[list[Any], str]:
        spec = SandboxSpec(workspace=tmp_path, **fields)
        return list(_volumes(spec)), " ".join(box_options(spec).entrypoint)

    volumes, main = of(read_only_workspace=True)
    assert volumes == [(str(tmp_path), "/workspace", True)]
    assert "/workspace" not in main
    volumes, main = of()
    assert volumes == [(str(tmp_path), "/workspace", False)]
    assert "'/workspace'" in main
    with pytest.raises(ConfigError, match="fork") as caught:
        await BoxliteSandbox(SandboxSpec(workspace=tmp_path, read_only_workspace=True)).fork()
    assert caught.value.context["field"] == "read_only_workspace"


def test_sizes_are_boxlites_own() -> None:
    options = box_options(SandboxSpec(cpus=2.0, memory_mib=1024, disk_mib=3072))
    assert (options.cpus, options.memory_mib, options.disk_size_gb) == (2, 1008, 3)


def test_a_secret_is_a_placeholder_in_the_environment() -> None:
    spec = SandboxSpec(network="full", secrets=(SECRET,))
    env = secret_env(spec)
    assert env["API_KEY"] in (secret.get_placeholder() for secret in box_options(spec).secrets)
    assert SECRET.value not in str(env)
    assert env["NODE_EXTRA_CA_CERTS"].startswith("/etc/")
    assert secret_env(SandboxSpec()) == {}


@pytest.mark.parametrize(("user", "known"), [("agent", "agent"), ("1000:1000", "1000"), ("", None), (None, None)])
def test_the_images_user_is_the_commands(tmp_path: Path, user: str | None, known: str | None) -> None:
    image = str(layout(tmp_path / "image", {} if user is None else {"User": user}))
    assert layout_user(image) == known
    assert BoxliteSandbox(SandboxSpec(image=image)).spec.user == known
    assert BoxliteSandbox(SandboxSpec(image=image, user="nobody")).spec.user == "nobody"


def test_only_root_has_writable_folders_of_the_host(tmp_path: Path) -> None:
    image = str(layout(tmp_path / "image", {"User": "agent"}))
    folders: dict[str, Any] = {"workspace": tmp_path / "w", "mounts": (Mount(tmp_path, "/shown"),)}
    BoxliteSandbox(SandboxSpec(user="root", **folders))
    BoxliteSandbox(SandboxSpec(user="nobody", read_only_workspace=True, **folders))
    with pytest.raises(ConfigError, match="user=agent: only root") as caught:
        BoxliteSandbox(SandboxSpec(image=image, **folders))
    assert caught.value.context["field"] == "user"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"manifests": [{"digest": "sha256:../../secret"}]}'])
def test_a_broken_layout_names_no_user(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.json").write_text(text)
    assert layout_user(str(tmp_path)) is None


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("The VM failed to start: timed out after 30s waiting for it to become ready.", "timeout"),
        ("executable 'python3' not found in $PATH", "python"),
        ("The VM failed to start.", "boot"),
    ],
)
def test_a_failed_start_has_a_cause(said: str, cause: str) -> None:
    error = explain(RuntimeError(said), "image", ". Inside: panic")
    assert error.context["cause"] == cause
    assert str(error).endswith("Inside: panic")
