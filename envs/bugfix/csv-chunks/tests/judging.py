"""Run the judged code apart from the judge, and write the reward. The same file in each task (`tools/share-judging`).

The judge never imports judged code: it runs it in processes of its own, with a deadline, and compares what they print.
A check that fails gives its part 0.0, and so does a file that can't be looked at; an error of the judge itself writes
no reward, so that it can't pass for a verdict.

Judged code runs as the judge's own user. So the judge shuts its memory and files to it, has the kernel refuse it
signals to the judge (seccomp(2), where the kernel has it), adopts and ends whatever it leaves behind, and writes the
verdict when nothing of it lives any more. Judged code that kills the judge all the same can leave a verdict of its own,
which does not count: a verifier that was killed by a signal has given none.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import platform
import resource
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = os.environ.get("CLAUDEBOX_ROOT", "")
WORKDIR = Path.cwd()
CAP_BYTES = 4 << 20
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36  # prctl(2)
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 22, 2, 38
_ARCHES = {"x86_64": (0xC000003E, 424, 72, 16, (62, 200, 234, 129, 297, 434, 302)),
           "aarch64": (0xC00000B7, 424, 25, 29, (129, 130, 131, 138, 240, 434, 261))}
"""By machine: seccomp's number of it, and the calls pidfd_send_signal; fcntl; ioctl; and, whose first argument is a
process, kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_open, prlimit64."""
_OWNERS, _OWNERS_OF_IO = (8, 15), (0x8901, 0x8902)
"""F_SETOWN, F_SETOWN_EX; FIOSETOWN, SIOCSPGRP: whom a file sends signals."""
_LIBC = ctypes.CDLL(None)
_PATIENCE_S = 10.0
_LOGS = Path(f"{ROOT}/logs/verifier")
_CLEAN = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
_ODD = {
    errno.EACCES, errno.EPERM, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO,
}
"""What comes of files that are not as they should be, and never of a machine that fails."""
_CALLER = """
import json, os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, os.getcwd())
code, cases = json.load(sys.stdin)
scope = {"__name__": "driver"}
exec(code, scope)
function = scope["case"]
collected = []
for arguments in cases:
    try:
        collected.append({"value": function(*arguments), "arguments": arguments})
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        collected.append({"error": kinds, "message": str(error)})
answers.write(json.dumps(collected, default=repr))
answers.close()
"""


_turn = threading.Lock()
_running: set[int] = set()
"""Processes of judged code that are at work."""


class Wrong(Exception):
    """The result is not what was asked for; the message says where."""


class Refused(Exception):
    """What a reference raises for an input that the judged code must refuse; the message is the class of its error."""


@dataclass(frozen=True)
class Ended:
    """A process that ended."""

    exit_code: int
    stdout: str
    stderr: str


def judge(parts: dict[str, Callable[[], None]], *, partial: bool = False) -> None:
    """Run the checks and write the reward: the mean of the parts where `partial`, else 1.0 only if all hold."""
    _shield()
    _hide_tests()
    _drop_bytecode()
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        rewards = {name: _holds(name, check) for name, check in parts.items()}
    finally:
        # What judged code may have written there is not a verdict, whatever became of the judge.
        try:
            _end_left(frozenset())
        finally:
            _clear_logs()
    total = sum(rewards.values()) / len(rewards) if partial else min(rewards.values())
    if len(rewards) == 1:
        _write("reward.txt", f"{total}\n")
    else:
        _write("reward.json", json.dumps({"reward": total, **rewards}) + "\n")


def _holds(name: str, check: Callable[[], None]) -> float:
    try:
        check()
    # What judged code had in its hands may be shut, a link in circles, no UTF-8, or JSON that is nested too deeply.
    except (Wrong, RecursionError, UnicodeDecodeError, OSError) as why:
        if isinstance(why, OSError) and why.errno not in _ODD:
            raise
        print(f"wrong: {name}: {why}"[:2000])
        return 0.0
    print(f"ok: {name}")
    return 1.0


def _shield() -> None:
    """Shut the judge's memory and open files to other processes of its user, and have orphans become its children."""
    if sys.platform == "linux":
        for option, value in ((_PR_SET_DUMPABLE, 0), (_PR_SET_CHILD_SUBREAPER, 1)):
            if _LIBC.prctl(option, value, 0, 0, 0) != 0:
                raise OSError(f"prctl({option}, {value}) failed")


