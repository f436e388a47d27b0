// A button that copies a text. Over plain HTTP in a network the clipboard is closed to scripts;
// there an unseen field is selected and copied in the old way.
const THANKED = 2000; // ms for which the button says that it has copied

export default function (component) {
  const { parentElement, data } = component;
  const button = parentElement.querySelector("button");
  button.copied = data.text;
  if (button.ready) return;
  button.ready = true;
  const inTheOldWay = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.copied);
    } catch {
      inTheOldWay(button.copied);
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), THANKED);
  });
}
