"""Building templates: what is refused before, what a failed step says; slowly, all of them, and their tools."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from template_parts import MakeBuilt

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import TemplateError
from claudebox_rl.sandbox._local.bwrap_find import find_bwrap
from claudebox_rl.session.templates import build as module
from claudebox_rl.session.templates.build import build_template
from claudebox_rl.session.templates.check import ToolCheck, check_template
from claudebox_rl.session.templates.recipe import load_recipe
from claudebox_rl.session.templates.registries import apt_settings, registry_environment
from claudebox_rl.session.templates.root import run_in_root, stream
from claudebox_rl.session.templates.template import SandboxTemplate

KEPT = Path("~/.cache/claudebox-lab/templates").expanduser()
"""Between runs: a build is named by its recipe."""


def test_what_is_built_is_not_built_again(make_built: MakeBuilt) -> None:
    built = make_built("mobile")
    assert build_template("MOBILE") == built


def test_an_ordinary_user_can_not_build(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(TemplateError, match=r"built by root(.|\n)*sudo env CLAUDEBOX_TEMPLATES="):
        build_template("web_dev")
    assert not templates.exists()


def test_missing_tools_are_named(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(module, "_TOOLS", ("debootstrap-that-is-not-there", "sh"))
    with pytest.raises(TemplateError, match="debootstrap-that-is-not-there missing: apt-get install"):
        build_template("web_dev")


def test_a_step_that_fails_says_its_last_words(tmp_path: Path) -> None:
    steps: list[str] = []
    script = "echo == one; printf 'E: no \\033[2Jsuch package\\n' >&2; exit 3"
    with pytest.raises(TemplateError, match=r"exit status 3:\n  == one\n  E: no \[2Jsuch package") as caught:
        stream(["bash", "-c", script], log=tmp_path / "log", tell=steps.append)
    assert steps == ["one"]
    assert "such package" in (tmp_path / "log").read_text()
    assert caught.value.context["output"][0] == "== one"


def test_a_program_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="umoci-not-there can't be started"):
        stream(["umoci-not-there"], log=tmp_path / "log", tell=print)


def test_settings_of_the_host_s_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///somewhere https://more.example/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/somewhere")
    monkeypatch.setenv("npm_config_registry", "https://npm.example/")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    env = registry_environment()
    assert env["PIP_INDEX_URL"] == "https://index.example/simple"
    assert env["PIP_EXTRA_INDEX_URL"] == "https://more.example/simple"
    assert env["npm_config_registry"] == "https://npm.example/"
    assert env["https_proxy"] == "http://proxy.example:3128"
    assert "PIP_FIND_LINKS" not in env
    assert "Acquire::https::CAInfo" in apt_settings()


@pytest.mark.slow
@pytest.mark.timeout(3600)
class TestBuilds:
    """Real ones; minutes each where they were not kept."""

    @pytest.fixture(autouse=True)
    def kept(self, monkeypatch: pytest.MonkeyPatch, local_sandbox: str) -> None:
        if os.geteuid() != 0 or shutil.which("debootstrap") is None or shutil.which("umoci") is None:
            pytest.skip("templates are built as root, with debootstrap and umoci")
        monkeypatch.setenv("CLAUDEBOX_TEMPLATES", str(KEPT))

    @pytest.mark.parametrize("template", SandboxTemplate)
    async def test_its_tools_answer(self, template: SandboxTemplate) -> None:
        built = build_template(template)
        checks = [check async for check in check_template(template, "local")]
        assert [check for check in checks if not check.passed] == []
        assert [check.tool for check in checks] == list(load_recipe(template).checks)
        assert set(load_recipe(template).debian) <= set(built.packages.get("debian", {}))

    async def test_the_cli_works_in_it(self) -> None:
        build_template("web_dev")
        async with ClaudeBox("quickstart/fix-bug", model="oracle", sandbox="local", template="WEB_DEV") as box:
            result = await box.code("Fix it", judge=True)
            assert (result.success, result.reward) == (True, 1.0)
            assert (await box.sandbox.exec(["tsc", "--version"])).text.startswith("Version 5.")

    async def test_a_tool_that_is_missing_does_not_pass(self, monkeypatch: pytest.MonkeyPatch) -> None:
        build_template("default")
        recipe = load_recipe("default")
        recipe.checks["tsc"] = "tsc --version | head -1"
        monkeypatch.setattr("claudebox_rl.session.templates.check.load_recipe", lambda name: recipe)
        checks: list[ToolCheck] = [check async for check in check_template("default", "local")]
        assert [check.tool for check in checks if not check.passed] == ["tsc"]

    def test_an_installation_sees_nothing_of_the_host(self, tmp_path: Path) -> None:
        image = f"{build_template('default').image}:latest"
        stream(["umoci", "unpack", "--image", image, str(tmp_path / "bundle")], log=tmp_path / "log", tell=print)
        secret = tmp_path / "secret"
        secret.write_text("the host's")
        probe = (
            f"test ! -e {secret} && test $(id -u) = 0 && ! mknod /x b 7 0 && ! mount -t tmpfs none /mnt && echo == done"
        )
        steps: list[str] = []
        root, log = tmp_path / "bundle/rootfs", tmp_path / "log"
        run_in_root(find_bwrap(), root, ["bash", "-c", probe], env={}, views={}, log=log, tell=steps.append)
        assert steps == ["done"]
