# Days that have a file without a line end are mended first; then awk appends day by day.
cat > splitlog.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
log=${1-} out=${2-}
fail() { printf '%s\n' "$1" >&2; exit 1; }
[[ -f $log && -r $log ]] || fail "no log: $log"
[[ -d $out || (! -e $out && ! -L $out) ]] || fail "no folder: $out"
[[ -d $out ]] || mkdir -- "$out" || exit 1
exec 3< "$log"
cd -P -- "$out" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf -- "$work"' EXIT
cat <&3 > "$work/log"
day='^[0-9]{4}-[0-9]{2}-[0-9]{2}( |$)'
{
    head -n 1 -- "$work/log" | grep -qaE "$day" || [[ ! -s $work/log ]] || echo undated
    grep -aE "$day" -- "$work/log" | cut -c 1-10 | sort -u
} | while IFS= read -r name; do
    if [[ -s $name.log ]]; then
        [[ -z $(tail -c 1 -- "$name.log") ]] || echo >> "$name.log"
    fi
done
awk '
    /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]( |$)/ { day = substr($0, 1, 10) }
    { lines[day == "" ? "undated" : day] = lines[day == "" ? "undated" : day] $0 "\n" }
    END { for (name in lines) { file = "./" name ".log"; printf "%s", lines[name] >> file; close(file) } }
' "$work/log"
BASH
