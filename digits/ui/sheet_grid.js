// The table of a sheet. Edits are shown at once and sent to Python in the background, which answers
// with the cells that are still doubtful.
import {
  about, arranged, findCell, isCounted, neighbour, nextOpen, openCells, openCount, overlaid, overlaidColumns,
  saidOf, summary, unanswered,
} from "./sheet_state.js";
import { showButtons } from "./buttons.js";
import { cropStyle } from "./sheet_crop.js";
import { columnSettings, rowMenu } from "./sheet_settings.js";
import { makeStrip } from "./sheet_strip.js";

const CELL = { width: 132, height: 26 }; // CSS pixels of a name or heading that is shown as a picture
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ABSENT = "absent";

export default function (component) {
  const root = component.parentElement.querySelector(".sheet");
  const grid = (root.grid ??= makeGrid(root));
  grid.update(component);
  return () => grid.stop();
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, attributes);
  element.append(...children);
  return element;
}

function makeGrid(root) {
  const part = (selector) => root.querySelector(selector);
  const table = part("table");
  let data = { epoch: null, seen: 0, rows: [], columns: [], pictures: {}, open: {}, groups: [] };
  let pending = []; // changes that Python has not answered
  let number = 0; // of the last change
  let rows = [];
  let columns = [];
  let selected = null;
  let scan = null; // scan whose photograph is shown
  let order = null; // keys of rows, kept while cells are confirmed, so that no row moves
  let send = () => {};
  let shape = "";
  const looks = new Map(); // cell id to how it was last drawn

  const cellOf = (id) => [...table.querySelectorAll("td[data-id]")].find((td) => td.dataset.id === id);

  // ---- Edits.

  function change(label, what) {
    number += 1;
    pending = [...pending, { n: number, label, ...what }];
    send("said", { epoch: data.epoch, changes: pending });
    draw();
  }

  function say(text, { typed = false, tapped = false } = {}) {
    const found = findCell(rows, selected);
    if (!found) return;
    const { cell } = found;
    const isNew = text !== cell.text || cell.doubts.length > 0;
    if (isNew) change(`${titleOf(found)}: ${text || "empty"}`, { set: { [`cell ${cell.id}`]: saidOf(cell, text) } });
    advance(false, { focus: !tapped || !typed });
  }

  function advance(back, options) {
    const next = nextOpen(rows, selected, back);
    if (next) select(next, options);
    else if (selected) select(neighbour(rows, columns, selected, [0, back ? -1 : 1]) ?? selected, options);
  }

  function skip() {
    const { row } = findCell(rows, selected) ?? {};
    if (!row || row.error) return;
    const kind = row.kind === "skipped" ? "data" : "skipped";
    change(kind === "skipped" ? "Skip row" : "Include row", { set: { [`row ${row.key}`]: kind } });
    if (kind === "skipped") advance(false);
  }

  const undo = () => change("Undo", { undo: true });

  // ---- Selection, shared with the photograph.

  function select(id, { focus = true, tell = true } = {}) {
    const found = findCell(rows, id);
    if (!found) return;
    table.querySelector("td.selected")?.classList.remove("selected");
    for (const td of table.querySelectorAll("td[tabindex='0']")) td.tabIndex = -1;
    selected = id;
    const td = cellOf(id);
    td?.classList.add("selected");
    if (td) td.tabIndex = 0;
    td?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focus && !matchMedia("(max-width: 600px)").matches) td?.focus({ preventScroll: true });
    drawStrip();
    if (!tell) return;
    const detail = { group: data.group, id, from: root, open: false };
    document.dispatchEvent(new CustomEvent("digits-select", { detail }));
    if (found.row.scan !== scan) {
      scan = found.row.scan;
      send("scan", { epoch: data.epoch, scan, id });
    }
  }

  const onSelect = ({ detail }) => {
    if (detail.group !== data.group || detail.from === root || !detail.id) return;
    select(detail.id, { tell: false });
  };

  // ---- Keys: Enter = right, 1 2 3 = a candidate, A = absent, S = skip row, N = next.

  table.onkeydown = (event) => {
    if (!event.target.closest("td[data-id]") || event.altKey) return;
    if (event.ctrlKey || event.metaKey) return onCommand(event);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const choice = strip.candidates()[Number(key) - 1];
    const current = findCell(rows, selected)?.cell;
    const acts = {
      Enter: () => (event.shiftKey ? advance(true) : say(current.text)),
      F2: () => strip.type(), " ": () => strip.type(),
      Backspace: () => say(""), Delete: () => say(""),
      a: () => !data.order && say(ABSENT), s: skip, n: () => advance(event.shiftKey),
    };
    if (ARROWS[event.key]) {
      const next = neighbour(rows, columns, selected, ARROWS[event.key]);
      if (next) select(next);
    } else if (choice !== undefined) say(choice);
    else if (acts[key]) acts[key]();
    else if (/^[0-9.,/-]$/.test(key)) strip.type(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  function onCommand(event) {
    if (event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    undo();
  }

  table.onclick = (event) => {
    const cell = event.target.closest("td[data-id]");
    const { column, row, remove } = event.target.closest("button")?.dataset ?? {};
    if (column !== undefined) openColumn(event.target.closest("button"), Number(column));
    else if (row !== undefined) openRow(event.target.closest("button"), row);
    else if (remove !== undefined) change("Remove file", { set: { [`file ${remove}`]: "removed" } });
    else if (cell) select(cell.dataset.id);
  };
  table.ondblclick = (event) => {
    if (event.target.closest("td[data-id]")) strip.type();
  };
  part(".bar").onclick = (event) => {
    const { do: what } = event.target.closest("button")?.dataset ?? {};
    if (what === "undo") undo();
    else if (what === "next") advance(false);
    else if (what === "table") toggle(event.target.closest("button"), "with-table");
    else if (what === "order") arrange(!order);
  };
  part("[data-do=headings]").onclick = (event) => toggle(event.target, "with-headings");

  function toggle(button, name) {
    button.setAttribute("aria-pressed", String(root.classList.toggle(name)));
  }

  function arrange(uncertainFirst) {
    order = uncertainFirst ? data.order : null;
    draw();
    if (selected) select(selected, { tell: false });
  }

  // ---- Popovers of columns and rows.

  const popover = part(".pop");
  function openPopover(button, content) {
    popover.replaceChildren(content);
    popover.hidden = false;
    const [frame, place] = [root.getBoundingClientRect(), button.getBoundingClientRect()];
    const left = Math.min(place.left - frame.left, frame.width - popover.offsetWidth - 4);
    popover.style.inset = `${place.bottom - frame.top + 4}px auto auto ${Math.max(0, left)}px`;
    popover.querySelector("input, button")?.focus();
    popover.opener = button;
  }
  function closePopover(back = true) {
    if (popover.hidden) return;
    popover.hidden = true;
    if (back && popover.opener?.isConnected) popover.opener.focus();
  }
  popover.onkeydown = (event) => {
    if (event.key === "Escape") closePopover();
    event.stopPropagation();
  };
  root.addEventListener("pointerdown", (event) => {
    if (!event.composedPath().includes(popover)) closePopover(false);
  });
  const openColumn = (button, index) => openPopover(button,
    columnSettings(make, columns[index], (said) => {
      closePopover();
      const { name, kind, maximum } = columns[index];
      if (JSON.stringify(said) !== JSON.stringify({ name, kind, maximum })) {
        change(`Column ${said.name}`, { set: { [`column ${index}`]: said } });
      }
    }));
  const openRow = (button, key) => openPopover(button,
    rowMenu(make, rows.find((row) => row.key === key), (kind) => {
      closePopover();
      change("Row", { set: { [`row ${key}`]: kind } });
    }));

  // ---- Drawing.

  const pictureOf = (row) => data.pictures[row.scan];
  const nameOf = (row) => row.name || `Row ${row.number}`;
  const titleOf = ({ row, cell }) => `${nameOf(row)}, ${columns[Number(cell.id.split(" ")[2])].name}`;

  function crop(picture, box, label) {
    const element = make("span", { className: "crop", role: "img", ariaLabel: label });
    if (picture) Object.assign(element.style, cropStyle(picture, box, CELL));
    return element;
  }

  function draw() {
    root.dataset.waiting = String(pending.length > 0);
    rows = arranged(overlaid(data, pending), order);
    columns = overlaidColumns(data, pending);
    const now = JSON.stringify([data.epoch, columns, rows.map(({ cells, sum, ...row }) => row)]);
    if (now !== shape) build();
    shape = now;
    for (const row of rows) row.cells.forEach((cell, index) => drawCell(row, cell, columns[index]));
    drawBar();
    drawStrip();
  }

  function build() {
    looks.clear();
    const focused = root.getRootNode().activeElement?.dataset?.id;
    table.replaceChildren(
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }), ...columns.map(columnHead))),
      make("tbody", {}, ...rows.map(rowOf)),
    );
    const headings = rows.filter((row) => row.kind === "heading").length;
    part("[data-do=headings]").hidden = !headings;
    if (focused) cellOf(focused)?.focus({ preventScroll: true });
  }

  function columnHead(column, index) {
    const button = make("button", { type: "button", className: "chip" },
      make("strong", {}, column.name), " ", make("span", {}, about(column)));
    button.dataset.column = index;
    button.title = "Settings of this column";
    button.disabled = Boolean(data.order); // a form has them
    const head = make("th", { scope: "col", className: column.kind }, button);
    if (column.heading) {
      const [from, ...box] = column.heading;
      head.append(crop(data.pictures[from], box, `Printed heading of ${column.name}`));
    }
    return head;
  }

  function rowOf(row) {
    const menu = make("button", { type: "button", className: "row-name", title: row.label }, nameOf(row));
    menu.dataset.row = row.key;
    menu.disabled = Boolean(row.error || data.order);
    const head = make("th", { scope: "row" }, menu);
    const line = make("tr", { className: row.kind }, head);
    if (row.error) {
      const remove = make("button", { type: "button" }, "Remove");
      remove.dataset.remove = row.scan;
      const reason = make("span", {}, `${row.label}: ${row.error}`);
      line.append(make("td", { colSpan: Math.max(1, columns.length), className: "reason" }, reason, remove));
    } else {
      line.append(...row.cells.map((cell) => {
        const td = make("td", { tabIndex: cell.id === selected ? 0 : -1 });
        td.dataset.id = cell.id;
        return td;
      }));
    }
    return line;
  }

  function drawCell(row, cell, column) {
    const look = JSON.stringify([cell, row.kind, column.kind, cell.id === selected]);
    if (looks.get(cell.id) === look) return;
    looks.set(cell.id, look);
    const td = cellOf(cell.id);
    if (!td) return;
    const asPicture = (row.kind === "heading" || column.kind === "name") && !cell.confirmed && cell.box;
    const open = isCounted(row) && cell.doubts.length > 0;
    const wrong = cell.doubts.some(([kind]) => kind === "sum");
    td.className = [
      column.kind, open && "open", wrong && "wrong", cell.confirmed && "confirmed",
      cell.id === selected && "selected",
    ].filter(Boolean).join(" ");
    td.replaceChildren(asPicture
      ? crop(pictureOf(row), cell.box, `Picture of ${titleOf({ row, cell })}`) : cell.text);
    const words = cell.doubts.map(([, text]) => text).join(", ");
    td.setAttribute("aria-label", [titleOf({ row, cell }), cell.text || "empty", open ? words : "",
      cell.confirmed ? "confirmed" : ""].filter(Boolean).join(", "));
    td.title = open ? words : "";
  }

  function drawBar() {
    const count = openCount(data, rows);
    const words = summary(count);
    const status = part("[role=status]");
    if (status.textContent !== words) status.textContent = words;
    status.classList.toggle("done", words === "Nothing left to check");
    part("[data-do=next]").hidden = !openCells(rows).length;
    const ordering = part("[data-do=order]");
    ordering.hidden = !data.order || rows.length < 2;
    part("[data-do=absent]").hidden = Boolean(data.order);
    ordering.setAttribute("aria-pressed", String(Boolean(order)));
    const undoing = part("[data-do=undo]");
    undoing.disabled = !(data.undo || pending.length);
    undoing.title = pending.at(-1)?.label ?? data.undo ?? "";
    const labelled = ({ label }) => make("button", { type: "button" }, label);
    showButtons(part(".groups"), data.groups, labelled, ({ kind }) => change("Confirm alike", { confirm: kind }));
  }

  function drawStrip() {
    const found = selected && findCell(rows, selected);
    if (!found) return strip.show(null);
    const open = openCells(rows).map((cell) => cell.id);
    const at = open.indexOf(selected);
    const place = at >= 0 ? `${at + 1} of ${open.length}` : "";
    const column = columns[Number(selected.split(" ")[2])];
    strip.show({ ...found, column, title: titleOf(found), place }, pictureOf(found.row));
  }

  const strip = makeStrip(root, make, {
    say, skip, next: () => advance(false), undo, absent: () => say(ABSENT),
    focus: () => cellOf(selected)?.focus({ preventScroll: true }),
  });

  // ---- Python.

  function update(component) {
    send = component.setStateValue;
    const another = component.data.epoch !== data.epoch;
    data = component.data;
    if (another) [pending, selected, scan, number, order] = [[], null, null, data.seen, data.order];
    pending = unanswered(pending, data.seen);
    number = Math.max(number, data.seen);
    if (scan === null) scan = data.scan;
    draw();
    if (!findCell(rows, selected)) {
      selected = null;
      if (findCell(rows, data.selected)) select(data.selected, { focus: false, tell: false });
      else drawStrip();
    }
  }

  document.addEventListener("digits-select", onSelect);
  return {
    update,
    stop: () => {
      document.removeEventListener("digits-select", onSelect);
      delete root.grid;
    },
  };
}
