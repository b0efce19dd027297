"""Programs that run other programs: which words of theirs are the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from claudebox_rl.session.security.shell import _builtins, _find, _git, _risky, _shells
from claudebox_rl.session.security.shell._options import Options, take_apart

if TYPE_CHECKING:
    from claudebox_rl.session.security.shell._around import Around
    from claudebox_rl.session.security.shell._reader import Reader
    from claudebox_rl.session.security.shell._scope import Scope
    from claudebox_rl.session.security.shell.reading import Word

Launcher = Callable[["Reader", "list[Word]", "Scope", "Around"], "str | None"]


def _longs(names: str) -> frozenset[str]:
    return frozenset(f"--{name}" for name in names.split())


_SUDO = Options(
    "ugpCrtTUDRha",
    _longs("user group prompt close-from role type command-timeout other-user chdir chroot host"),
    assigns=True,
)
_PREFIX: dict[str, Options] = {
    "nohup": Options(),
    "setsid": Options(),
    "nice": Options("n", _longs("adjustment")),
    "ionice": Options("cnpPu", _longs("class classdata")),
    "chrt": Options("TPD", operands=1),
    "taskset": Options(operands=1),
    "timeout": Options("ks", _longs("kill-after signal"), operands=1),
    "stdbuf": Options("ioe", _longs("input output error")),
    "time": Options("fo", _longs("format output")),
    "sudo": _SUDO,
    "doas": Options("uC"),
    "pkexec": Options("", _longs("user")),
    "gosu": Options(operands=1),
    "su-exec": Options(operands=1),
    "setpriv": Options("", _longs("reuid regid groups inh-caps ambient-caps bounding-set")),
    "capsh": Options(),
    "chroot": Options("", _longs("userspec groups"), operands=1),
    "unshare": Options("RwSG", _longs("root wd setuid setgid")),
    "nsenter": Options("tSGW", _longs("target setuid setgid")),
    "setarch": Options(operands=1),
    "linux64": Options(),
    "linux32": Options(),
    "strace": Options("abeEoOpPsSuUX", _longs("output")),
    "ltrace": Options("aAeFlnopsuwxX"),
    "fakeroot": Options("lsib"),
    "catchsegv": Options(),
    "prlimit": Options("p", _longs("pid")),
    "busybox": Options(),
    "toybox": Options(),
    "unbuffer": Options(),
    "tini": Options("p"),
    "dumb-init": Options("r"),
    "catatonit": Options(),
    "xvfb-run": Options("enfspw"),
    "dbus-run-session": Options(),
    "chronic": Options(),
    "ts": Options(),
    "pipenv": Options(operands=1),
    "poetry": Options("CP", operands=1),
    "uv": Options("p", operands=1),
    "pdm": Options("p", operands=1),
    "hatch": Options("e", operands=1),
    "rye": Options(operands=1),
    "conda": Options("np", operands=1),
    "bundle": Options(operands=1),
    "npx": Options("p", _longs("package")),
    "uvx": Options("p", _longs("from with python")),
    "pnpx": Options(),
    "bunx": Options(),
    "cross-env": Options(assigns=True),
    "dotenv": Options("f"),
    "ld.so": Options("", _longs("library-path preload audit argv0 inhibit-rpath")),
}
_BY_WORD = {
    "pipenv": {"run"},
    "poetry": {"run"},
    "uv": {"run"},
    "pdm": {"run"},
    "hatch": {"run"},
    "rye": {"run"},
    "conda": {"run"},
    "bundle": {"exec"},
}
"""Programs that run a command only under these sub-commands."""
_UV_RUN = Options("p", _longs("python with extra group package directory project env-file with-requirements"))


def _prefix(name: str, options: Options) -> Launcher:
    def launch(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
        parsed = take_apart(words[1:], options)
        if not parsed.is_known:
            reader.doubt(f"which command `{name}` runs can't be known")
        subs = _BY_WORD.get(name)
        if subs is not None:
            if not parsed.operands or parsed.operands[0].text not in subs:
                return None
            parsed.rest = take_apart(parsed.rest, _UV_RUN).rest
        if parsed.has("c", "--call", "--shell-mode") and name in ("npx", "uvx"):
            command = parsed.rest[0] if parsed.rest else parsed.value("--call")
            return _shells.text(reader, command, name, scope, around)
        if name in ("sudo", "doas", "unshare", "chroot", "nsenter", "unbuffer", "setpriv", "capsh") and not parsed.rest:
            return _shells.from_input(reader, name, scope, around)
        if parsed.has("i", "s", "--login", "--shell") and name in ("sudo", "doas"):
            tail = " ".join(word.text or '"$UNKNOWN"' for word in parsed.rest)
            return reader.script(tail, scope.copy(), around)
        for variable, value in parsed.assignments:
            _builtins.assign(reader, variable, value, scope, around)
        return outside(reader, parsed.rest, scope, around)

    return launch


def outside(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    """Read a command that is looked up without the shell's functions and aliases."""
    return reader.run(words, replace(scope.copy(), certain=set(), aliases={}), around) if words else None


def _env(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    options = Options("uCS", _longs("unset chdir split-string"), assigns=True)
    parsed = take_apart(words[1:], options)
    if not parsed.is_known:
        reader.doubt("which command `env` runs can't be known")
    inner = replace(scope.copy(), certain=set(), aliases={})
    for name, value in parsed.assignments:
        _builtins.assign(reader, name, value, inner, around)
    folder = parsed.value("C", "--chdir")
    if folder is not None:
        inner.folders = inner.enter(folder)
    split = parsed.value("S", "--split-string")
    if split is not None:
        if split.text is None:
            reader.doubt("what `env -S` runs can't be known")
            return None
        tail = [word.text if word.text is not None else '"$UNKNOWN"' for word in parsed.rest]
        return reader.script(" ".join(["env", split.text.replace("\\_", " "), *tail]), inner, around)
    return reader.run(parsed.rest, inner, around) if parsed.rest else None


def _coproc(reader: Reader, words: list[Word], scope: Scope, around: Around) -> str | None:
    return reader.run(words[1:], scope.copy(), replace(around, stdin=_shells.UNKNOWN_INPUT))


LAUNCHERS: dict[str, Launcher] = {
    **{name: _prefix(name, options) for name, options in _PREFIX.items()},
    **_builtins.BUILTINS,
    **_shells.SHELLS,
    **_risky.INTERPRETERS,
    **_find.FINDERS,
    "git": _git.git,
    "env": _env,
    "coproc": _coproc,
}
"""Program -> what reads its words; each is given the words with the program first."""
