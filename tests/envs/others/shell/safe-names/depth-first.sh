# From the deepest folder up, each folder's names at once.
cat > safenames.sh <<'BASH'
#!/bin/bash
export LC_ALL=C
shopt -s dotglob nullglob
[[ -d ${1-} ]] || { printf 'no folder: %s\n' "${1-}" >&2; exit 1; }
tidy() (
    cd -P -- "$1" || exit 1
    for name in *; do
        [[ -d $name && ! -L $name ]] && tidy "./$name"
    done
    for name in *; do
        safe=${name//[^A-Za-z0-9._-]/_}
        [[ $safe == -* ]] && safe=_${safe#-}
        [[ $safe == "$name" ]] && continue
        new=$safe
        number=2
        while [[ -e $new || -L $new ]]; do
            new=${safe}_$number
            number=$((number + 1))
        done
        mv -T -- "./$name" "./$new"
    done
)
tidy "$1"
exit 0
BASH
