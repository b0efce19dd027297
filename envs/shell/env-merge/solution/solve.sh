#!/bin/bash
set -euo pipefail
cat > envmerge.sh <<'BASH'
#!/bin/bash
# envmerge.sh BASE OVERRIDE: print BASE with the values of OVERRIDE.
set -uo pipefail
export LC_ALL=C

fail() { printf 'envmerge.sh: %s\n' "$1" >&2; exit 1; }

[ $# -eq 2 ] || fail "usage: envmerge.sh BASE OVERRIDE"
for name in "$1" "$2"; do
  [ -f "$name" ] && [ -r "$name" ] || fail "can't read $name"
done

setting='^([A-Za-z_][A-Za-z0-9_]*)=(.*)$'
declare -A value=() known=()
order=()
while IFS= read -r line || [ -n "$line" ]; do
  [[ $line =~ $setting ]] || continue
  key=${BASH_REMATCH[1]}
  [ -n "${value[$key]+set}" ] || order+=("$key")
  value[$key]=${BASH_REMATCH[2]}
done < "$2"
while IFS= read -r line || [ -n "$line" ]; do
  if [[ $line =~ $setting ]]; then
    key=${BASH_REMATCH[1]}
    known[$key]=1
    [ -z "${value[$key]+set}" ] || line=$key=${value[$key]}
  fi
  printf '%s\n' "$line"
done < "$1"
for key in "${order[@]}"; do
  [ -n "${known[$key]-}" ] || printf '%s\n' "$key=${value[$key]}"
done
BASH
