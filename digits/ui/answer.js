// The answer in large type. A click on a number shows it on the picture; a copy, "Looks right" or
// a candidate is one press away.
import { makeActs } from "./acts.js";
import { showButtons } from "./buttons.js";

const COPIED_TIME = 2000; // ms for which a button says that it has copied
const make = (tag, attributes, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".answer");
  const card = (root.card ??= { acts: makeActs(), said: {} });
  if (card.epoch !== data.epoch) card.said = {};
  card.epoch = data.epoch;
  card.acts.of(data.epoch);
  const tell = (id, text, how) => component.setStateValue("answers", card.acts.add(id, text, how));
  const select = (id, open) => document.dispatchEvent(
    new CustomEvent("digits-select", { detail: { group: data.group, from: root, id, open } }),
  );

  root.classList.toggle("long", data.long);
  root.classList.toggle("steady", data.steady);
  showText(root, data, card, select);
  const status = root.querySelector(".status");
  status.className = `status ${data.status.kind}`;
  status.textContent = data.status.text;
  root.querySelector(".notes").replaceChildren(...data.notes.map((note) => make("li", { textContent: note })));
  showCandidates(root, data, tell);
  showActions(root, data, tell, select);

  // A correction made on the picture is shown here at once.
  card.stop?.();
  const onAnswer = ({ detail }) => {
    if (detail.group !== data.group || detail.epoch !== data.epoch) return;
    card.said = { ...card.said, [detail.id]: detail.text };
    showText(root, data, card, select);
  };
  document.addEventListener("digits-answer", onAnswer);
  card.stop = () => document.removeEventListener("digits-answer", onAnswer);
  return card.stop;
}

function showText(root, data, card, select) {
  const number = ({ id, parts }) => {
    const said = card.said[id];
    const shown = said === undefined
      ? parts.map(([text, doubt]) => (doubt ? make("u", { textContent: text }) : text))
      : [said];
    if (id === null) return make("span", {}, ...shown);
    const button = make("button", { type: "button" }, ...shown);
    button.onclick = () => select(id, true);
    return button;
  };
  const text = root.querySelector("[data-testid=answer]");
  const asTable = data.table && data.rows.length;
  const rows = data.rows.map((row) => asTable
    ? make("tr", {}, ...row.map((cell) => make("td", {}, ...(cell ? [number(cell)] : []))))
    : make("div", { className: "line" }, ...row.map(number)));
  const wanted = asTable ? [make("table", {}, make("tbody", {}, ...rows))] : rows;
  // Not replaced if unchanged: a screen reader would read it again.
  const shape = JSON.stringify([data.rows, asTable, card.said, data.epoch]);
  if (card.shape === shape) return;
  card.shape = shape;
  text.replaceChildren(...wanted);
}

function showCandidates(root, data, tell) {
  const holder = root.querySelector(".candidates");
  holder.hidden = !data.candidates.length;
  const named = (text) => make("button", { type: "button", textContent: text, title: `Read it as ${text}` });
  showButtons(holder, data.candidates, named, (text) => tell("", text, "chosen"));
}

function showActions(root, data, tell, select) {
  const part = (name) => root.querySelector(`[data-act=${name}]`);
  const [first, ...others] = data.copies;
  part("copy").hidden = !first;
  part("copy").textContent = first?.label ?? "";
  part("copy").onclick = () => copy(part("copy"), first);
  const labelled = ({ label }) => make("button", { type: "button", textContent: label });
  showButtons(root.querySelector(".copies"), others, labelled, (one, button) => copy(button, one));
  part("right").hidden = !data.confirm;
  part("right").textContent = data.confirmed ? "✓ Saved as right" : "Looks right";
  part("right").disabled = data.confirmed;
  part("right").onclick = () => tell("", "", "confirmed");
  part("fix").hidden = data.fix === null;
  part("fix").onclick = () => select(data.fix, true);
}

async function copy(button, { label, text }) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyWithoutClipboard(text);
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), COPIED_TIME);
}

// The clipboard API needs HTTPS or localhost; this works over plain HTTP too.
function copyWithoutClipboard(text) {
  const field = make("textarea", { value: text, style: "position: fixed; opacity: 0" });
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
