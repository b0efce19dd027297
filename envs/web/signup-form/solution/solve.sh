#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path

page = Path("index.html")
SCRIPT = r"""<script>
const FIELDS = ["name", "email", "password", "again", "terms"].map((id) => document.getElementById(id));
const [name, email, password, again, terms] = FIELDS;
const form = document.getElementById("form");
const send = document.getElementById("send");
const CHECKS = {
  name: () => {
    const length = [...name.value.trim()].length;
    return length === 0 ? "Enter your name." : length > 40 ? "Use at most 40 characters." : "";
  },
  email: () => (/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(email.value.trim()) ? "" : "Enter an e-mail address."),
  password: () => {
    const right = [...password.value].length >= 10 && /[0-9]/.test(password.value) && /[a-zA-Z]/.test(password.value);
    return right ? "" : "Use at least 10 characters, with a letter and a digit.";
  },
  again: () => (again.value === password.value ? "" : "The passwords differ."),
  terms: () => (terms.checked ? "" : "Accept the terms."),
};
let isChecking = false;
let isSending = false;

function say(field, message) {
  const id = `${field.id}-message`;
  document.getElementById(id)?.remove();
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
  if (!message) return;
  const element = document.createElement("span");
  element.id = id;
  element.textContent = message;
  field.after(" ", element);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", id);
}

for (const field of FIELDS) {
  field.addEventListener("input", () => {
    if (!isChecking) return;
    say(field, CHECKS[field.id]());
    if (field === password) say(again, CHECKS.again());
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isSending) return;
  isChecking = true;
  const problem = document.getElementById("problem");
  problem.textContent = "";
  for (const field of FIELDS) say(field, CHECKS[field.id]());
  const wrong = FIELDS.find((field) => field.hasAttribute("aria-invalid"));
  if (wrong) return wrong.focus();
  const sent = { name: name.value.trim(), email: email.value.trim(), password: password.value };
  isSending = send.disabled = true;
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("signup", { method: "POST", headers, body: JSON.stringify(sent) });
    if (response.status === 201) {
      form.hidden = true;
      document.getElementById("done").textContent = `Welcome, ${sent.name}!`;
    } else if (response.status === 409) {
      const told = await response.json();
      const field = FIELDS.find((each) => each.id === told.field);
      say(field, told.message);
      field.focus();
    } else {
      problem.textContent = "Try again later.";
    }
  } catch {
    problem.textContent = "Try again later.";
  }
  isSending = send.disabled = false;
});
</script>
"""
page.write_text(page.read_text().replace("</html>", SCRIPT + "</html>"))
PYTHON