def _clear_logs() -> None:
    if _LOGS.is_symlink() or not _LOGS.is_dir():
        _remove(_LOGS)
    _LOGS.mkdir(parents=True, exist_ok=True)
    _LOGS.chmod(0o755)
    _remove(_LOGS / "reward.json", _LOGS / "reward.txt")


def _write(name: str, text: str) -> None:
    file = os.open(_LOGS / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(file, "w") as opened:
        opened.write(text)


def _hide_tests() -> None:
    """Take the answers away from judged code. The judge is in memory by now; a checkout of the task is left alone."""
    here = Path(__file__).resolve().parent
    if here == Path(f"{ROOT}/tests").resolve():
        _remove(*here.iterdir())


def _drop_bytecode() -> None:
    """Python takes old bytecode for a file that was changed to the same size in the same second."""
    for folder, names, _ in os.walk(WORKDIR):
        if "__pycache__" in names:
            shutil.rmtree(Path(folder, "__pycache__"), ignore_errors=True)


def _remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def expect(condition: bool, why: str) -> None:
    """Raise `Wrong` unless the condition holds."""
    if not condition:
        raise Wrong(why)


def run(argv: list[str], *, stdin: str = "", cwd: Path | None = None, timeout_s: float = 10.0) -> Ended:
    """Run judged code to its end, then end its process group. `python3` is the judge's own interpreter.

    Raises:
        Wrong: It ran out of time, or printed too much.
    """
    command = [sys.executable, "-s", "-B", *argv[1:]] if argv[0] == "python3" else argv
    environment = {**_CLEAN, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    # Files, not pipes: a background process that keeps a pipe open would hold up the judge.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        with _turn:
            before = frozenset(_children())
            process = subprocess.Popen(
                command, stdin=given, stdout=out, stderr=err, cwd=cwd or WORKDIR, env=environment,
                start_new_session=True, preexec_fn=limits(),
            )
            _running.add(process.pid)
        try:
            exit_code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{' '.join(argv)[:200]} took more than {timeout_s:g} s") from None
        finally:
            _end_group(process)
            _running.discard(process.pid)
            _end_left(before)
        return Ended(exit_code, _printed(out), _printed(err))


def limits() -> Callable[[], None]:
    """Return the `preexec_fn` of a process of judged code: `run` gives it, and whoever starts one otherwise."""
    program = _no_signals_to_us()
    code = ctypes.create_string_buffer(program)
    filter_ = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16 * CAP_BYTES, 16 * CAP_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if program and _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            _LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filter_)  # a kernel without filters refuses; see above

    limit.keeps = code
    return limit


def _no_signals_to_us() -> bytes:
    """Return a filter of system calls that refuses signals to the judge and its parent; empty where none is known."""
    if sys.platform != "linux" or platform.machine() not in _ARCHES:
        return b""
    arch, send_by_fd, fcntl, ioctl, by_pid = _ARCHES[platform.machine()]
    us = {os.getpid(), os.getppid(), *(thread.native_id for thread in threading.enumerate())} - {0, None}
    targets = [1, *us, -1, -os.getpgrp(), *(-pid for pid in us)]
    refuse, allow = (0x06, 0, 0, 0x50000 | errno.EPERM), (0x06, 0, 0, 0x7FFF0000)
    # (load 32 bits: 0x20; jump if equal, or at least: 0x15, 0x35; return: 0x06), as linux/filter.h has them
    steps = [(0x20, 0, 0, 4), (0x15, 1, 0, arch), refuse, (0x20, 0, 0, 0), (0x35, 0, 1, 0x40000000), refuse]
    steps += [(0x15, 0, 1, send_by_fd), refuse]
    for calls, argument, values in (((fcntl,), 1, _OWNERS), ((ioctl,), 1, _OWNERS_OF_IO), (by_pid, 0, targets)):
        rest = len(values) + 3
        last = len(calls) - 1
        steps += [(0x15, last - at, rest if at == last else 0, call) for at, call in enumerate(calls)]
        steps += [(0x20, 0, 0, 16 + 8 * argument)]
        steps += [(0x15, len(values) - at, 0, value & 0xFFFFFFFF) for at, value in enumerate(values)]
        steps += [allow, refuse]
    return b"".join(struct.pack("=HBBI", *step) for step in (*steps, allow))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _end_left(spared: frozenset[int]) -> None:
    """End what judged code left behind and the judge has adopted: all children that it did not start itself."""
    give_up, num_clean = time.monotonic() + _PATIENCE_S, 0
    while num_clean < 2:  # a process that was just being made shows up late
        with _turn:
            left = _children() - spared - _running
        num_clean = 0 if left else num_clean + 1
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > give_up:
            raise RuntimeError("judged code starts processes faster than they can be ended")


def _children() -> set[int]:
    """The judge's children in other sessions than its own: judged code can't come into that one."""
    here, session, found = os.getpid(), os.getsid(0), set()
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        with suppress(OSError, ValueError):
            fields = Path("/proc", str(int(name)), "stat").read_bytes().rpartition(b")")[2].split()
            if int(fields[1]) == here and int(fields[3]) != session:
                found.add(int(name))
    return found


def _printed(file) -> str:
    file.seek(0)
    content = file.read(CAP_BYTES + 1)
    expect(len(content) <= CAP_BYTES, f"it printed more than {CAP_BYTES} bytes")
    return content.decode("utf-8", "replace")


def call(module: str, function: str, cases: list[list], *, cwd: Path | None = None, timeout_s: float = 10.0) -> list[dict]:
    """Call a function of the workspace once for each list of arguments, all in one process of its own.

    Returns:
        For each case `value` and `arguments` (as they are after the call), or `error` (its class and its bases) and
        `message`; all of it as JSON carries it.

    Raises:
        Wrong: The module or the function can't be had, or the process gave no answers.
    """
    return drive(f"from {module} import {function} as case", cases, cwd=cwd, timeout_s=timeout_s)


def drive(code: str, cases: list[list], *, cwd: Path | None = None, timeout_s: float = 10.0) -> list[dict]:
    """Like `call`, for the function `case` that this code of the judge defines over the modules of the workspace."""
    expect(bool(cases), "no cases")
    ended = run(["python3", "-I", "-c", _CALLER], stdin=json.dumps([code, cases]), cwd=cwd, timeout_s=timeout_s)
    answers = parsed(ended.stdout) if ended.exit_code == 0 and ended.stdout else None
    complete = isinstance(answers, list) and len(answers) == len(cases) and all(map(_is_answer, answers))
    expect(complete, f"no answers: {ended.stderr.strip()[-500:]}")
    return answers


def agree(code: str, cases: list[list], reference: Callable[..., object], *, timeout_s: float = 10.0) -> None:
    """Expect of `drive` what the reference returns for each case, or the class of error that it names by `Refused`."""
    for case, answer in zip(cases, drive(code, cases, timeout_s=timeout_s)):
        asked = json.dumps(case)[:600]
        try:
            wanted = reference(*json.loads(json.dumps(case)))
        except Refused as refused:
            expect(str(refused) in answer.get("error", []), f"{asked}: wanted {refused}, got {answer}")
        else:
            found = "value" in answer and same(answer["value"], wanted)
            expect(found, f"{asked}: wanted {wanted}, got {answer.get('value', answer)}")


def _is_answer(answer: object) -> bool:
    if not isinstance(answer, dict):
        return False
    failed = isinstance(answer.get("error"), list) and isinstance(answer.get("message"), str)
    return failed or answer.keys() == {"value", "arguments"}


def parsed(text: str) -> object:
    """Parse JSON that judged code wrote.

    Raises:
        Wrong: It is no JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"no JSON: {error}: {text[:200]!r}") from None


def same(found: object, wanted: object) -> bool:
    """Whether two JSON values are equal, 1 and true being different."""
    return json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def content(name: str) -> str:
    """Return the text of a regular file of the workspace.

    Raises:
        Wrong: It is missing, no regular file, too large, or no UTF-8.
    """
    try:
        file = os.open(WORKDIR / name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise Wrong(f"{name}: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Wrong(f"{name} is no regular file")
    with os.fdopen(file, "rb") as opened:
        data = opened.read(CAP_BYTES + 1)
    expect(len(data) <= CAP_BYTES, f"{name} is too large")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong(f"{name}: {error}") from None


@contextmanager
def looking_at(what: str) -> Iterator[None]:
    """Take it for wrong if something can't be looked at: judged code had it in its hands.

    Raises:
        Wrong: Reading it failed.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise Wrong(f"{what} can't be looked at: {error}") from None


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is deleted afterwards, as far as judged code has left it deletable."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def copy_of_workdir(target: Path) -> Path:
    """Copy the workspace, links as links, and return the copy.

    Raises:
        Wrong: It can't be copied.
    """
    try:
        shutil.copytree(WORKDIR, target, symlinks=True)
    except (OSError, shutil.Error, RecursionError) as error:
        raise Wrong(f"the workspace can't be copied: {error}") from None
    return target
