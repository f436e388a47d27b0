import assert from "node:assert/strict";
import { test } from "node:test";
import {
  about, arranged, findCell, neighbour, nextOpen, openCells, openCount, overlaid, overlaidColumns, saidOf, summary, unanswered,
} from "../../digits/ui/sheet_state.js";
import { cropStyle } from "../../digits/ui/sheet_crop.js";

const cell = (text, ...kinds) => ({
  text, read: text, confirmed: false, candidates: [], box: null, doubts: kinds.map((kind) => [kind, kind]),
});
const row = (key, cells, kind = "data") => ({ key, cells, kind, error: "" });
const sheet = (rows, open = { sums: 0, names: "" }) => ({
  rows, open, columns: [{ name: "A", kind: "points", maximum: "10" }, { name: "B", kind: "points", maximum: "" }],
});
const two = sheet([row("0 0", [cell("7"), cell("1", "unsure")]), row("0 1", [cell("3", "decimal"), cell("4")])]);

test("what a person says is shown before Python has answered", () => {
  const rows = overlaid(two, [{ n: 1, set: { "cell 0 0 1": { text: "9" }, "row 0 1": "skipped" } }]);
  assert.deepEqual(rows[0].cells[1].text, "9");
  assert.equal(rows[0].cells[1].confirmed, true);
  assert.equal(rows[1].kind, "skipped");
  assert.equal(openCells(rows).length, 0);
  assert.equal(overlaid(two, [])[0].cells[1].text, "1");
  assert.equal(overlaidColumns(two, [{ n: 1, set: { "column 0": { name: "C" } } }])[0].name, "C");
});

test("a later change goes before an earlier one, and an answered one is gone", () => {
  const pending = [{ n: 1, set: { "cell 0 0 1": { text: "8" } } }, { n: 2, set: { "cell 0 0 1": { text: "9" } } }];
  assert.equal(overlaid(two, pending)[0].cells[1].text, "9");
  assert.deepEqual(unanswered(pending, 1).map((change) => change.n), [2]);
});

test("what is unsaid is the reading again", () => {
  const data = sheet([row("0 0", [{ ...cell("9"), read: "7", confirmed: true }])]);
  assert.equal(overlaid(data, [{ n: 1, set: { "cell 0 0 0": null } }])[0].cells[0].text, "7");
});

test("the next open cell is found in reading order, round about, both ways", () => {
  const rows = overlaid(two, []);
  assert.equal(nextOpen(rows, null), "0 0 1");
  assert.equal(nextOpen(rows, "0 0 1"), "0 1 0");
  assert.equal(nextOpen(rows, "0 1 0"), "0 0 1");
  assert.equal(nextOpen(rows, "0 1 1", true), "0 1 0");
  assert.equal(nextOpen(overlaid(sheet([row("0 0", [cell("7")])]), []), "0 0 0"), null);
  const one = overlaid(sheet([row("0 0", [cell("7"), cell("1", "unsure")])]), []);
  assert.equal(nextOpen(one, "0 0 1"), "0 0 1");
});

test("rows are shown in an order of their keys, and new ones come last", () => {
  const rows = overlaid(sheet([row("0 0", [cell("1")]), row("1 0", [cell("2", "unsure")]), row("2 0", [cell("3")])]), []);
  const keys = (order) => arranged(rows, order).map((one) => one.key);
  assert.deepEqual(keys(null), ["0 0", "1 0", "2 0"]);
  assert.deepEqual(keys(["1 0", "0 0", "2 0"]), ["1 0", "0 0", "2 0"]);
  assert.deepEqual(keys(["1 0", "0 0"]), ["1 0", "0 0", "2 0"]);
  assert.equal(nextOpen(arranged(rows, ["1 0", "0 0", "2 0"]), null), "1 0 0");
});

test("arrows leave out what is not there to check and stop at the edge", () => {
  const data = sheet([row("0 0", [cell("1"), cell("2")]), { ...row("1 0", [], "failed"), error: "bad" }, row("2 0", [cell("3"), cell("4")])]);
  const rows = overlaid(data, []);
  assert.equal(neighbour(rows, data.columns, "0 0 0", [0, 1]), "2 0 0");
  assert.equal(neighbour(rows, data.columns, "0 0 0", [1, 0]), "0 0 1");
  assert.equal(neighbour(rows, data.columns, "0 0 0", [-1, 0]), null);
  const ignored = [data.columns[0], { ...data.columns[1], kind: "ignore" }];
  assert.equal(neighbour(rows, ignored, "0 0 0", [1, 0]), null);
});

test("one count holds cells, sums, files and names", () => {
  const data = sheet(
    [row("0 0", [cell("7", "unsure"), cell("1", "sum")]), { ...row("1 0", [], "failed"), error: "bad" }],
    { sums: 1, names: "1 name left over" },
  );
  const count = openCount(data, overlaid(data, []));
  assert.equal(summary(count), "1 cell, 1 sum, 1 file failed, 1 name left over");
  assert.equal(summary({ cells: 3, sums: 2, failed: 0, names: "" }), "3 cells, 2 sums");
  assert.equal(summary({ cells: 0, sums: 0, failed: 0, names: "" }), "Nothing left to check");
});

test("a cell that is doubted for its sum alone is no cell to count", () => {
  const data = sheet([row("0 0", [cell("4", "suspect"), cell("33", "sum")])], { sums: 1, names: "" });
  assert.equal(summary(openCount(data, overlaid(data, []))), "1 sum");
});

test("a reading that is confirmed as it is overrules what does not fit", () => {
  assert.deepEqual(saidOf(cell("25", "maximum"), "25"), { text: "25", kept: true, is_reading: true });
  assert.deepEqual(saidOf(cell("25", "maximum"), "20"), { text: "20", kept: false, is_reading: true });
  assert.deepEqual(saidOf(cell("7", "unsure"), "7"), { text: "7", kept: false, is_reading: true });
});

test("a sum in the place of a written total, and absent, are not what stands on the paper", () => {
  assert.equal(saidOf(cell("33", "sum"), "23").is_reading, false);
  assert.equal(saidOf(cell("33", "sum"), "33").is_reading, true);
  assert.equal(saidOf(cell("-", "dash"), "absent").is_reading, false);
});

test("cells are found by their names, and columns say what they hold", () => {
  const rows = overlaid(two, []);
  assert.equal(findCell(rows, "0 1 0").row.key, "0 1");
  assert.equal(findCell(rows, "9 9 9"), null);
  assert.equal(about({ name: "Task 1", kind: "points", maximum: "10" }), "out of 10");
  assert.equal(about({ name: "Task 1", kind: "points", maximum: "" }), "");
  assert.equal(about({ name: "x", kind: "ignore", maximum: "10" }), "ignored");
});

test("a crop shows its box of the page, and no more than there is", () => {
  const picture = { url: "/p.jpg", width: 1000, height: 500 };
  const style = cropStyle(picture, [100, 50, 200, 40], { width: 100, height: 100 });
  assert.equal(style.width, "100px");
  assert.equal(style.height, "20px");
  assert.equal(style.backgroundPosition, "-50px -25px");
  assert.equal(style.backgroundSize, "500px 250px");
  const edge = cropStyle(picture, [950, 480, 100, 100], { width: 500, height: 500 }, { closest: 1 });
  assert.deepEqual([edge.width, edge.height], ["50px", "20px"]);
});
