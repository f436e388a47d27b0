// Wheel, drag and pinch on the picture, as calls of the viewer's own functions.
const STILL = 5; // CSS pixels that a finger may move and still tap
const WHEEL = 0.0016; // of the logarithm of the zoom, for each pixel that a wheel scrolls
const LINES = 16; // CSS pixels of a line, for wheels that count in lines

// `target` has zoom(factor, point), pan(dx, dy), canZoomOut(), mode() and region(from, to, done).
export function listenToGestures(stage, target) {
  const fingers = new Map();
  let start = null;
  let moved = false;
  const place = (event) => {
    const frame = stage.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return {
      distance: Math.hypot(one.x - other.x, one.y - other.y) || 1,
      middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
    };
  };

  stage.addEventListener("wheel", (event) => {
    const scrolled = event.deltaY * (event.deltaMode === 1 ? LINES : 1);
    if (scrolled > 0 && !target.canZoomOut()) return; // the page scrolls
    event.preventDefault();
    target.zoom(Math.exp(-WHEEL * scrolled * (event.ctrlKey ? 4 : 1)), place(event));
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    fingers.set(event.pointerId, place(event));
    moved = fingers.size > 1;
    start = place(event);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    if (!moved && Math.hypot(now.x - start.x, now.y - start.y) < STILL) return;
    if (!moved) stage.setPointerCapture(event.pointerId); // not before: a tap belongs to a box
    moved = true;
    if (fingers.size === 2) {
      const last = spread();
      fingers.set(event.pointerId, now);
      const { distance, middle } = spread();
      target.pan(middle.x - last.middle.x, middle.y - last.middle.y);
      target.zoom(distance / last.distance, middle);
      return;
    }
    fingers.set(event.pointerId, now);
    if (target.mode() === "region" || event.shiftKey) target.region(start, now, false);
    else target.pan(now.x - before.x, now.y - before.y);
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId) || !moved || fingers.size) return;
    target.region(start, place(event), true);
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
  // A drag is not a click on the box under the finger.
  stage.addEventListener("click", (event) => {
    if (!moved) return;
    event.stopPropagation();
    moved = false;
  }, { capture: true });
}
