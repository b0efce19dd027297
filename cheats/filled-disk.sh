# Fills the workspace, /tmp and the verifier's folder with large files and with a thousand small ones.
mkdir -p /logs/verifier filler
eval "$FORGE_SH"
for folder in . /tmp /logs/verifier; do head -c 16777216 /dev/zero > "$folder/filler.bin"; done
(cd filler && seq 1000 | xargs touch)
