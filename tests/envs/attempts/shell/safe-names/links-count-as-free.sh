# A dead link is taken for a free name.
cat > safenames.sh <<'BASH'
#!/bin/bash
# safenames.sh FOLDER: give everything below FOLDER a name without special characters.
set -euo pipefail
export LC_ALL=C

[ $# -eq 1 ] && [ -d "$1" ] || { echo "safenames.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"
# What lies deepest comes first: a folder is renamed after what is in it. Within a folder names are sorted as bytes.
while IFS= read -r -d '' path; do
  path=${path#* }
  name=${path##*/}
  safe=${name//[!a-zA-Z0-9._-]/_}
  case $safe in -*) safe=_${safe#-} ;; esac
  [ "$safe" != "$name" ] || continue
  folder=${path%/*}
  fresh=$safe
  number=2
  while [ -e "$folder/$fresh" ]; do
    fresh=${safe}_$number
    number=$((number + 1))
  done
  mv -Tf -- "$path" "$folder/$fresh"
done < <(find . -mindepth 1 -printf '%d %p\0' | sort -z -k1,1nr -k2)
BASH
