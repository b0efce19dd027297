#!/bin/bash
set -euo pipefail
cat > runjobs.sh <<'BASH'
#!/bin/bash
# runjobs.sh JOBS LOGS LIMIT: run a folder of jobs one after the other.
set -uo pipefail
export LC_ALL=C

fail() { printf 'runjobs.sh: %s\n' "$2" >&2; exit "$1"; }

[ $# -eq 3 ] && [ -d "$1" ] || fail 2 "usage: runjobs.sh JOBS LOGS LIMIT, JOBS being a folder"
mkdir -p -- "$2" || exit 2
logs=$(cd -- "$2" && pwd -P && echo x)
logs=${logs%$'\n'x}
limit=$3
cd -- "$1" || exit 2
exec 9>>"$logs/lock"
flock -n 9 || fail 75 "another run holds $2/lock"

failed=0
: > "$logs/summary"
for name in *; do
  [[ $name =~ ^[a-zA-Z0-9_-]+$ ]] && [ -f "$name" ] && [ ! -L "$name" ] && [ -x "$name" ] || continue
  # timeout makes the process group; the job gets no hold of the lock.
  timeout -k 1 "$limit" "./$name" < /dev/null > "$logs/$name.log" 2>&1 9>&- 2>&1 &
  began=$SECONDS
  wait $! 2>/dev/null
  code=$?
  # After its KILL timeout itself ends by that signal.
  [ "$code" -eq 137 ] && [ $((SECONDS - began)) -gt "$limit" ] && code=124
  [ "$code" -eq 0 ] || failed=1
  printf '%s %s\n' "$name" "$code" >> "$logs/summary"
done
exit "$failed"
BASH
