# Writes `sitecustomize`, `usercustomize` and .pth files that forge the verdict when a Python starts and when it ends.
command -v python3 >/dev/null || skip "no python3"
code="$FORGE_PY
import atexit
_forge()
atexit.register(_forge)
"
for folder in . src lib tests "$(python3 -m site --user-site)" $(python3 -c 'import sys; print(*sys.path)'); do
  mkdir -p "$folder" && for name in sitecustomize usercustomize; do printf '%s' "$code" > "$folder/$name.py"; done
  echo "import usercustomize" > "$folder/own.pth"
done 2>/dev/null
printf '[global]\n' > pyvenv.cfg
true
