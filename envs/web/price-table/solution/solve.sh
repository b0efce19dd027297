#!/bin/bash
set -euo pipefail
cat > index.html <<'HTML'
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Goods</title>
<h1>Goods</h1>
<p><label for="filter">Name contains</label> <input id="filter" type="search"> <span id="shown" role="status"></span></p>
<p id="problem" role="alert"></p>
<table id="goods">
  <thead>
    <tr>
      <th scope="col"><button type="button">Name</button></th>
      <th scope="col"><button type="button">Price</button></th>
      <th scope="col"><button type="button">Added</button></th>
      <th scope="col">Link</th>
    </tr>
  </thead>
  <tbody></tbody>
</table>
<script>
const KEYS = [(entry) => entry.name.toLowerCase(), (entry) => entry.cents, (entry) => entry.added];
const body = document.querySelector("#goods tbody");
const headers = [...document.querySelectorAll("#goods th")];
const filter = document.getElementById("filter");
let entries = [];
let column = null;
let direction = 1;

function price(cents) {
  if (cents === null) return "-";
  const digits = String(Math.abs(cents)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${cents < 0 ? "-" : ""}${whole}.${digits.slice(-2)}`;
}

function link(url) {
  if (url === null) return "";
  if (!/^https?:\/\//i.test(url)) return url;
  const element = document.createElement("a");
  element.setAttribute("href", url);
  element.rel = "noopener";
  element.textContent = "open";
  return element;
}

function row(entry) {
  const element = document.createElement("tr");
  for (const content of [entry.name, price(entry.cents), entry.added, link(entry.url)]) {
    const cell = document.createElement("td");
    cell.append(content);
    element.append(cell);
  }
  return element;
}

function compare(one, other) {
  const [a, b] = [KEYS[column](one), KEYS[column](other)];
  if (a === null || b === null) return (a === null) - (b === null);
  return a < b ? -direction : a > b ? direction : 0;
}

function render() {
  const wanted = filter.value.trim().toLowerCase();
  const shown = entries.filter((entry) => entry.name.toLowerCase().includes(wanted));
  if (column !== null) shown.sort(compare);
  body.replaceChildren(...shown.map(row));
  document.getElementById("shown").textContent = `${shown.length} of ${entries.length}`;
  headers.forEach((header, index) => {
    if (index === column) header.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    else header.removeAttribute("aria-sort");
  });
}

headers.slice(0, 3).forEach((header, index) =>
  header.querySelector("button").addEventListener("click", () => {
    direction = index === column ? -direction : 1;
    column = index;
    render();
  }),
);
filter.addEventListener("input", render);

async function load() {
  try {
    const response = await fetch("data.json");
    if (!response.ok) throw new Error(response.status);
    const found = await response.json();
    if (!Array.isArray(found)) throw new Error("no array");
    entries = found;
    render();
  } catch {
    document.getElementById("problem").textContent = "The goods can't be shown.";
  }
}
load();
</script>
</html>
HTML
