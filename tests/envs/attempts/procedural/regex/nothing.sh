# Takes no text.
printf '(?!)\n' > pattern.txt
