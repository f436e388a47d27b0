// A picture with a box on each number that was found in it. Boxes are selected by click, tap, Tab
// and N; a selected one may open a popover in which a person corrects it. Each answer is an event
// with its own number and the id of its reading.
import {
  bounded, fitted, nextToCheck, placed, regionBetween, showing, toPicture, toWindow, zoomed,
} from "./viewer_geometry.js";
import { makeActs } from "./acts.js";
import { makeCorners } from "./viewer_corners.js";
import { makePopover, openPopover, placePopover } from "./viewer_popover.js";
import { listenToGestures } from "./viewer_gestures.js";

const STEP = 1.4; // factor of the zoom buttons
const NUDGE = 60; // CSS pixels that an arrow key moves the picture
const BELOW = 160; // CSS pixels that a popover may extend beyond the picture
const COARSE_PIXELS = 4; // CSS pixels for one of the picture, from which each is to be seen
const LEAST = 8; // pixels of the picture, side of the smallest region
const SILENT = { state: () => {}, trigger: () => {} };
const SPOKEN = { check: "unsure", unread: "not read", confirmed: "confirmed", wrong: "wrong" };

export default function (component) {
  const root = component.parentElement.querySelector(".viewer");
  const viewer = (root.viewer ??= makeViewer(root));
  viewer.update(component);
  return () => viewer.stop();
}

