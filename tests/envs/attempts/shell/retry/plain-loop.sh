# A plain loop, which signals end or pass by.
cat > retry.sh <<'BASH'
[[ $1 =~ ^[1-9][0-9]*$ ]] && [ $# -gt 1 ] || { echo usage >&2; exit 2; }
tries=$1; shift
for ((i = 1; i <= tries; i++)); do
  "$@" && exit 0
  code=$?
  echo "retry.sh: try $i of $tries ended with $code" >&2
done
exit $code
BASH
