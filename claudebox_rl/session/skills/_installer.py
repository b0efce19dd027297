"""Fills a skill's layer from inside a machine. Standard library only: it is sent there as text and run by `python3 -I`.

It takes its job as JSON on standard input, tells its steps on standard output, and at last writes what was resolved to
`lock.json` in the layer. It needs no root and changes nothing outside of the layer and its own work folder: Debian
packages are unpacked into the layer, and their programs get a wrapper that leads to the libraries beside them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAMS = ("usr/bin", "bin", "usr/sbin", "sbin", "usr/games")
OF_THE_ROOT = re.compile(r"(libc6|libgcc-s1|libstdc\+\+6|libcrypt1|gcc-\d+-base|base-files|dpkg|debconf|perl-base)")
"""Must be those of the machine's root: its loader and they belong together, or it can't be without."""
WRAP = """#!/bin/sh
# Puts a program of the layer on the PATH: claudebox-wrap PATH [NAME]
exec "{python}" -I "{installer}" wrap "$1" "${{2:-$(basename "$1")}}"
"""
PIP = '#!/bin/sh\nexec {pip} "$@"\n'


class InstallError(Exception):
    """A step failed; the message says which."""


class Layer:
    """The folder that is filled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bin, self.python, self.system = path / "bin", path / "python", path / "system"

    def wrap(self, program: Path, name: str) -> None:
        """Write a wrapper by which a program of `system` finds the libraries and files beside it."""
        if not program.is_file():
            raise InstallError(f"claudebox-wrap: there is no {program}")
        lines = ["#!/bin/sh", *self._finders(), f'exec {_quoted(str(program))} "$@"']
        self.bin.mkdir(exist_ok=True)
        wrapper = self.bin / name
        wrapper.unlink(missing_ok=True)
        wrapper.write_text("\n".join(lines) + "\n")
        wrapper.chmod(0o755)

    def show_programs(self) -> None:
        """Put into `bin` what it has not yet: programs of `system`, wrapped, and scripts of Python packages."""
        self._wrap_all()
        for script in sorted((self.python / "bin").glob("*")):
            self.bin.mkdir(exist_ok=True)
            if not (self.bin / script.name).exists():
                (self.bin / script.name).symlink_to(f"../python/bin/{script.name}")

    def _wrap_all(self) -> None:
        for folder in PROGRAMS:
            for entry in sorted((self.system / folder).glob("*")):
                program = self._resolved(entry)
                if program is None or not os.access(program, os.X_OK) or (self.bin / entry.name).exists():
                    continue
                self.wrap(program, entry.name)

    def _resolved(self, entry: Path) -> Path | None:
        """Follow links within `system`: an absolute one is meant for a root folder. None: it leads nowhere."""
        for _ in range(16):
            if not entry.is_symlink():
                return entry if entry.is_file() else None
            to = str(entry.readlink())
            entry = self.system / to.lstrip("/") if to.startswith("/") else entry.parent / to
        return None

    def _finders(self) -> list[str]:
        found = {
            "LD_LIBRARY_PATH": self._library_folders(),
            "PERL5LIB": [self.system / "usr/share/perl5"],
            "XDG_DATA_DIRS": [self.system / "usr/share"],
        }
        lines: list[str] = []
        for name, folders in found.items():
            if there := [str(folder) for folder in folders if folder.is_dir()]:
                rest = "${XDG_DATA_DIRS:-/usr/local/share:/usr/share}" if name == "XDG_DATA_DIRS" else f"${{{name}:-}}"
                lines.append(f"export {name}={':'.join(map(_quoted, there))}:{rest}")
        if (self.system / "etc/fonts/fonts.conf").is_file():
            lines.append(f"export FONTCONFIG_SYSROOT={_quoted(str(self.system))}")
        return lines

    def _library_folders(self) -> list[Path]:
        folders = [self.system / place for place in ("usr/lib", "lib")]
        folders = [triplet for folder in folders for triplet in (*sorted(folder.glob("*-linux-gnu*")), folder)]
        for listing in sorted((self.system / "etc/ld.so.conf.d").glob("*.conf")):
            lines = [line.strip() for line in listing.read_text(errors="replace").splitlines()]
            folders += [self.system / line.lstrip("/") for line in lines if line.startswith("/")]
        # Libraries name folders of their own by absolute paths, which lead to the root and not here.
        private = {library.parent for folder in folders for library in folder.glob("*/lib*.so*")}
        return list(dict.fromkeys([*folders, *sorted(private)]))


