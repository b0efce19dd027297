# Weeks are taken with the calendar's year.
cat > prune.sh <<'BASH'
#!/bin/bash
# prune.sh FOLDER: keep the newest backups by day, week, month and year, delete the others.
set -euo pipefail
export LC_ALL=C

[ $# -eq 1 ] && [ -d "$1" ] || { echo "prune.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"

days=()
for name in db-????-??-??.tar.gz; do
  [[ $name =~ ^db-([0-9]{4}-[0-9]{2}-[0-9]{2})\.tar\.gz$ ]] || continue
  [ -f "$name" ] && [ ! -L "$name" ] && days+=("${BASH_REMATCH[1]}")
done
[ ${#days[@]} -gt 0 ] || exit 0

# One call of date for all: a day that the calendar lacks gives a message, and no line.
dated=$(printf '%s\n' "${days[@]}" | date -f - '+%F %Y-%V %Y-%m %Y' 2>/dev/null) || true
doomed=$(sort -r <<<"$dated" | awk '
  NF == 4 {
    keep = ++days <= 7
    if (!($2 in week)) { week[$2]; if (++weeks <= 4) keep = 1 }
    if (!($3 in month)) { month[$3]; if (++months <= 6) keep = 1 }
    if (!($4 in year)) { year[$4]; keep = 1 }
    if (!keep) print "db-" $1 ".tar.gz"
  }
' | sort)
[ -n "$doomed" ] || exit 0
xargs -d '\n' rm -f -- <<<"$doomed"
printf '%s\n' "$doomed"
BASH
