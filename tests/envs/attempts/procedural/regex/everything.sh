# Takes every text.
printf '(?s:.*)\n' > pattern.txt
