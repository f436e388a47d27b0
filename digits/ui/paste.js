// A picture pasted anywhere on the page, sent as a data URL.
export default function (component) {
  const { parentElement, setTriggerValue } = component;
  parentElement.stopListening?.(); // this runs again when the theme changes
  const listen = (event) => {
    const item = [...(event.clipboardData?.items ?? [])].find((i) => i.type.startsWith("image/"));
    if (!item) return;
    const file = new FileReader();
    file.onload = () => setTriggerValue("picture", file.result);
    file.readAsDataURL(item.getAsFile());
  };
  document.addEventListener("paste", listen);
  parentElement.stopListening = () => document.removeEventListener("paste", listen);
  return parentElement.stopListening;
}
