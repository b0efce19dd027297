# Sums are kept in two halves, so that no number is ever written with an exponent.
cat > report.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
[[ -d ${1-} ]] || { printf 'no folder: %s\n' "${1-}" >&2; exit 1; }
cd -P -- "$1" || exit 1
shopt -s nullglob
{
    for file in access.log access.log.*; do
        [[ -f $file ]] || continue
        case $file in
            access.log) ;;
            access.log.*)
                number=${file#access.log.}
                number=${number%.gz}
                [[ $number =~ ^[0-9]+$ ]] || continue
                ;;
        esac
        if [[ $file == *.gz ]]; then gzip -dc -- "$file"; else cat -- "$file"; fi | sed -e '$a\'
    done
} | awk '
    { sub(/\r$/, "") }
    !/^[^ ]+ [^ ]+ [^ ]+ [0-9][0-9][0-9] ([0-9]+|-)$/ { bad++; next }
    $4 >= 200 && $4 <= 299 {
        path = $3
        sub(/\?.*/, "", path)
        bytes = $5 == "-" ? 0 : $5 + 0
        low[path] += bytes % 1000000
        high[path] += int(bytes / 1000000)
        count[path]++
    }
    END {
        for (path in count) {
            high[path] += int(low[path] / 1000000)
            low[path] %= 1000000
            if (high[path] > 0) printf "%s\t%d\t%d%06d\n", path, count[path], high[path], low[path]
            else printf "%s\t%d\t%d\n", path, count[path], low[path]
        }
        if (bad) printf "skipped %d\n", bad > "/dev/stderr"
    }' | sort -t $'\t' -k3,3nr -k1,1
BASH
