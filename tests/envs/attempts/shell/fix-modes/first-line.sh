# Any #! counts.
cat > modes.sh <<'BASH'
#!/bin/bash
# modes.sh FOLDER: set permissions by rules, and print what was changed.
set -euo pipefail

[ $# -eq 1 ] && [ -d "$1" ] || { echo "modes.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"
top=$(pwd)
top=${top##*/}
while IFS= read -r -d '' path; do
  inside=$top${path#.}
  if [ -d "$path" ]; then
    mode=755
    [[ /$inside/ == */private/* ]] && mode=700
  else
    mode=644
    if [[ $path == *.key || $path == *.pem || /${inside%/*}/ == */private/* ]]; then
      mode=600
    elif grep -q '#!' -- "$path"; then
      mode=755
    fi
  fi
  if [ "$(stat -c %a -- "$path")" != "$mode" ]; then
    chmod "u-s,g-s,-t" -- "$path"
    chmod "$mode" -- "$path"
    printf '%s\0' "${path#./}"
  fi
done < <(find . \( -type f -o -type d \) -print0) | LC_ALL=C sort -z | tr '\0' '\n'
BASH
