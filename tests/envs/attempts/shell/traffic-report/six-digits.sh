# Sums are printed with six digits.
cat > report.sh <<'BASH'
#!/bin/bash
# report.sh FOLDER: add up the access logs of a folder.
set -euo pipefail
export LC_ALL=C

[ $# -eq 1 ] && [ -d "$1" ] || { echo "report.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"
shopt -s nullglob

logs() {
  for name in access.log access.log.*; do
    [ -f "$name" ] || continue
    case $name in *.gz) read=(gzip -dc) ;; *) read=(cat) ;; esac
    [[ $name =~ ^access\.log(\.[0-9]+(\.gz)?)?$ ]] || continue
    # A last line without its end must not run into the next file.
    "${read[@]}" "./$name" | awk '{ print }'
  done
}

logs | awk -F '[ ]' '
  { sub(/\r$/, "") }
  NF != 5 || $1 == "" || $2 == "" || $3 == "" || $4 !~ /^[0-9][0-9][0-9]$/ || $5 !~ /^([0-9]+|-)$/ { skipped++; next }
  $4 ~ /^2/ {
    path = $3
    sub(/[?].*/, "", path)
    count[path]++
    bytes[path] += $5 == "-" ? 0 : $5
  }
  END {
    for (path in count) printf "%s\t%d\t%g\n", path, count[path], bytes[path]
    if (skipped) print "skipped " skipped > "/dev/stderr"
  }
' | sort -t $'\t' -k3,3nr -k1,1
BASH
