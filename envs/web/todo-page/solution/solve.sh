#!/bin/bash
set -euo pipefail
cat > index.html <<'HTML'
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>To do</title>
<h1>To do</h1>
<form id="form">
  <label for="new">New task</label> <input id="new" autocomplete="off"> <button id="add">Add</button>
</form>
<nav id="filters"><a href="#/all">All</a> <a href="#/open">Open</a> <a href="#/done">Done</a></nav>
<ul id="list"></ul>
<p id="count" role="status"></p>
<button id="clear" type="button" hidden>Clear done</button>
<script>
const field = document.getElementById("new");
const list = document.getElementById("list");
let items = load();

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem("todo"));
    const fits = (item) => item && typeof item.text === "string" && typeof item.done === "boolean";
    return Array.isArray(kept) ? kept.filter(fits).map(({ text, done }) => ({ text, done })) : [];
  } catch {
    return [];
  }
}

function change(changed) {
  items = changed;
  localStorage.setItem("todo", JSON.stringify(items));
  render();
}

function row(item) {
  const element = document.createElement("li");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = item.done;
  box.setAttribute("aria-label", item.text);
  box.addEventListener("change", () => change(items.map((each) => (each === item ? { ...each, done: box.checked } : each))));
  const text = document.createElement("span");
  text.className = "text";
  text.textContent = item.text;
  const remove = document.createElement("button");
  remove.className = "delete";
  remove.type = "button";
  remove.textContent = "Delete";
  remove.setAttribute("aria-label", `Delete ${item.text}`);
  remove.addEventListener("click", () => change(items.filter((each) => each !== item)));
  element.append(box, " ", text, " ", remove);
  return element;
}

function render() {
  const at = ["#/open", "#/done"].includes(location.hash) ? location.hash : "#/all";
  const shown = items.filter((item) => at === "#/all" || item.done === (at === "#/done"));
  list.replaceChildren(...shown.map(row));
  const open = items.filter((item) => !item.done).length;
  document.getElementById("count").textContent = `${open} ${open === 1 ? "task" : "tasks"} open`;
  document.getElementById("clear").hidden = open === items.length;
  for (const link of document.querySelectorAll("#filters a")) {
    if (link.getAttribute("href") === at) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  field.value = "";
  field.focus();
  if (text) change([...items, { text, done: false }]);
});
document.getElementById("clear").addEventListener("click", () => change(items.filter((item) => !item.done)));
addEventListener("hashchange", render);
addEventListener("storage", () => {
  items = load();
  render();
});
render();
</script>
</html>
HTML
