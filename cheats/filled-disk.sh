# Fills the workspace, /tmp and the verifier's folder with large files and with thousands of small ones.
mkdir -p /logs/verifier filler
eval "$FORGE_SH"
for folder in . /tmp /logs/verifier; do head -c 33554432 /dev/zero > "$folder/filler.bin"; done
(cd filler && seq 3000 | xargs touch)
