#!/bin/bash
set -euo pipefail
cat > relink.sh <<'BASH'
#!/bin/bash
# relink.sh FOLDER: make links into FOLDER relative, and delete dead ones.
set -euo pipefail

[ $# -eq 1 ] && [ -d "$1" ] || { echo "relink.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"
root=$(pwd -P)
relative=0
dead=()
while IFS= read -r -d '' path; do
  if ! [ -e "$path" ]; then
    dead+=("$path")
    continue
  fi
  # A mark keeps line breaks at the end of a target.
  target=$(readlink -n -- "$path"; echo x)
  target=${target%x}
  [[ $target == /* ]] || continue
  goal=$(realpath -z -m -s -- "$target" | tr '\0' x)
  goal=${goal%x}
  [[ $goal == "$root" || $goal == "$root"/* ]] || continue
  new=$(realpath -z -m -s --relative-to="$root/${path%/*}" -- "$goal" | tr '\0' x)
  ln -sfn -- "${new%x}" "$path"
  relative=$((relative + 1))
done < <(find . -type l -print0)
[ ${#dead[@]} -eq 0 ] || rm -f -- "${dead[@]}"
echo "$relative ${#dead[@]}"
BASH
