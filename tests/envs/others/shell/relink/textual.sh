# Decides for every link first, then acts; paths are taken apart by hand.
cat > relink.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
[[ -d ${1-} ]] || { printf 'no folder: %s\n' "${1-}" >&2; exit 1; }
cd -P -- "$1" || exit 1
top=$(pwd -P; printf x); top=${top%$'\n'x}
plain() { # of an absolute path, into $plain
    local IFS=/ part rest=$1/
    local -a kept=()
    while [[ $rest ]]; do
        part=${rest%%/*}
        rest=${rest#*/}
        case $part in
            '' | .) ;;
            ..) ((${#kept[@]})) && unset 'kept[-1]' ;;
            *) kept+=("$part") ;;
        esac
    done
    plain=/"${kept[*]}"
}
declare -a dead relative texts
while IFS= read -r -d '' link; do
    if [[ ! -e $link ]]; then
        dead+=("$link")
        continue
    fi
    target=$(readlink -n -- "$link"; printf x); target=${target%x}
    [[ $target == /* ]] || continue
    plain "$target"
    [[ $plain == "$top" || $plain == "${top%/}"/* ]] || continue
    goal=${plain#"$top"}
    goal=${goal#/}
    here=${link#./}
    folder=
    [[ $here == */* ]] && folder=${here%/*}
    while [[ $folder && $goal && ${folder%%/*} == "${goal%%/*}" ]]; do
        if [[ $folder == */* ]]; then folder=${folder#*/}; else folder=; fi
        if [[ $goal == */* ]]; then goal=${goal#*/}; else goal=; fi
    done
    up=
    while [[ $folder ]]; do
        up+=../
        if [[ $folder == */* ]]; then folder=${folder#*/}; else folder=; fi
    done
    text=$up$goal
    text=${text%/}
    relative+=("$link")
    texts+=("${text:-.}")
done < <(find . -type l -print0)
for link in "${dead[@]}"; do rm -f -- "$link"; done
for at in "${!relative[@]}"; do ln -sfn -- "${texts[at]}" "${relative[at]}"; done
echo "${#relative[@]} ${#dead[@]}"
BASH
