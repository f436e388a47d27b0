// Where the picture lies in its window: properties over many views.
import assert from "node:assert/strict";
import test from "node:test";

import {
  anchored, bounded, fitted, nextToCheck, placed, regionBetween, showing, toPicture, toWindow, zoomed,
} from "../../digits/ui/viewer_geometry.js";

const picture = { width: 1200, height: 400 };
const window = { width: 600, height: 500 };
let seed = 7;
const random = (low, high) => {
  seed = (seed * 16807) % 2147483647;
  return low + ((high - low) * seed) / 2147483647;
};
const someView = () =>
  bounded({ scale: random(0.1, 9), x: random(-3000, 3000), y: random(-3000, 3000) }, picture, window);
const close = (one, other, by = 1e-6) => assert.ok(Math.abs(one - other) < by, `${one} is not ${other}`);

test("the whole picture is seen and centred", () => {
  assert.deepEqual(fitted(picture, window), { scale: 0.5, x: 0, y: 150 });
});

test("a point goes to the window and back", () => {
  for (let i = 0; i < 100; i += 1) {
    const view = someView();
    const point = { x: random(0, 1200), y: random(0, 400) };
    const back = toPicture(view, toWindow(view, point));
    close(back.x, point.x);
    close(back.y, point.y);
  }
});

test("a view that is bounded shows no margin that could be avoided", () => {
  for (let i = 0; i < 200; i += 1) {
    const { scale, x, y } = someView();
    for (const [offset, length, room] of [[x, 1200, 600], [y, 400, 500]]) {
      const end = offset + length * scale;
      if (length * scale <= room) close(offset + end, room);
      else assert.ok(offset <= 1e-9 && end >= room - 1e-9, `${offset} to ${end} in ${room}`);
    }
    assert.ok(scale >= 0.5);
  }
});

test("zooming keeps the point under the finger, where the picture's edge allows it", () => {
  const view = { scale: 2, x: -700, y: -200 };
  const finger = { x: 300, y: 250 };
  const before = toPicture(view, finger);
  const after = toPicture(zoomed(view, 1.5, finger, picture, window), finger);
  close(before.x, after.x);
  close(before.y, after.y);
});

test("nobody zooms out beyond the whole picture, nor in for ever", () => {
  const far = zoomed({ scale: 0.6, x: 0, y: 0 }, 0.01, { x: 3, y: 3 }, picture, window);
  assert.deepEqual(far, fitted(picture, window));
  let near = far;
  for (let i = 0; i < 50; i += 1) near = zoomed(near, 2, { x: 3, y: 3 }, picture, window);
  assert.ok(near.scale <= 8);
});

test("a box that can be read stays where it is, a small one is enlarged into sight", () => {
  const whole = fitted(picture, window);
  assert.equal(showing(whole, [100, 100, 200, 80], picture, window), whole);
  const small = [1100, 350, 20, 12];
  const shown = placed(showing(whole, small, picture, window), small);
  assert.ok(shown.height >= 26);
  assert.ok(shown.x >= 0 && shown.x + shown.width <= window.width);
  assert.ok(shown.y >= 0 && shown.y + shown.height <= window.height);
});

test("a popover stands below its box, or above where there is no room, and never outside", () => {
  const size = { width: 300, height: 200 };
  const below = anchored({ x: 250, y: 20, width: 50, height: 40 }, size, window);
  assert.ok(below.y > 60 && below.y < 80);
  const above = anchored({ x: 590, y: 440, width: 50, height: 40 }, size, window);
  assert.ok(above.y + size.height < 440);
  assert.equal(above.x, 300);
  assert.equal(anchored({ x: 0, y: 5, width: 5, height: 490 }, size, window).x, 0);
});

test("a region lies inside the picture in whole pixels, and a speck is none", () => {
  assert.deepEqual(regionBetween({ x: 50.2, y: 300 }, { x: -20, y: 900 }, picture, 8), [0, 300, 50, 100]);
  assert.equal(regionBetween({ x: 50, y: 50 }, { x: 55, y: 300 }, picture, 8), null);
});

test("N goes round the boxes to check, both ways", () => {
  const boxes = ["sure", "check", "confirmed", "unread", "wrong"].map((state, id) => ({ id: String(id), state }));
  const ids = (id, back) => nextToCheck(boxes, id, back)?.id;
  assert.equal(ids(null), "1");
  assert.equal(ids("1"), "3");
  assert.equal(ids("3"), "1");
  assert.equal(ids("3", true), "1");
  assert.equal(ids(null, true), "3");
  assert.equal(nextToCheck(boxes.slice(0, 1), null), null);
});
