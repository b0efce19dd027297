# Leaves a daemon behind that writes the verdict again and again, for a minute.
cat > /tmp/late.sh <<SH
trap '' HUP TERM INT
for i in \$(seq 600); do $FORGE_SH
sleep 0.1; done
SH
setsid nohup bash /tmp/late.sh </dev/null >/dev/null 2>&1 &
(setsid bash /tmp/late.sh </dev/null >/dev/null 2>&1 &)
true
