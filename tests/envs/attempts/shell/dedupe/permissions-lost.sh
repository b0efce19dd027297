# Copies with other permissions are replaced too.
cat > dedupe.sh <<'BASH'
#!/bin/bash
# dedupe.sh FOLDER: make copies hard links of the first of them.
set -euo pipefail

[ $# -eq 1 ] && [ -d "$1" ] || { echo "dedupe.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"
declare -A first=()
replaced=0
while IFS= read -r -d '' path; do
  sum=$(sha256sum < "$path")
  key=${sum%% *}
  if [ -z "${first[$key]-}" ]; then
    first[$key]=$path
  elif ! [ "${first[$key]}" -ef "$path" ]; then
    ln -f -- "${first[$key]}" "$path"
    replaced=$((replaced + 1))
  fi
done < <(find . -type f -size +0 -print0 | LC_ALL=C sort -z)
echo "$replaced"
BASH
