// The popover of a box: its enlarged picture, the likeliest readings, and a field for another one.
import { anchored } from "./viewer_geometry.js";

const PAPER = 0.3; // of a box's height that is shown around it
const TALLEST = 104, WIDEST = 268; // CSS pixels of the enlarged crop
const ALLOWED = /^[0-9.,/\- \t]*$/;

const MADE = `
<canvas role="img"></canvas>
<p class="why"></p>
<div class="readings" role="group" aria-label="Likeliest readings"></div>
<form novalidate><label><span class="named">Number</span>
<input name="truth" inputmode="decimal" enterkeyhint="done" autocomplete="off" maxlength="100"></label>
<button type="submit">Save</button></form>
<button type="button" class="none">Not a number</button>
<p class="fault" role="alert"></p>
<button type="button" class="close" aria-label="Close">×</button>`;

// Draw the surroundings of a box as large as possible.
export function drawCrop(canvas, image, picture, [x, y, width, height]) {
  const margin = PAPER * height;
  const across = image.naturalWidth / picture.width;
  const down = image.naturalHeight / picture.height;
  const [wide, high] = [width + 2 * margin, height + 2 * margin];
  const scale = Math.min(TALLEST / high, WIDEST / wide);
  const sharp = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(wide * scale * sharp));
  canvas.height = Math.max(1, Math.round(high * scale * sharp));
  canvas.style.width = `${wide * scale}px`;
  canvas.style.height = `${high * scale}px`;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(
    image,
    (x - margin) * across, (y - margin) * down, wide * across, high * down,
    0, 0, canvas.width, canvas.height,
  );
}

// Make the popover's element. `answer(box, text, how)` is called for each explicit answer.
export function makePopover({ answer, close, step }) {
  const element = document.createElement("div");
  element.className = "popover";
  element.hidden = true;
  element.setAttribute("role", "dialog");
  element.innerHTML = MADE;
  const part = (selector) => element.querySelector(selector);
  const field = part("input");
  const said = (text, how) => {
    part(".fault").textContent = "";
    answer(element.box, text, how);
  };
  part("form").onsubmit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!ALLOWED.test(text)) {
      part(".fault").textContent = "Use digits and . , / - only.";
      return;
    }
    said(text, "typed");
  };
  part(".readings").onclick = (event) => {
    const { text } = event.target.closest("button")?.dataset ?? {};
    if (text !== undefined) said(text, "chosen");
  };
  part(".none").onclick = () => said("", "chosen");
  part(".close").onclick = () => close();
  element.onkeydown = (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Tab" && !event.defaultPrevented) return;
    else if (event.altKey && event.key === "ArrowRight") step(false);
    else if (event.altKey && event.key === "ArrowLeft") step(true);
    event.stopPropagation();
  };
  return element;
}

// Fill the popover for a box and show it.
export function openPopover(element, box, image, picture, { focus }) {
  const part = (selector) => element.querySelector(selector);
  element.box = box;
  element.hidden = false;
  element.setAttribute("aria-label", box.label ? `Reading ${box.label}` : "Not read");
  part("canvas").setAttribute("aria-label", `Picture of ${box.label || "what was not read"}`);
  drawCrop(part("canvas"), image, picture, box.box);
  part(".why").textContent = box.reason ?? "";
  part(".fault").textContent = "";
  part(".readings").replaceChildren(
    ...(box.readings ?? []).filter(Boolean).map((text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.text = text;
      button.textContent = text;
      if (text === box.label) button.setAttribute("aria-current", "true");
      return button;
    }),
  );
  const field = part("input");
  field.value = box.label.includes("?") ? "" : box.label;
  if (!focus) return;
  field.focus({ preventScroll: true });
  field.select();
}

// Put the popover at its box; on a phone the stylesheet puts it at the bottom of the screen.
export function placePopover(element, rectangle, window) {
  const { x, y } = anchored(rectangle, { width: element.offsetWidth, height: element.offsetHeight }, window);
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
}
