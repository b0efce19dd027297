# Deletes all that the task gave, hidden files too.
find . -mindepth 1 -delete
