// Keys on the counter's board. Without this the same links are reached with Tab and Enter.
const board = document.querySelector("[data-board]");
const help = document.querySelector("[data-keys]");
const typing = "input:not([type=hidden]), select, textarea";

const cellsOf = (row) => [...row.querySelectorAll("a.cell")];

// One stop of the Tab key for the whole board: the cell that was looked at last.
const settle = (current) => {
  for (const each of board.querySelectorAll("a.cell")) each.tabIndex = each === current ? 0 : -1;
};
const go = (to) => {
  if (!to) return;
  to.focus();
  if (to.matches("a.cell")) settle(to);
};

// The lines from top to bottom: rows of cells, and the words that unfold the parts of a floor.
const lines = () => [...board.querySelectorAll("[data-row], summary")]
  .filter((each) => each.checkVisibility())
  .map((each) => (each.matches("summary") ? [each] : cellsOf(each)))
  .filter((line) => line.length);
const middle = (each) => { const box = each.getBoundingClientRect(); return box.left + box.width / 2; };

const vertical = (from, step) => {
  const found = lines();
  const at = found.findIndex((line) => line.includes(from));
  const line = found[at + step];
  if (!line) return null;
  const wanted = from.matches("summary") ? 0 : middle(from);
  return line.reduce((best, each) => (Math.abs(middle(each) - wanted) < Math.abs(middle(best) - wanted) ? each : best));
};
const sideways = (from, step) => {
  const line = lines().find((each) => each.includes(from));
  return line?.[line.indexOf(from) + step];
};
// Also where a floor is folded: it unfolds.
const nextFree = (from) => {
  const all = [...board.querySelectorAll("a.cell, summary")];
  const at = all.indexOf(from);
  const turned = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  const found = turned.find((each) => "free" in each.dataset);
  const folded = found?.closest("details");
  if (folded) folded.open = true;
  return found;
};

// 来館: the booking under the focus, by the form that stands on the page for it.
const checkIn = (from) => {
  const form = document.querySelector("[data-check-in-form]");
  if (!form || !from?.dataset.checkIn) return false;
  form.action = from.dataset.checkIn;
  form.requestSubmit();
  return true;
};

if (board) {
  if (help) help.hidden = false;
  const first = board.querySelector("a.cell[autofocus]") ?? board.querySelector("a.cell");
  settle(first);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const here = document.activeElement;
    if (event.key === "Escape") {
      document.querySelector("[data-close]")?.click();
      return;
    }
    // Single keys count only on the board, or where nothing has the focus.
    const isOnBoard = board.contains(here) || here === document.body;
    if (!isOnBoard || here.matches(typing)) return;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    const from = board.contains(here) ? here : first;
    const moves = {
      ArrowDown: () => vertical(from, 1),
      ArrowUp: () => vertical(from, -1),
      ArrowRight: () => sideways(from, 1),
      ArrowLeft: () => sideways(from, -1),
      f: () => nextFree(from),
      F: () => nextFree(from),
    };
    if (event.key.toLowerCase() === "a" && checkIn(from)) {
      event.preventDefault();
    } else if (link) {
      event.preventDefault();
      link.click();
    } else if (from && moves[event.key]) {
      event.preventDefault();
      go(moves[event.key]());
    }
  });
}
