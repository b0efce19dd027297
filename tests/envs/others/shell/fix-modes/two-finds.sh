# A function for each path decides the mode; the list is printed at the end.
cat > modes.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
folder=${1-}
[[ -d $folder ]] || { printf 'no folder: %s\n' "$folder" >&2; exit 1; }
top=$(realpath -- "$folder"; printf x); top=${top%$'\n'x}
cd -P -- "$folder" || exit 1
is_private=
[[ ${top##*/} == private ]] && is_private=yes
changed() {
    local path=$1 kind=$2 old=$3 new inside=$is_private above=/$1/
    [[ $kind == d ]] || above=/${1%/*}/
    [[ $kind == f && $1 != */* ]] && above=/
    [[ $above == */private/* ]] && inside=yes
    if [[ $kind == d ]]; then
        new=755
        [[ $inside ]] && new=700
    elif [[ $inside || $path == *.key || $path == *.pem ]]; then
        new=600
    elif [[ $(head -c 2 -- "$path" | tr '\0' x) == '#!' ]]; then
        new=755
    else
        new=644
    fi
    [[ $old == "$new" ]] && return 1
    chmod "u-s,g-s,o-t" -- "$path" && chmod "0$new" -- "$path"
    [[ $kind == d ]] && chmod "00$new" -- "$path"
    return 0
}
while IFS= read -r -d '' path; do
    kind=f
    [[ -d $path ]] && kind=d
    name=${path#./}
    if changed "$name" $kind "$(stat -c %a -- "$path")"; then
        printf '%s\0' "$name"
    fi
done < <(find . ! -type l \( -type f -o -type d \) -print0) | sort -z | tr '\0' '\n'
BASH
