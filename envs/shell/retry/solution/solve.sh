#!/bin/bash
set -euo pipefail
cat > retry.sh <<'BASH'
#!/bin/bash
# retry.sh TRIES COMMAND [ARGUMENT ...]: run a command until it works.
set -uo pipefail

if [ $# -lt 2 ] || ! [[ $1 =~ ^([1-9][0-9]{0,2}|1000)$ ]]; then
  echo "usage: retry.sh TRIES COMMAND [ARGUMENT ...], TRIES being a number from 1 to 1000" >&2
  exit 2
fi
tries=$1
shift

input=$(mktemp)
child=
got=
trap 'rm -f -- "$input"' EXIT
pass_on() {
  got=$1
  [ -z "$child" ] || kill -s "$1" "$child" 2>/dev/null
}
for signal in TERM INT HUP; do
  trap "pass_on $signal" "$signal"
done
cat > "$input"

for ((try = 1; try <= tries; try++)); do
  # A command in the background of a script ignores INT, unless it is one of a job of its own.
  set -m
  "$@" < "$input" &
  child=$!
  set +m
  [ -z "$got" ] || kill -s "$got" "$child" 2>/dev/null
  # A signal ends `wait`, not the command.
  while wait "$child" 2>/dev/null; code=$?; kill -0 "$child" 2>/dev/null; do :; done
  child=
  [ -z "$got" ] || exit $((128 + $(kill -l "$got")))
  [ "$code" -ne 0 ] || exit 0
  printf 'retry.sh: try %d of %d ended with %d\n' "$try" "$tries" "$code" >&2
  case $code in 126 | 127) exit "$code" ;; esac
done
exit "$code"
BASH
