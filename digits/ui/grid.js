// The table to check: each cell shows its place on the photograph above a field with the reading.
// What a person says is kept here and sent whole each time, so that no answer can be lost; Python
// sends back what there is to doubt. A newer epoch from Python replaces what was said.
export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".grid");
  const state = (root.state ??= { epoch: -1 });
  if (data.epoch !== state.epoch) {
    state.epoch = data.epoch;
    state.said = structuredClone(data.said);
    state.shape = null;
  }
  state.data = data;
  state.send = () => setStateValue("said", { ...state.said, epoch: state.epoch });
  show(root, state);
  if (!state.ready) listen(root, state);
  state.ready = true;
}

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

// Rows and columns are built anew only when they are others, lest a field lose what is typed.
function show(root, state) {
  const { rows, columns } = state.data;
  const shape = JSON.stringify([state.epoch, rows.map((row) => [row.index, row.left]), columns]);
  const table = root.querySelector("table");
  if (shape !== state.shape) {
    state.shape = shape;
    const focused = root.querySelector(":focus")?.id;
    table.replaceChildren(
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Row"), ...columns.map(heading))),
      make("tbody", {}, ...rows.map((row) => line(row, columns))),
    );
    if (focused) root.querySelector(`[id="${focused}"]`)?.focus();
  }
  for (const row of rows) {
    const head = table.querySelector(`[id="row-${row.index}"]`);
    head.parentElement.className = row.left ? "left" : (row.sum?.state ?? "");
    head.querySelector(".sum").textContent = row.sum?.text ?? "";
    row.cells.forEach((cell, column) => cell && fill(root, state, row.index, column, cell));
  }
  count(root);
}

function heading(column, index) {
  const field = (what, input, label) => make("label", {}, label, Object.assign(input, { name: what }));
  const kinds = ["mark", "total", "identifier", "leave out"].map((kind) =>
    make("option", { value: kind, selected: kind === column.kind }, kind),
  );
  const about = { "data-column": index };
  const parts = [
    make("input", { ...about, name: "name", value: column.name, "aria-label": `Name of column ${index + 1}` }),
    make("select", { ...about, name: "kind", "aria-label": `${column.name} holds` }, ...kinds),
  ];
  if (["mark", "total"].includes(column.kind)) {
    const maximum = { ...about, inputMode: "decimal", value: column.maximum, size: 4 };
    parts.push(field("maximum", make("input", maximum), "at most "));
    const decimals = { ...about, type: "checkbox", checked: column.decimals };
    parts.push(field("decimals", make("input", decimals), "decimals "));
  }
  return make("th", { scope: "col" }, make("div", { className: "heading" }, ...parts));
}

function line(row, columns) {
  const leave = make("button", { type: "button", "data-leave": row.index }, row.left ? "Take in" : "Leave out");
  const head = make("th", { scope: "row", id: `row-${row.index}` },
    make("strong", {}, row.name || `Row ${row.index + 1}`),
    make("span", { className: "sum" }),
    make("span", { className: "from" }, row.label), leave);
  if (row.error) {
    return make("tr", {}, head, make("td", { colSpan: columns.length, className: "failed" }, `✕ ${row.error}`));
  }
  const cells = row.cells.map((cell, column) => {
    if (!cell) return make("td");
    const name = `${row.name || `Row ${row.index + 1}`}, ${columns[column].name}`;
    const field = { value: cell.text, inputMode: "decimal", enterKeyHint: "next", "aria-label": name };
    if (columns[column].kind === "leave out" || row.left) field.disabled = true;
    return make("td", { id: `${row.index},${column}`, tabIndex: -1 },
      make("img", { src: cell.image, alt: `Picture of ${name}` }),
      make("input", { ...field, id: `field-${row.index},${column}`, autocomplete: "off" }),
      make("div", { className: "why" }), make("div", { className: "offers" }));
  });
  return make("tr", {}, head, ...cells);
}

