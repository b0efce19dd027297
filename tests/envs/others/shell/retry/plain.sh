# The standard input is kept in a file; the command runs in the background of the script and is waited for.
cat > retry.sh <<'BASH'
#!/bin/bash
tries=${1-}
if [[ ! $tries =~ ^([1-9][0-9]{0,2}|1000)$ || $# -lt 2 ]]; then
    echo "usage: retry.sh TRIES COMMAND [ARGUMENT ...]" >&2
    exit 2
fi
shift
signal= child=
for name in TERM:15 INT:2 HUP:1; do
    trap "signal=${name#*:}; [[ \$child ]] && kill -${name%:*} \$child 2> /dev/null" "${name%:*}"
done
input=$(mktemp)
exec {given}<> "$input" {reading}< "$input"
rm -f -- "$input"
cat <&0 >&$given &
wait $!
[[ $signal ]] && exit $((128 + signal))
for ((try = 1; try <= tries; try++)); do
    (
        trap - TERM INT HUP
        exec {given}>&-
        exec < "/dev/fd/$reading"
        exec {reading}<&-
        exec -- "$@"
    ) &
    child=$!
    [[ $signal ]] && kill -"$signal" $child 2> /dev/null
    while true; do
        wait $child
        code=$?
        kill -0 $child 2> /dev/null || break
    done
    [[ $signal ]] && exit $((128 + signal))
    ((code == 0)) && exit 0
    echo "retry.sh: try $try of $tries ended with $code" >&2
    ((code == 126 || code == 127)) && exit $code
done
exit $code
BASH
