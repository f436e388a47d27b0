// A sheet to draw on with mouse, finger or pen. It sends strokes, in units of the sheet's own
// grid, while they are drawn; Python may send an older drawing back with a newer epoch.
const GRID = 280; // units of the sheet's height, ten to a pixel of an MNIST frame
const PAUSE = 80; // ms between two messages while drawing
const PEN = 16; // units, default width of the pen
const INK = "#16161a", PAPER = "#ffffff";

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const canvas = parentElement.querySelector("canvas");
  const sheet = (canvas.sheet ??= makeSheet(parentElement, canvas));
  sheet.update(data, (drawing) => setStateValue("drawing", drawing));
}

function makeSheet(root, canvas) {
  let strokes = [];
  let epoch = -1;
  let n = 0; // of the last message
  let seen = 0; // of the last one that Python has read
  let width = PEN;
  let timer = null;
  let send = () => {};
  let active = null; // id of the pointer that draws

  const tell = () => {
    clearTimeout(timer);
    timer = null;
    n += 1;
    send({ strokes, epoch, n });
    showWaiting();
  };
  const showWaiting = () => (root.querySelector(".sheet").dataset.waiting = String(seen < n));
  const change = (next) => {
    strokes = next;
    paint(canvas, strokes);
    showTools();
    tell();
  };
  const undo = () => change(strokes.slice(0, -1));
  const clear = () => change([]);

  function showTools() {
    root.querySelector("[data-undo]").disabled = !strokes.length;
    root.querySelector("[data-clear]").disabled = !strokes.length;
    root.querySelector("[data-save]").disabled = !strokes.length;
    root.querySelector(".lead").hidden = strokes.length > 0;
    for (const pen of root.querySelectorAll("[data-pen]")) {
      const chosen = Number(pen.dataset.pen) === width;
      pen.setAttribute("aria-checked", String(chosen));
      pen.tabIndex = chosen ? 0 : -1;
    }
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const unit = GRID / box.height;
    const at = [(event.clientX - box.left) * unit, (event.clientY - box.top) * unit];
    return at.map((value) => Math.round(value * 10) / 10);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (active !== null || event.button > 0) return; // only the first pointer draws
    active = event.pointerId;
    canvas.setPointerCapture(active);
    canvas.focus({ preventScroll: true });
    strokes = [...strokes, { width, points: [place(event)] }];
    paint(canvas, strokes);
    showTools();
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== active) return;
    const points = strokes[strokes.length - 1].points;
    for (const part of event.getCoalescedEvents?.() ?? [event]) points.push(place(part));
    paint(canvas, strokes);
    timer ??= setTimeout(tell, PAUSE);
  });
  const lift = (event) => {
    if (event.pointerId !== active) return;
    active = null;
    tell();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") undo();
    else if (event.key === "Delete" || event.key === "Escape") clear();
    else return;
    event.preventDefault();
  });
  root.querySelector("[data-undo]").onclick = undo;
  root.querySelector("[data-clear]").onclick = clear;
  root.querySelector("[data-save]").onclick = () => save(canvas);
  const pens = [...root.querySelectorAll("[data-pen]")];
  pens.forEach((pen, index) => {
    pen.onclick = () => {
      width = Number(pen.dataset.pen);
      showTools();
    };
    pen.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = pens[(index + step + pens.length) % pens.length];
      next.click();
      next.focus();
    };
  });
  new ResizeObserver(() => paint(canvas, strokes)).observe(canvas);

  return {
    update: (data, sends) => {
      send = sends;
      root.querySelector(".lead").textContent = data.lead;
      root.querySelector(".sheet").classList.toggle("wide", data.wide);
      if (data.epoch !== epoch) {
        // A newer drawing from Python: after a reset, or when the page is shown again.
        strokes = data.strokes;
        epoch = data.epoch;
      }
      seen = data.n;
      n = Math.max(n, seen);
      showWaiting();
      showTools();
      paint(canvas, strokes);
    },
  };
}

function paint(canvas, strokes) {
  const sharp = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(canvas.clientWidth * sharp));
  canvas.height = Math.max(1, Math.round(canvas.clientHeight * sharp));
  const pen = canvas.getContext("2d");
  pen.fillStyle = PAPER;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.scale(canvas.height / GRID, canvas.height / GRID);
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = INK;
  for (const stroke of strokes) {
    pen.lineWidth = stroke.width;
    pen.beginPath();
    stroke.points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    if (stroke.points.length === 1) pen.lineTo(stroke.points[0][0] + 0.1, stroke.points[0][1]);
    pen.stroke();
  }
}

function save(canvas) {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "drawing.png";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
