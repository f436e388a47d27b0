// A sheet to draw on with mouse, finger or pen. It sends strokes, in units of the sheet's own
// grid, while they are drawn; Python may send an older drawing back with a newer epoch.
const GRID = 280; // units along the sheet's shorter side, ten to a pixel of an MNIST frame
const PAUSE = 80; // ms between two messages while drawing

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const canvas = parentElement.querySelector("canvas");
  const state = (canvas.state ??= { strokes: [], epoch: -1, timer: null });
  const wide = data.wide ? 2 : 1;
  state.width = data.width;
  state.send = () => {
    clearTimeout(state.timer);
    state.timer = null;
    setStateValue("drawing", { strokes: state.strokes, epoch: state.epoch, wide });
  };
  const paint = () => {
    const scale = window.devicePixelRatio || 1;
    const shown = canvas.clientWidth || GRID;
    canvas.width = Math.round(shown * scale);
    canvas.height = Math.round((shown * scale) / state.wide);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.scale(canvas.height / GRID, canvas.height / GRID);
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#16242b";
    for (const stroke of state.strokes) {
      pen.lineWidth = stroke.width;
      pen.beginPath();
      stroke.points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (stroke.points.length === 1) pen.lineTo(stroke.points[0][0] + 0.1, stroke.points[0][1]);
      pen.stroke();
    }
  };
  if (data.epoch !== state.epoch) {
    // A newer drawing from Python: after a reset, or when the page is shown again.
    state.strokes = data.strokes;
    state.epoch = data.epoch;
  }
  state.wide = wide;
  canvas.style.aspectRatio = String(wide);
  canvas.style.maxWidth = wide > 1 ? "720px" : "400px";
  paint();
  if (state.ready) return;
  state.ready = true;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const unit = GRID / box.height;
    return [(event.clientX - box.left) * unit, (event.clientY - box.top) * unit].map(
      (value) => Math.round(value * 10) / 10,
    );
  };
  let active = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (active !== null || event.button > 0) return; // a second finger draws nothing
    active = event.pointerId;
    canvas.setPointerCapture(active);
    canvas.focus({ preventScroll: true });
    state.strokes = [...state.strokes, { width: state.width, points: [place(event)] }];
    paint();
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== active) return;
    const points = state.strokes[state.strokes.length - 1].points;
    for (const part of event.getCoalescedEvents?.() ?? [event]) points.push(place(part));
    paint();
    state.timer ??= setTimeout(state.send, PAUSE);
  });
  const lift = (event) => {
    if (event.pointerId !== active) return;
    active = null;
    state.send();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  const change = (strokes) => {
    state.strokes = strokes;
    paint();
    state.send();
  };
  const undo = () => change(state.strokes.slice(0, -1));
  const clear = () => change([]);
  canvas.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") undo();
    else if (event.key === "Delete" || event.key === "Escape") clear();
    else return;
    event.preventDefault();
  });
  parentElement.querySelector("[data-undo]").addEventListener("click", undo);
  parentElement.querySelector("[data-clear]").addEventListener("click", clear);
  new ResizeObserver(paint).observe(canvas);
}
