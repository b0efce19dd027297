# Walks by globs instead of find.
cat > manifest.sh <<'BASH'
#!/bin/bash
shopt -s globstar dotglob nullglob
export LC_ALL=C
if [[ ! -d ${1-} ]]; then
    echo "no folder: ${1-}" >&2
    exit 1
fi
cd -P -- "$1" || exit 1
new=$(mktemp) || exit 1
trap 'rm -f -- "$new"' EXIT
for path in **; do
    [[ -f $path && ! -L $path && $path != SHA256SUMS ]] && printf '%s\0' "$path"
done | sort -z | xargs -0 -r sha256sum -- > "$new"
rm -f SHA256SUMS
cat -- "$new" > SHA256SUMS
BASH
