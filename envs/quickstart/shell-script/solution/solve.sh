#!/bin/bash
set -euo pipefail
cat > rotate.sh <<'BASH'
#!/bin/bash
# rotate.sh FILE KEEP: shift FILE to FILE.1, FILE.1 to FILE.2 and so on, and keep KEEP of them.
set -euo pipefail

fail() {
  printf 'rotate.sh: %s\n' "$2" >&2
  exit "$1"
}

[ $# -eq 2 ] || fail 2 "usage: rotate.sh FILE KEEP"
[[ $2 =~ ^(0|[1-9][0-9]{0,2})$ ]] || fail 2 "KEEP must be a number from 0 to 999: $2"
file=$1
keep=$2
[[ $file == /* ]] || file=./$file
[ -f "$file" ] || fail 1 "no such file: $1"
[ -s "$file" ] || exit 0

numbers=()
for numbered in "$file".*; do
  number=${numbered#"$file".}
  [[ $number =~ ^[1-9][0-9]*$ ]] && [ -f "$numbered" ] && numbers+=("$number")
done

# The highest number first, so that nothing is overwritten before it has moved.
while IFS= read -r number; do
  [ -n "$number" ] || continue
  if [ ${#number} -gt 3 ] || [ "$number" -ge "$keep" ]; then
    rm -f -- "$file.$number"
  else
    mv -f -- "$file.$number" "$file.$((number + 1))"
  fi
done < <(printf '%s\n' "${numbers[@]}" | sort -rn)

[ "$keep" -eq 0 ] || cp -- "$file" "$file.1"
: > "$file"
BASH
