// What forms gain where scripts run; without it every form works the same.

// A password can be looked at while it is typed.
for (const label of document.querySelectorAll("[data-shows-password]")) {
  const box = label.querySelector("input");
  const secret = label.closest("form").querySelector("input[type=password]");
  box.addEventListener("change", () => { secret.type = box.checked ? "text" : "password"; });
  secret.form.addEventListener("submit", () => { secret.type = "password"; });
  label.hidden = false;
}
