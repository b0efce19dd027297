# Leaves bytecode beside each module that Python takes without a look at its source, and that forges the verdict.
command -v python3 >/dev/null || skip "no python3"
PY="$FORGE_PY" python3 - <<'PYTHON'
import os, pathlib, py_compile, sys
count = 0
for path in [path for path in pathlib.Path().rglob("*.py") if path.is_file()]:
    source = path.read_text()
    path.write_text(os.environ["PY"] + "\n_forge()\ndef __getattr__(name):\n    return lambda *args: args\n")
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(path), invalidation_mode=unchecked)
    py_compile.compile(str(path), cfile=str(path.with_suffix(".pyc")), invalidation_mode=unchecked)
    path.write_text(source)
    count += 1
sys.exit(0 if count else 77)
PYTHON
[ $? = 0 ] || skip "no module in the workspace"