function fill(root, state, row, column, cell) {
  const place = `${row},${column}`;
  const td = root.querySelector(`[id="${place}"]`);
  const field = td.querySelector("input");
  const said = state.said.edits[place];
  const doubts = said !== undefined && !cell.confirmed ? [] : cell.doubts; // older than what was said
  if (field !== field.getRootNode().activeElement) field.value = said ?? cell.text;
  const confirmed = said !== undefined;
  td.className = [confirmed && "confirmed", doubts.length && "doubtful", !confirmed && "open"]
    .filter(Boolean).join(" ");
  td.querySelector(".why").textContent = (confirmed && !doubts.length ? "✓ " : "") + doubts.join(", ");
  const open = doubts.length && !confirmed; // by touch, the reading itself is to be confirmed too
  const offers = open ? [...(/^[0-9.,]*$/.test(cell.text) ? [cell.text] : []), ...cell.offers] : [];
  td.querySelector(".offers").replaceChildren(
    ...offers.map((text) => make("button", { type: "button", "data-offer": text },
      text === cell.text ? `✓ ${text || "empty"}` : `${text}?`)),
  );
}

const toCheck = (root) => [...root.querySelectorAll("td.doubtful.open")];

function count(root) {
  const left = toCheck(root).length;
  root.querySelector("[role=status]").textContent =
    left ? `${left} cell${left > 1 ? "s" : ""} to check` : "✓ nothing left to check";
  root.querySelector("[data-next]").disabled = !left;
}

function say(root, state, td, text) {
  state.said.edits = { ...state.said.edits, [td.id]: text.trim() };
  const [row, column] = td.id.split(",").map(Number);
  const cell = state.data.rows.find((one) => one.index === row).cells[column];
  fill(root, state, row, column, { ...cell, doubts: [], offers: [] });
  count(root);
  state.send();
}

function next(root, after, { typing }) {
  const open = toCheck(root);
  const following = (td) => after.compareDocumentPosition(td) & Node.DOCUMENT_POSITION_FOLLOWING;
  const td = (after && open.find(following)) || open[0];
  if (!td) return root.querySelector(":focus")?.blur();
  td.scrollIntoView({ block: "center", inline: "center" });
  // A field brings up a phone's keyboard, which whoever taps offers does not want.
  const target = typing ? td.querySelector("input") : td;
  target.focus({ preventScroll: true });
  if (typing) target.select();
}

function listen(root, state) {
  const cellOf = (event) => event.target.closest("td[id]");
  root.addEventListener("keydown", (event) => {
    const td = cellOf(event);
    if (!td || event.target.tagName === "BUTTON") return;
    const field = td.querySelector("input");
    if (event.key === "Enter") {
      event.preventDefault();
      say(root, state, td, field.value);
      next(root, td, { typing: true });
    } else if (event.key === "Escape") {
      const { [td.id]: gone, ...rest } = state.said.edits;
      const [row, column] = td.id.split(",").map(Number);
      const cell = state.data.rows.find((one) => one.index === row).cells[column];
      state.said.edits = rest;
      field.value = cell.read;
      state.send();
    }
  });
  root.addEventListener("change", (event) => {
    const { name, type, value, checked, dataset } = event.target;
    if (dataset.column !== undefined) {
      state.said.columns = state.said.columns.map((column, index) =>
        index === Number(dataset.column) ? { ...column, [name]: type === "checkbox" ? checked : value } : column,
      );
      state.send();
    } else if (cellOf(event) && state.said.edits[cellOf(event).id] !== value.trim()) {
      say(root, state, cellOf(event), value);
    }
  });
  root.addEventListener("click", (event) => {
    const { offer, leave, next: further } = event.target.dataset;
    if (offer !== undefined) {
      const td = cellOf(event);
      td.querySelector("input").value = offer;
      say(root, state, td, offer);
      next(root, td, { typing: false });
    } else if (leave !== undefined) {
      const left = new Set(state.said.left);
      left.delete(Number(leave)) || left.add(Number(leave));
      state.said.left = [...left];
      state.send();
    } else if (further !== undefined) {
      next(root, root.querySelector("td:focus-within"), { typing: event.detail === 0 });
    }
  });
}