function makeViewer(root) {
  const part = (selector) => root.querySelector(selector);
  const [stage, image, layer, rubber] = [".stage", "img", ".boxes", ".rubber"].map(part);
  let data = { boxes: [], picture: { width: 1, height: 1 } };
  let send = SILENT;
  let view = null; // null: the whole picture, whatever the window's size
  let mode = "move";
  let selected = null;
  let said = {}; // box id to the answer that was given to this reading and not yet sent back
  const acts = makeActs();

  const size = () => ({ width: stage.clientWidth, height: stage.clientHeight });
  const seen = () => view ?? fitted(data.picture, size());
  const find = (id) => data.boxes.find((box) => box.id === id);
  const phone = () => matchMedia("(max-width: 600px)").matches;
  const look = (next) => {
    view = next;
    draw();
  };

  const middle = () => ({ x: size().width / 2, y: size().height / 2 });
  const zoom = (factor, point) => look(zoomed(seen(), factor, point, data.picture, size()));
  const pan = (dx, dy) => {
    const now = seen();
    look(bounded({ ...now, x: now.x + dx, y: now.y + dy }, data.picture, size()));
  };

  function draw() {
    const now = seen();
    const whole = now.scale <= fitted(data.picture, size()).scale * 1.001;
    stage.classList.toggle("whole", whole);
    part("[data-tool=out]").disabled = part("[data-tool=fit]").disabled = whole;
    image.style.transform = `translate(${now.x}px, ${now.y}px) scale(${now.scale})`;
    image.style.imageRendering = now.scale > COARSE_PIXELS ? "pixelated" : "";
    image.style.width = `${data.picture.width}px`;
    image.style.height = `${data.picture.height}px`;
    for (const element of layer.children) {
      const { x, y, width, height } = placed(now, find(element.dataset.id).box);
      element.style.transform = `translate(${x}px, ${y}px)`;
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
    }
    corners.draw();
    if (selected && !popover.hidden && !phone()) {
      const frame = part(".frame");
      const room = { width: frame.clientWidth, height: frame.clientHeight + BELOW };
      placePopover(popover, placed(now, find(selected).box), room);
    }
  }

  const note = (text) => Object.assign(document.createElement("span"), { className: "note", textContent: text });

  function makeBoxes() {
    const kept = new Map([...layer.children].map((element) => [element.dataset.id, element]));
    const wanted = data.boxes.map((box, index) => {
      const element = kept.get(box.id) ?? Object.assign(document.createElement("button"), { type: "button" });
      element.dataset.id = box.id;
      const state = box.state;
      element.className = `box ${state}${box.id === selected ? " selected" : ""}`;
      element.style.setProperty("--tone", box.tone ?? "");
      const what = box.label || (state === "confirmed" ? "not a number" : "nothing read");
      element.setAttribute("aria-label", [box.name, what, SPOKEN[state], box.note].filter(Boolean).join(", "));
      element.replaceChildren(...(box.note ? [note(box.note)] : []));
      element.tabIndex = box.id === selected || (!selected && index === 0) ? 0 : -1;
      return element;
    });
    // Existing boxes are kept: replacing one would lose the focus and a click in progress.
    const isSame = wanted.length === kept.size && wanted.every((one, at) => one === layer.children[at]);
    if (!isSame) layer.replaceChildren(...wanted);
  }

  function select(id, { open = data.popover, focus = true, tell = true } = {}) {
    const box = find(id);
    selected = box ? id : null;
    popover.hidden = true;
    makeBoxes();
    if (box) {
      const now = seen();
      const near = showing(now, box.box, data.picture, size());
      if (near !== now) view = near;
      if (open) openPopover(popover, box, image, data.picture, { focus: focus && !phone() });
      else if (focus) layer.querySelector(".selected")?.focus({ preventScroll: true });
    }
    draw();
    if (tell) {
      announce("select", { id: selected });
      if (data.tellSelected) send.trigger("selected", { id: selected, epoch: data.epoch });
    }
  }

  const announce = (what, detail) => document.dispatchEvent(
    new CustomEvent(`digits-${what}`, { detail: { group: data.group, from: root, epoch: data.epoch, ...detail } }),
  );

  function close() {
    if (popover.hidden && !selected) return;
    const last = layer.querySelector(".selected");
    popover.hidden = true;
    selected = null;
    makeBoxes();
    draw();
    last?.focus({ preventScroll: true });
    announce("select", { id: null });
  }

  function answer(box, text, how) {
    said = { ...said, [box.id]: text };
    data = { ...data, boxes: withSaid(data.boxes) };
    send.state("answers", acts.add(box.id, text, how));
    announce("answer", { id: box.id, text });
    const next = nextToCheck(data.boxes, box.id);
    if (next) select(next.id);
    else close();
  }

  const withSaid = (boxes) => boxes.map((box) =>
    box.id in said ? { ...box, label: said[box.id], state: "confirmed", reason: "" } : box);

  const popover = makePopover({ answer, close, step });
  part(".frame").append(popover);

  function step(back) {
    const next = nextToCheck(data.boxes, selected, back);
    if (next) select(next.id);
  }

  function setMode(next) {
    mode = next;
    stage.classList.toggle("choosing", mode === "region");
    part("[data-tool=region]").setAttribute("aria-pressed", String(mode === "region"));
  }

  const tools = {
    in: () => zoom(STEP, middle()),
    out: () => zoom(1 / STEP, middle()),
    fit: () => look(null),
    region: () => setMode(mode === "region" ? "move" : "region"),
    whole: () => send.trigger("whole", { epoch: data.epoch }),
    crop: () => send.trigger("crop", { epoch: data.epoch, label: data.crop }),
    next: () => step(false),
  };
  part(".tools").onclick = (event) => tools[event.target.closest("button")?.dataset.tool]?.();

  listenToGestures(stage, {
    mode: () => mode,
    canZoomOut: () => seen().scale > fitted(data.picture, size()).scale * 1.001,
    zoom,
    pan,
    region: (from, to, done) => {
      if (done && rubber.hidden) return;
      const [one, other] = [from, to].map((point) => toPicture(seen(), point));
      const box = regionBetween(one, other, data.picture, LEAST);
      rubber.hidden = done || !box;
      if (box) {
        const { x, y, width, height } = placed(seen(), box);
        rubber.style.cssText = `transform: translate(${x}px, ${y}px); width: ${width}px; height: ${height}px`;
      }
      if (!done) return;
      setMode("move");
      if (box) send.trigger("region", { box, epoch: data.epoch });
    },
  });

  layer.onclick = (event) => {
    const element = event.target.closest(".box");
    if (element) select(element.dataset.id);
  };
  stage.onclick = (event) => {
    if (!event.target.closest(".box, .corner")) close();
  };
  stage.ondblclick = (event) => {
    if (event.target.closest(".box")) return;
    const frame = stage.getBoundingClientRect();
    const point = { x: event.clientX - frame.left, y: event.clientY - frame.top };
    zoom(STEP * STEP, point);
  };

  const corners = makeCorners(root, {
    seen,
    picture: () => data.picture,
    tell: (moved) => send.trigger("corners", { corners: moved, epoch: data.epoch }),
  });

  root.onkeydown = (event) => {
    const arrows = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const inBox = event.target.classList.contains("box");
    if (event.key === "+" || event.key === "=") tools.in();
    else if (event.key === "-") tools.out();
    else if (event.key === "0") tools.fit();
    else if (event.key === "Escape") mode === "region" ? setMode("move") : close();
    else if (arrows[event.key] && inBox) neighbour(arrows[event.key]);
    else if (arrows[event.key]) {
      const [dx, dy] = arrows[event.key];
      pan(dx * NUDGE, dy * NUDGE);
    } else return;
    event.preventDefault();
  };

  // Arrow keys go from box to box; the nearest one in that direction is next.
  function neighbour([dx, dy]) {
    const from = find(root.getRootNode().activeElement?.dataset.id ?? selected);
    const centre = ({ box: [x, y, width, height] }) => ({ x: x + width / 2, y: y + height / 2 });
    const here = centre(from);
    const far = (box) => {
      const there = centre(box);
      const [along, aside] = dx
        ? [(here.x - there.x) * dx, there.y - here.y]
        : [(here.y - there.y) * dy, there.x - here.x];
      return along > 0 ? along + 3 * Math.abs(aside) : Infinity;
    };
    const [next] = data.boxes.filter((box) => far(box) < Infinity).sort((a, b) => far(a) - far(b));
    const element = next && [...layer.children].find((one) => one.dataset.id === next.id);
    if (!element) return;
    layer.querySelectorAll(".box").forEach((one) => (one.tabIndex = one === element ? 0 : -1));
    element.focus({ preventScroll: true });
  }

  // N, except where letters are typed.
  const onKey = (event) => {
    const path = event.composedPath();
    const typing = path.some((node) => node.matches?.("input, textarea, select, [contenteditable]"));
    if (event.key.toLowerCase() !== "n" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    step(event.shiftKey);
  };
  const onSelect = ({ detail }) => {
    if (detail.group !== data.group || detail.from === root) return;
    select(detail.id, { open: Boolean(detail.open), focus: Boolean(detail.open), tell: false });
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("digits-select", onSelect);
  const watch = new ResizeObserver(() => draw());
  watch.observe(stage);
  image.onload = () => {
    if (selected && !popover.hidden) openPopover(popover, find(selected), image, data.picture, { focus: false });
    draw();
  };

  function update(component) {
    send = { state: component.setStateValue, trigger: component.setTriggerValue };
    const before = data;
    const another = component.data.epoch !== before.epoch;
    if (another) said = {};
    data = component.data;
    acts.of(data.epoch);
    said = Object.fromEntries(Object.entries(said).filter(([id]) => find(id)?.state !== "confirmed"));
    data = { ...data, boxes: withSaid(data.boxes) };
    if (data.picture.id !== before.picture.id) {
      view = null;
      image.src = data.picture.url;
      image.alt = data.picture.alt;
    }
    if (another) {
      selected = null;
      popover.hidden = true;
    }
    corners.set(data.corners);
    root.style.setProperty("--aspect", data.picture.width / data.picture.height);
    root.style.setProperty("--tallest", data.tallest);
    part(".busy").hidden = !data.busy;
    part(".busy span").textContent = data.busy ?? "";
    const toCheck = data.boxes.filter((box) => ["check", "unread"].includes(box.state)).length;
    part("[data-tool=next]").hidden = !toCheck;
    part("[data-tool=region]").hidden = !data.region;
    part("[data-tool=region]").textContent = data.regionLabel;
    for (const tool of ["whole", "crop"]) {
      part(`[data-tool=${tool}]`).hidden = !data[tool];
      part(`[data-tool=${tool}]`).textContent = data[tool] ?? "";
    }
    makeBoxes();
    draw();
    if (data.selected && data.selected !== before.selected) select(data.selected, { tell: false, focus: false, open: false });
  }

  return {
    update,
    stop: () => {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("digits-select", onSelect);
      watch.disconnect();
      delete root.viewer;
    },
  };
}
