# Has judged code sleep for an hour, so that the verifier runs out of its time.
PY='import time; time.sleep(3600)' SH='sleep 3600' inject first
