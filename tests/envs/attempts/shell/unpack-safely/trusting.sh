# Unpacks whatever is there.
cat > unpack.sh <<'BASH'
[ ! -e "$2" ] && [ ! -L "$2" ] || { echo "there already" >&2; exit 1; }
mkdir "$2" || exit 1
tar -xf "$1" -C "$2" || { rm -rf "$2"; exit 1; }
BASH
