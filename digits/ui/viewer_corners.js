// The corners of the paper, to be dragged or moved by arrow keys.
import { toPicture, toWindow } from "./viewer_geometry.js";

const FINE = 4, COARSE = 20; // CSS pixels that an arrow key moves a corner, the second with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// `viewer` has seen(), picture() and tell(corners), which is called when a corner was let go.
export function makeCorners(root, viewer) {
  const stage = root.querySelector(".stage");
  const outline = root.querySelector("polygon");
  const handles = [...root.querySelectorAll(".corner")];
  let corners = null;

  function draw() {
    const shown = corners?.map(([x, y]) => toWindow(viewer.seen(), { x, y })) ?? [];
    outline.setAttribute("points", shown.map(({ x, y }) => `${x},${y}`).join(" "));
    handles.forEach((handle, index) => {
      handle.hidden = !shown[index];
      if (!shown[index]) return;
      handle.style.transform = `translate(${shown[index].x}px, ${shown[index].y}px)`;
    });
  }

  function move(index, { x, y }) {
    const { width, height } = viewer.picture();
    const inside = [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
    corners = corners.map((corner, at) => (at === index ? inside.map(Math.round) : corner));
    draw();
  }

  handles.forEach((handle, index) => {
    handle.onpointerdown = (event) => {
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
    };
    handle.onpointermove = (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      const frame = stage.getBoundingClientRect();
      const point = { x: event.clientX - frame.left, y: event.clientY - frame.top };
      move(index, toPicture(viewer.seen(), point));
    };
    handle.onpointerup = () => viewer.tell(corners);
    handle.onkeydown = (event) => {
      if (!ARROWS[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      const [dx, dy] = ARROWS[event.key];
      const unit = (event.shiftKey ? COARSE : FINE) / viewer.seen().scale;
      move(index, { x: corners[index][0] + dx * unit, y: corners[index][1] + dy * unit });
      viewer.tell(corners);
    };
  });

  return {
    draw,
    set: (next) => {
      corners = next ?? null;
      draw();
    },
  };
}
