// Show a button for each of some values. Those that are there already stay: a click that has begun
// on one is lost with it, and so is the focus.
export function showButtons(holder, values, make, press) {
  const wanted = JSON.stringify(values);
  if (holder.dataset.values !== wanted) holder.replaceChildren(...values.map(make));
  holder.dataset.values = wanted;
  [...holder.children].forEach((button, index) => (button.onclick = () => press(values[index], button)));
}
