// The upload area: pictures are chosen, dropped, pasted or photographed. All of them go through
// Streamlit's hidden uploader; the first one is shown here during the upload.
const CAMERA = { video: { facingMode: "environment", width: { ideal: 2560 }, height: { ideal: 1920 } } };
const QUALITY = 0.92; // of a photograph's JPEG
const AGAIN = 50; // ms until the uploader is searched for again
const TIMEOUT = 10_000; // ms after which an upload counts as failed
const SHOWN = /\.(png|jpe?g|webp|gif|bmp)$/i; // what a browser can show

export default function (component) {
  const root = component.parentElement.querySelector(".intake");
  const intake = (root.intake ??= makeIntake(root));
  intake.update(component.data);
  return () => intake.stop();
}

function makeIntake(root) {
  const part = (selector) => root.querySelector(selector);
  let data = {};
  let stream = null;
  let waiting = []; // files not yet passed to the uploader
  let given = {}; // round and time of the last files passed to it
  let timer = 0;
  const fault = (text) => (part(".fault").textContent = text);

  function give(files) {
    const faults = [...files].map(refusal).filter(Boolean);
    const taken = [...files].filter((file) => !refusal(file));
    fault(faults.join(" "));
    if (!taken.length) return;
    waiting.push(...taken);
    show(taken[0]);
    handOver();
  }

  // Pass files to the uploader as if they had been chosen there. Each round has its own uploader:
  // an uploader whose files the page has read already would lose them.
  function handOver() {
    clearTimeout(timer);
    if (!waiting.length) return;
    const input = document.querySelector(`${data.uploader} input[type=file]`);
    const travelling = given.round === data.round && Date.now() - given.at < TIMEOUT;
    if (!input || travelling) {
      timer = setTimeout(handOver, AGAIN);
      return;
    }
    const carried = new DataTransfer();
    waiting.forEach((file) => carried.items.add(file));
    waiting = [];
    given = { round: data.round, at: Date.now() };
    input.files = carried.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function refusal(file) {
    const ending = file.name.split(".").pop().toLowerCase();
    if (!data.extensions.includes(ending)) {
      return `${file.name} is not a picture or PDF that can be opened.`;
    }
    if (file.size > data.maxBytes) {
      return `${file.name} is larger than ${Math.floor(data.maxBytes / 1e6)} MB: save it smaller.`;
    }
    return file.size ? "" : `${file.name} is empty: save or photograph it again.`;
  }

  function show(file) {
    part(".coming").hidden = false;
    part(".coming img").hidden = !SHOWN.test(file.name);
    if (SHOWN.test(file.name)) part(".coming img").src = URL.createObjectURL(file);
    part(".coming span").textContent = `Reading ${file.name}`;
    root.classList.add("busy");
  }

  function done() {
    const image = part(".coming img");
    if (image.src) URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
    part(".coming").hidden = true;
    root.classList.remove("busy");
  }

  async function photograph() {
    // A phone's camera app works even where scripts may not use the camera.
    if (matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices) return part(".shutter").click();
    try {
      stream = await navigator.mediaDevices.getUserMedia(CAMERA);
    } catch {
      return fault("The camera cannot be used: allow it in the browser, or choose a file.");
    }
    part("video").srcObject = stream;
    part("dialog").showModal();
  }

  function take() {
    const video = part("video");
    const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    part("dialog").close();
    canvas.toBlob((blob) => give([new File([blob], "photo.jpg", { type: "image/jpeg" })]), "image/jpeg", QUALITY);
  }

  async function paste() {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith("image/"));
        if (type) return give([new File([await item.getType(type)], `pasted.${type.slice(6)}`, { type })]);
      }
      fault("There is no picture on the clipboard.");
    } catch {
      fault(`Press ${/Mac/.test(navigator.userAgent) ? "⌘V" : "Ctrl+V"} to paste.`);
    }
  }

  part("[data-way=camera]").onclick = photograph;
  part("[data-way=choose]").onclick = () => part(".choice").click();
  part("[data-way=paste]").onclick = paste;
  for (const input of [part(".choice"), part(".shutter")]) {
    input.onchange = () => {
      give(input.files);
      input.value = "";
    };
  }
  part("video").onloadedmetadata = () => (part("[data-camera=take]").disabled = false);
  part("[data-camera=take]").onclick = take;
  part("[data-camera=cancel]").onclick = () => part("dialog").close();
  part("dialog").onclose = () => {
    stream?.getTracks().forEach((track) => track.stop());
    part("[data-camera=take]").disabled = true;
  };

  // Anywhere on the page.
  const onPaste = (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    give(files.map((file) => (file.name.includes(".") ? file : new File([file], `pasted.${file.type.slice(6)}`, { type: file.type }))));
  };
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const onOver = (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.classList.add("over");
  };
  const onLeave = (event) => {
    if (!event.relatedTarget) root.classList.remove("over");
  };
  const onDrop = (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.classList.remove("over");
    give(event.dataTransfer.files);
  };
  const heard = { paste: onPaste, dragover: onOver, dragleave: onLeave, drop: onDrop };
  for (const [name, listener] of Object.entries(heard)) document.addEventListener(name, listener);

  return {
    update: (next) => {
      if (next.round !== data.round && !waiting.length) done();
      data = next;
      part(".choice").accept = part(".shutter").accept = "";
      part(".choice").accept = data.extensions.map((ending) => `.${ending}`).join(",");
      part(".shutter").accept = "image/*";
      part(".lead").textContent = data.lead;
      root.classList.toggle("small", data.small);
      if (data.fault) fault(data.fault);
    },
    stop: () => {
      for (const [name, listener] of Object.entries(heard)) document.removeEventListener(name, listener);
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
      done();
      delete root.intake;
    },
  };
}
