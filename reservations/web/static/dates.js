// The browser's own calendar beside three number fields. The fields are the form; this fills them.
for (const button of document.querySelectorAll("[data-calendar]")) {
  const calendar = button.nextElementSibling;
  const fields = [...button.parentElement.querySelectorAll("[inputmode=numeric]")];
  if (!calendar.showPicker) continue;
  button.hidden = calendar.hidden = false;
  button.addEventListener("click", () => {
    const [year, month, day] = fields.map((field) => field.value);
    calendar.value = `${year.padStart(4, "0")}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    calendar.showPicker();
  });
  calendar.addEventListener("change", () => {
    const parts = calendar.value.split("-").map(Number);
    fields.forEach((field, at) => { field.value = parts[at] || field.value; });
  });
}
