// The settings of a column and the menu of a row, each in a popover over the table.
const COLUMN_KINDS = [
  ["points", "Points"], ["decimal", "Points with decimals"], ["fraction", "Points out of a maximum, 17/20"],
  ["total", "Total of the row"], ["identifier", "ID number"], ["name", "Name (shown as a picture)"],
  ["ignore", "Ignore"],
];
const ROW_KINDS = [["data", "Marks"], ["heading", "Heading"], ["total", "Total"], ["skipped", "Skip"]];

// `make` builds an element, `done` takes the column's new settings.
export function columnSettings(make, column, done) {
  const name = make("input", { value: column.name, maxLength: 100, autocomplete: "off" });
  const kind = make("select", {}, ...COLUMN_KINDS.map(([value, label]) =>
    make("option", { value, selected: value === column.kind }, label)));
  const maximum = make("input", { value: column.maximum, inputMode: "decimal", size: 5, autocomplete: "off" });
  const limit = make("label", {}, "out of ", maximum);
  const show = () => { limit.hidden = !["points", "decimal", "fraction", "total"].includes(kind.value); };
  kind.onchange = show;
  show();
  const form = make("form", { className: "settings", ariaLabel: `Settings of ${column.name}` },
    make("label", {}, "Name ", name), make("label", {}, "Holds ", kind), limit,
    make("button", { type: "submit", className: "primary" }, "Done"));
  form.onsubmit = (event) => {
    event.preventDefault();
    done({ name: name.value.trim() || column.name, kind: kind.value, maximum: maximum.value.trim() });
  };
  return form;
}

export function rowMenu(make, row, done) {
  return make("div", { className: "settings", role: "group", ariaLabel: "This row holds" },
    ...ROW_KINDS.map(([value, label]) => {
      const button = make("button", { type: "button" }, label);
      button.setAttribute("aria-pressed", String(row.kind === value));
      button.onclick = () => done(value);
      return button;
    }));
}
