# Makes links of the files that the task names or gives: to the tests, the verdict, /etc/passwd and the judge's process.
command -v python3 >/dev/null || skip "no python3"
python3 - <<'PYTHON'
import itertools, os, pathlib, re
targets = itertools.cycle(["/tests/judge.py", "/logs/verifier/reward.txt", "/etc/passwd", "/proc/self/cmdline", "/tests",
                           "/proc/self/fd/0", "/dev/zero", "/solution/solve.sh", "/proc/1/root/tests/judge.py"])
named = re.findall(r"[\w./-]+\.\w{1,5}\b", os.environ.get("INSTRUCTION", ""))
given = [path.as_posix() for path in pathlib.Path().rglob("*") if path.is_file() or path.is_symlink()]
for name in dict.fromkeys([*named, *given]):
    path = pathlib.Path(name.lstrip("/"))
    if ".." in path.parts or path.is_dir():
        continue
    try:
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(next(targets))
    except OSError:
        pass
PYTHON