class Apt:
    """Debian packages, without root: chosen by apt against what the root has, fetched, and unpacked into the layer."""

    def __init__(self, job: dict[str, Any], work: Path) -> None:
        for program in ("apt-get", "dpkg", "dpkg-deb"):
            if shutil.which(program) is None:
                raise InstallError(
                    f"system_packages need {program}, which this machine's root does not have: use an image made of "
                    "Debian or Ubuntu"
                )
        self._work = work / "apt"
        for folder in ("state/lists/partial", "cache/archives/partial", "log"):
            (self._work / folder).mkdir(parents=True)
        status = job["dpkg"] or "/var/lib/dpkg"
        settings = {
            "Dir::State": f"{self._work}/state",
            "Dir::State::status": f"{status}/status",
            "Dir::Cache": f"{self._work}/cache",
            "Dir::Log": f"{self._work}/log",
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            **({"Dir::Etc": job["etc"]} if job["etc"] else {}),
        }
        config = self._work / "apt.conf"
        config.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
        self._env = {**os.environ, "APT_CONFIG": str(config), "DEBIAN_FRONTEND": "noninteractive"}

    def install(self, packages: list[str], system: Path) -> list[str]:
        """Put packages and what they need into a folder; return `name=version` of each."""
        _say("updating the lists of Debian packages")
        self._run("apt-get", "-q", "update")
        chosen = self._choose(packages)
        if not chosen:
            _say(f"the root has {', '.join(packages)} already")
            return []
        _say(f"fetching {len(chosen)} Debian packages")
        archives = self._work / "debs"
        archives.mkdir()
        self._run("apt-get", "-q", "download", *chosen, cwd=archives)
        system.mkdir(exist_ok=True)
        for archive in sorted(archives.glob("*.deb")):
            self._run("dpkg-deb", "-x", str(archive), str(system))
            archive.unlink()
        return chosen

    def _choose(self, packages: list[str]) -> list[str]:
        plan = self._run("apt-get", "-q", "--simulate", "-o", "Debug::NoLocking=1", "install", *packages)
        found = re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ", plan, re.MULTILINE)
        return [f"{name}={version}" for name, version in found if not OF_THE_ROOT.fullmatch(name)]

    def _run(self, *argv: str, cwd: Path | None = None) -> str:
        return _run(argv, env=self._env, cwd=cwd or self._work)


def install_python(requirements: list[str], layer: Layer, pip: list[str], work: Path) -> None:
    """Put Python packages into the layer."""
    _say(f"installing {', '.join(requirements)}")
    listing = work / "requirements.txt"
    listing.write_text("\n".join(requirements) + "\n")
    _run([*pip, "install", "--prefer-binary", "--progress-bar=off", "--no-warn-script-location", "-r", str(listing)])


def locked_python(layer: Layer, pip: list[str]) -> list[str]:
    """Return `name==version` of each Python package in the layer."""
    if not layer.python.is_dir():
        return []
    said = _run([*pip, "list", "--format=json", "--path", str(layer.python)], quiet=True)
    packages: list[dict[str, str]] = json.loads(said)
    return sorted(f"{_normal(each['name'])}=={each['version']}" for each in packages)


def find_pip(wheels: str | None) -> list[str] | None:
    """Return the command line of a pip: the root's own, else the one in a wheel that the host lent."""
    python = sys.executable
    own = subprocess.run([python, "-I", "-m", "pip", "--version"], capture_output=True, check=False)
    if own.returncode == 0:
        return [python, "-m", "pip"]
    lent = sorted(Path(wheels).glob("pip-*.whl")) if wheels else []
    return [python, f"{lent[-1]}/pip"] if lent else None


def shims(folder: Path, pip: list[str] | None) -> None:
    """Make the programs that an `install_cmd` may use."""
    folder.mkdir()
    installer = Path(__file__).resolve()
    texts = {"claudebox-wrap": WRAP.format(python=sys.executable, installer=installer)}
    if pip is not None:
        texts |= dict.fromkeys(("pip", "pip3"), PIP.format(pip=" ".join(map(_quoted, pip))))
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def install(job: dict[str, Any], work: Path) -> None:
    """Do a whole job."""
    layer = Layer(Path(job["layer"]))
    pip = find_pip(job["pip_wheels"])
    needs_pip = "requirements need pip, which neither this machine's root nor the host's Python has"
    if job["requirements"] and pip is None:
        raise InstallError(f"{needs_pip}: install python3-pip in the image, or ensurepip on the host")
    shims(work / "bin", pip)
    os.environ.update(PIP_TARGET=str(layer.python), PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    os.environ.update(NPM_CONFIG_PREFIX=str(layer.path), CLAUDEBOX_SKILL=str(layer.path))
    os.environ["TMPDIR"] = str(work)  # pip unpacks there, and /tmp may be small
    os.environ["PATH"] = f"{work / 'bin'}:{layer.bin}:{os.environ['PATH']}"
    debian: list[str] = []
    if job["system_packages"]:
        debian = Apt(job["apt"], work).install(job["system_packages"], layer.system)
    if job["requirements"]:
        install_python(job["requirements"], layer, pip or [], work)
    layer.show_programs()
    if job["install_cmd"]:
        _say("running install_cmd")
        _run(["sh", "-ec", job["install_cmd"]], cwd=work)
        layer.show_programs()
    python = locked_python(layer, pip) if pip else []
    (layer.path / "lock.json").write_text(json.dumps({"python": python, "system": sorted(debian)}, indent=1))


def _run(argv: list[str] | tuple[str, ...], *, quiet: bool = False, **options: Any) -> str:
    """Run a program; its output is told as it comes, and returned."""
    said: list[str] = []
    # A list of packages that is not told is parsed: warnings do not belong into it.
    errors = subprocess.DEVNULL if quiet else subprocess.STDOUT
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace", **options)
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if not quiet:
            _tell(line)
    if process.wait() != 0:
        raise InstallError(f"{Path(argv[0]).name} ended with exit code {process.returncode}")
    return "".join(said)


def _say(step: str) -> None:
    _tell(f"== {step}\n")


def _tell(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _normal(name: str) -> str:
    """Return the one form of a package's name (PyPA's "name normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def main() -> None:
    """Fill a layer, or wrap one program of it."""
    try:
        if sys.argv[1:2] == ["wrap"]:
            Layer(Path(os.environ["CLAUDEBOX_SKILL"])).wrap(Path(sys.argv[2]), sys.argv[3])
        else:
            install(json.load(sys.stdin), Path(sys.argv[1]))
    except InstallError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
