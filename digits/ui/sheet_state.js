// The state of the table: the sheet as Python last sent it, and the user's changes that Python has
// not answered yet. Cells are named "SCAN ROW COLUMN", as in the keys of changes.
export const OVERRULED = ["maximum", "whole", "length", "sum", "decimal"]; // by confirming as it is

// All rows with their cells, with the user's pending changes applied.
export function overlaid(data, pending) {
  const set = Object.assign({}, ...pending.map((change) => change.set ?? {}));
  return data.rows.map((row) => ({
    ...row,
    kind: row.error ? row.kind : set[`row ${row.key}`] ?? row.kind,
    cells: row.cells.map((cell, column) => {
      const id = `${row.key} ${column}`;
      const said = set[`cell ${id}`];
      if (said === undefined) return { ...cell, id };
      if (said === null) return { ...cell, id, text: cell.read, doubts: [], confirmed: false };
      return { ...cell, id, text: said.text, doubts: [], confirmed: true };
    }),
  }));
}

// The columns with the user's settings.
export function overlaidColumns(data, pending) {
  const set = Object.assign({}, ...pending.map((change) => change.set ?? {}));
  return data.columns.map((column, index) => ({ ...column, ...set[`column ${index}`] }));
}

// The rows in an order of their keys, or as they are without one. Rows that are not in it come last.
export function arranged(rows, order) {
  if (!order) return rows;
  const places = new Map(order.map((key, index) => [key, index]));
  const placeOf = ({ key }) => places.get(key) ?? order.length;
  return [...rows].sort((one, other) => placeOf(one) - placeOf(other));
}

export const isCounted = (row) => row.kind === "data" || row.kind === "total";
const isOwn = ([kind]) => kind !== "sum" && kind !== "suspect";

// The cells to check, in reading order.
export function openCells(rows) {
  return rows.filter(isCounted).flatMap((row) => row.cells.filter((cell) => cell.doubts.length));
}

// The number of open checks; `base` is Python's count, from which pending changes are subtracted.
export function openCount(data, rows) {
  const cells = openCells(rows);
  return {
    cells: cells.filter((cell) => cell.doubts.some(isOwn)).length,
    sums: Math.min(data.open.sums, cells.filter((cell) => cell.doubts.some(([kind]) => kind === "sum")).length),
    failed: rows.filter((row) => row.kind === "failed").length,
    names: data.open.names,
  };
}

// "3 cells, 2 sums, 1 file failed"
export function summary({ cells, sums, failed, names }) {
  const some = (n, one, many) => (n ? `${n} ${n === 1 ? one : many}` : "");
  const parts = [
    some(cells, "cell", "cells"), some(sums, "sum", "sums"),
    some(failed, "file failed", "files failed"), names,
  ].filter(Boolean);
  return parts.join(", ") || "Nothing left to check";
}

// The cell to check after one with this id, round about, itself at last; null where there is none.
export function nextOpen(rows, id, back = false) {
  const order = rows.flatMap((row) => row.cells.map((cell) => cell.id));
  const open = new Set(openCells(rows).map((cell) => cell.id));
  if (back) order.reverse();
  const at = order.indexOf(id);
  return [...order.slice(at + 1), ...order.slice(0, at + 1)].find((each) => open.has(each)) ?? null;
}

// The cell one step away, over ignored columns and rows that failed; null at the edge.
export function neighbour(rows, columns, id, [across, down]) {
  const row = rows.findIndex((one) => id.startsWith(`${one.key} `));
  const column = Number(id.split(" ")[2]);
  for (let r = row + down, c = column + across; rows[r] && columns[c]; r += down, c += across) {
    if (!rows[r].error && columns[c].kind !== "ignore") return `${rows[r].key} ${c}`;
  }
  return null;
}

export function findCell(rows, id) {
  for (const row of rows) for (const cell of row.cells) if (cell.id === id) return { row, cell };
  return null;
}

// The change of a cell whose text the user confirms, chooses or types. A sum that replaces a
// written total is not what is on the paper.
export function saidOf(cell, text) {
  const kinds = cell.doubts.map(([kind]) => kind);
  const same = text === cell.text;
  return {
    text,
    kept: same && kinds.some((kind) => OVERRULED.includes(kind)),
    is_reading: text !== "absent" && (same || !kinds.includes("sum")),
  };
}

// The pending changes that Python has not answered.
export const unanswered = (pending, seen) => pending.filter((change) => change.n > seen);

// The text of a column's header below its name.
export const about = ({ kind, maximum }) => {
  if (kind === "ignore") return "ignored";
  return maximum ? `out of ${maximum}` : "";
};
