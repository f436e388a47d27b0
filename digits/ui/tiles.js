// Tiles with crops; each crop is a button that removes it. A tile is one tab stop; arrow keys move
// inside it.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const make = (tag, attributes, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".tiles");
  const place = focused(root);
  root.replaceChildren(...data.tiles.map((tile) => makeTile(tile, setTriggerValue)));
  if (place) focusAgain(root, place);
}

function makeTile(tile, tell) {
  const name = /^\d$/.test(tile.label) ? "digit" : "other";
  const crops = tile.crops.map((crop, index) => makeCrop(crop, index, tell));
  const more = tile.n - tile.crops.length;
  if (more > 0) {
    const button = make("button", { type: "button", className: "more", textContent: `+${more}`, tabIndex: -1 });
    button.setAttribute("aria-label", `Show ${more} more`);
    button.onclick = () => tell("expanded", tile.label);
    crops.push(button);
  }
  const holder = make("div", { className: "crops" }, ...crops);
  holder.onkeydown = (event) => {
    const at = crops.indexOf(event.target);
    const next = STEPS[event.key] && crops[at + STEPS[event.key]];
    if (!next) return;
    event.preventDefault();
    crops.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
    next.focus();
  };
  const section = make(
    "section",
    { className: `tile ${name}` },
    make("header", {}, make("b", { textContent: tile.label }), make("span", { textContent: tile.n || "" })),
    holder,
  );
  section.dataset.label = tile.label;
  section.setAttribute("aria-label", `${tile.label}: ${tile.n}`);
  return section;
}

function makeCrop({ id, url, truth, read }, index, tell) {
  const what = truth || "Not a digit";
  const description = read === truth ? what : `${what}, was read as ${read || "nothing"}`;
  const button = make("button", { type: "button", title: `${description}. Press to remove.` }, make("img", { src: url, alt: "" }));
  button.setAttribute("aria-label", `Remove ${description}`);
  button.tabIndex = index ? -1 : 0;
  button.onclick = () => {
    button.classList.add("gone"); // not disabled, to keep the focus
    button.onclick = null;
    tell("removed", id);
  };
  return button;
}

// After a crop is removed, the next one gets the focus.
function focused(root) {
  const crop = root.getRootNode().activeElement?.closest?.(".crops > *");
  if (!crop) return null;
  return { label: crop.closest(".tile").dataset.label, index: [...crop.parentElement.children].indexOf(crop) };
}

function focusAgain(root, { label, index }) {
  const tile = [...root.children].find((one) => one.dataset.label === label);
  const crops = [...(tile?.querySelectorAll(".crops > *") ?? [])];
  const crop = crops[Math.min(index, crops.length - 1)];
  if (!crop) return;
  crops.forEach((one) => (one.tabIndex = one === crop ? 0 : -1));
  crop.focus({ preventScroll: true });
}
