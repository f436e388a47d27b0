// The position of a picture in its window. A view is {scale, x, y}: a point p of the picture is
// shown at p * scale + (x, y), in CSS pixels of the window.
export const CLOSEST = 8; // CSS pixels for a pixel of the picture, at most
const READABLE = 72; // CSS pixels, height to which a selected box is enlarged
const SMALLEST = 26; // CSS pixels, height below which a selected box is enlarged
const GAP = 10; // CSS pixels between a box and its popover

// The view that shows the whole picture.
export function fitted(picture, window) {
  const scale = Math.min(window.width / picture.width, window.height / picture.height);
  return {
    scale,
    x: (window.width - picture.width * scale) / 2,
    y: (window.height - picture.height * scale) / 2,
  };
}

// A view limited to the whole picture, without avoidable empty margins.
export function bounded(view, picture, window) {
  const least = fitted(picture, window).scale;
  const scale = Math.min(Math.max(view.scale, least), Math.max(CLOSEST, least));
  const along = (offset, length, room) => {
    const slack = room - length * scale;
    return slack >= 0 ? slack / 2 : Math.min(0, Math.max(slack, offset));
  };
  return {
    scale,
    x: along(view.x, picture.width, window.width),
    y: along(view.y, picture.height, window.height),
  };
}

// The view after zooming by a factor; the picture's point under (x, y) stays there.
export function zoomed(view, factor, point, picture, window) {
  const { scale: least } = fitted(picture, window);
  const scale = Math.min(Math.max(view.scale * factor, least), Math.max(CLOSEST, least));
  const moved = (offset, at) => at - ((at - offset) / view.scale) * scale;
  return bounded({ scale, x: moved(view.x, point.x), y: moved(view.y, point.y) }, picture, window);
}

export const toPicture = (view, point) => ({
  x: (point.x - view.x) / view.scale,
  y: (point.y - view.y) / view.scale,
});

export const toWindow = (view, point) => ({
  x: point.x * view.scale + view.x,
  y: point.y * view.scale + view.y,
});

// A box [x, y, width, height] of the picture as a rectangle of the window.
export function placed(view, [x, y, width, height]) {
  const corner = toWindow(view, { x, y });
  return { ...corner, width: width * view.scale, height: height * view.scale };
}

// A view in which a box is readable: unchanged if it is large enough and visible.
export function showing(view, box, picture, window) {
  const [x, y, width, height] = box;
  const now = placed(view, box);
  const seen = now.x >= 0 && now.y >= 0 && now.x + now.width <= window.width &&
    now.y + now.height <= window.height;
  if (seen && now.height >= SMALLEST) return view;
  const room = Math.min(window.width / (1.5 * width), window.height / (2 * height));
  const scale = Math.min(Math.max(view.scale, READABLE / height), room);
  const centred = {
    scale,
    x: window.width / 2 - (x + width / 2) * scale,
    y: window.height / 2 - (y + height / 2) * scale,
  };
  return bounded(centred, picture, window);
}

// The position of a popover: below its box, or above it if there is more room; inside the window.
export function anchored(rectangle, size, window) {
  const below = rectangle.y + rectangle.height + GAP;
  const above = rectangle.y - GAP - size.height;
  const fits = below + size.height <= window.height || above < 0;
  const middle = rectangle.x + rectangle.width / 2 - size.width / 2;
  const x = Math.max(0, Math.min(middle, window.width - size.width));
  return { x, y: Math.max(fits ? below : above, 0) };
}

// The rectangle between two points, inside the picture, in whole pixels; null if it is too small.
export function regionBetween(one, other, picture, least) {
  const inside = (value, end) => Math.min(Math.max(Math.round(value), 0), end);
  const left = inside(Math.min(one.x, other.x), picture.width);
  const top = inside(Math.min(one.y, other.y), picture.height);
  const width = inside(Math.max(one.x, other.x), picture.width) - left;
  const height = inside(Math.max(one.y, other.y), picture.height) - top;
  return width < least || height < least ? null : [left, top, width, height];
}

// The box to check after the one with this id, round about; null where there is none.
export function nextToCheck(boxes, id, back = false) {
  const order = back ? [...boxes].reverse() : boxes;
  const at = order.findIndex((box) => box.id === id);
  const following = [...order.slice(at + 1), ...order.slice(0, at + 1)];
  return following.find((box) => ["check", "unread"].includes(box.state)) ?? null;
}
