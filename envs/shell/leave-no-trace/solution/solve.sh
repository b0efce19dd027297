#!/bin/bash
set -euo pipefail
cat > convert.sh <<'BASH'
#!/bin/bash
# convert.sh INPUT OUTPUT COMMAND [ARGUMENT ...]: OUTPUT becomes what COMMAND prints when it reads INPUT, sorted.
set -uo pipefail

if [ $# -lt 3 ]; then
  echo "usage: convert.sh INPUT OUTPUT COMMAND [ARGUMENT ...]" >&2
  exit 2
fi
case $1 in /*) input=$1 ;; *) input=./$1 ;; esac
case $2 in /*) output=$2 ;; *) output=./$2 ;; esac
shift 2

work=
made=
child=
clean_up() {
  [ -z "$work" ] || rm -rf -- "$work"
  [ -z "$made" ] || rm -f -- "$made"
}
ended_by() {
  trap '' TERM INT HUP
  if [ -n "$child" ]; then
    kill -s TERM "$child" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  exit "$1"
}
trap clean_up EXIT
trap 'ended_by 143' TERM
trap 'ended_by 130' INT
trap 'ended_by 129' HUP

work=$(mktemp -d) || exit 1
LC_ALL=C sort -u < "$input" > "$work/sorted" || exit 1
# Beside the output, so that it takes its place in one step.
made=$(mktemp -- "${output%/*}/.convert-XXXXXX") || exit 1
# Bash runs a trap only when what it waits for has ended, so it has to `wait`.
"$@" < "$work/sorted" > "$made" &
child=$!
wait "$child"
code=$?
child=
[ "$code" -eq 0 ] || exit "$code"
lines=$(wc -l < "$made")
chmod --reference="$output" -- "$made" 2>/dev/null || chmod "$(printf '%o' $((0666 & ~0$(umask))))" -- "$made"
mv -f -- "$made" "$output" || exit 1
made=
echo "converted $lines lines"
BASH
