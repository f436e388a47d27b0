// Below the table, and alone on a phone: one cell with its picture, the reason for doubt, and the
// candidates. `act` has say(text), next(back), skip() and undoCell().
import { showButtons } from "./buttons.js";
import { cropStyle } from "./sheet_crop.js";

const LARGE = { width: 340, height: 110 }; // CSS pixels of the crop
const CARD_HEIGHT = 180; // CSS pixels, on a phone

export function makeStrip(root, make, act) {
  const strip = root.querySelector(".strip");
  const part = (selector) => strip.querySelector(selector);
  const field = part("input");
  let shown = null;

  field.onkeydown = (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      act.say(field.value.trim(), { typed: true });
    } else if (event.key === "Escape") {
      field.value = shown?.cell.text ?? "";
      act.focus();
    }
    event.stopPropagation();
  };
  strip.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button || !shown) return;
    const { do: what } = button.dataset;
    if (!what) return;
    if (what === "right") act.say(field.value.trim(), { typed: true, tapped: true });
    else act[what]({ tapped: true });
  };

  // As large as possible: on a phone the crop is as wide as the card.
  const room = () => matchMedia("(max-width: 600px)").matches
    ? { width: root.clientWidth - 34, height: CARD_HEIGHT } : LARGE;

  // `found` is {row, cell, column, title, place, total} of the selected cell, or null.
  function show(found, picture) {
    const other = found?.cell.id !== shown?.cell.id;
    shown = found;
    strip.hidden = !found;
    if (!found) return;
    const { row, cell, column, title } = found;
    const crop = part(".crop");
    const box = cell.box;
    crop.hidden = !box || !picture;
    if (box && picture) {
      Object.assign(crop.style, cropStyle(picture, box, room(), { margin: 0.25, closest: 6 }));
    }
    crop.setAttribute("aria-label", `Picture of ${title}`);
    part(".title").textContent = title;
    part(".place").textContent = found.place;
    const words = cell.doubts.map(([, text]) => text).join(" · ");
    part(".why").textContent = words || (cell.confirmed ? "Confirmed" : box ? "" : "Nothing read");
    part(".why").classList.toggle("open", Boolean(words));
    const choices = cell.doubts.length ? cell.candidates : [];
    const keyed = (text, index) => {
      const button = make("button", { type: "button" }, text || "empty", make("kbd", {}, String(index + 1)));
      button.dataset.candidate = text;
      return button;
    };
    showButtons(part(".candidates"), choices, keyed, (text) => act.say(text, { tapped: true }));
    if (other || field !== root.getRootNode().activeElement) field.value = cell.text;
    field.setAttribute("aria-label", title);
    field.disabled = column.kind === "ignore" || row.kind === "skipped";
    part("[data-do=skip]").firstChild.data = row.kind === "skipped" ? "Include row" : "Skip row";
    const isSum = cell.doubts.some(([kind]) => kind === "sum");
    part("[data-do=right]").firstChild.data = isSum ? `Keep ${cell.text}` : "Right";
  }

  // Start typing, with the first letter if there is one.
  function type(letter) {
    field.focus();
    if (letter === undefined) field.select();
    else field.value = letter;
  }

  return { show, type, candidates: () => [...part(".candidates").children].map((one) => one.dataset.candidate) };
}
