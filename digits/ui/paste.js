// A picture pasted anywhere on the page, sent as a data URL.
export default function (component) {
  const { setTriggerValue } = component;
  const listen = (event) => {
    const item = [...(event.clipboardData?.items ?? [])].find((i) => i.type.startsWith("image/"));
    if (!item) return;
    const file = new FileReader();
    file.onload = () => setTriggerValue("picture", file.result);
    file.readAsDataURL(item.getAsFile());
  };
  document.addEventListener("paste", listen);
  return () => document.removeEventListener("paste", listen);
}
