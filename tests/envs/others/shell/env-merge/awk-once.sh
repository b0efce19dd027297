# One awk program over both files.
cat > envmerge.sh <<'BASH'
#!/bin/bash
if [[ $# != 2 ]]; then
    echo "usage: envmerge.sh BASE OVERRIDE" >&2
    exit 1
fi
for file in "$@"; do
    if [[ ! -r $file || -d $file ]]; then
        echo "can't read: $file" >&2
        exit 1
    fi
done
LC_ALL=C awk '
    FNR == 1 { part++ }
    part == 1 && here == 2 { }
    { key = ""; if (match($0, /^[A-Za-z_][A-Za-z0-9_]*=/)) key = substr($0, 1, RLENGTH - 1) }
    which == "over" { if (key != "") { if (!(key in value)) order[++n] = key; value[key] = substr($0, RLENGTH + 1) } next }
    { if (key == "") { print; next } seen[key] = 1; print key "=" ((key in value) ? value[key] : substr($0, RLENGTH + 1)) }
    END { for (i = 1; i <= n; i++) if (!(order[i] in seen)) print order[i] "=" value[order[i]] }
' which=over /dev/stdin which=base /dev/fd/3 < "$2" 3< "$1"
BASH
