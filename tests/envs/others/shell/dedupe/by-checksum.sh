# One pass in the order of paths, with an array from mode and checksum to the first file.
cat > dedupe.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
[[ -d ${1-} ]] || { echo "no folder: ${1-}" >&2; exit 1; }
cd -P -- "$1" || exit 1
declare -A first
replaced=0
while IFS= read -r -d '' file; do
    sum=$(sha256sum < "$file")
    key="$(stat -c %a -- "$file") $sum"
    if [[ -z ${first[$key]-} ]]; then
        first[$key]=$file
    elif [[ ! $file -ef ${first[$key]} ]]; then
        ln -f -- "${first[$key]}" "$file"
        replaced=$((replaced + 1))
    fi
done < <(find . -type f -size +0 -print0 | sort -z)
echo "$replaced"
BASH
