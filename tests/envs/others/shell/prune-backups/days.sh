# Days become numbers, and the four rules mark the names to keep.
cat > prune.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
[[ -d ${1-} ]] || { printf 'no folder: %s\n' "${1-}" >&2; exit 1; }
cd -P -- "$1" || exit 1
declare -a names
for name in db-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].tar.gz; do
    day=${name#db-}
    day=${day%.tar.gz}
    [[ -f $name && ! -L $name ]] || continue
    [[ $(date -u -d "$day" +%F 2> /dev/null) == "$day" ]] || continue
    names+=("$day")
done
declare -A keep weeks months years
count=0
for ((at = ${#names[@]} - 1; at >= 0; at--)); do
    day=${names[at]}
    week=$(( ($(date -u -d "$day" +%s) / 86400 + 3) / 7 ))
    [[ $(date -u -d "$day" +%s) == -* ]] && week=$(date -u -d "$day" +%G-%V)
    ((count++ < 7)) && keep[$day]=1
    if [[ -z ${weeks[$week]-} ]] && ((${#weeks[@]} < 4)); then keep[$day]=1; weeks[$week]=1; fi
    if [[ -z ${months[${day:0:7}]-} ]] && ((${#months[@]} < 6)); then keep[$day]=1; months[${day:0:7}]=1; fi
    if [[ -z ${years[${day:0:4}]-} ]]; then keep[$day]=1; years[${day:0:4}]=1; fi
done
for day in "${names[@]}"; do
    if [[ -z ${keep[$day]-} ]]; then
        rm -- "db-$day.tar.gz" && echo "db-$day.tar.gz"
    fi
done
exit 0
BASH
