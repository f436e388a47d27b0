// A crop of a page as the background of an element, so that the picture is decoded once for all
// crops. The picture may be smaller than the page, in whose pixels boxes are measured.

// The style that shows `box` [x, y, width, height] of a page in a rectangle of at most this size.
export function cropStyle(picture, [x, y, width, height], largest, { margin = 0, closest = 2 } = {}) {
  const pad = margin * height;
  const [left, top] = [Math.max(0, x - pad), Math.max(0, y - pad)];
  const right = Math.min(picture.width, x + width + pad);
  const bottom = Math.min(picture.height, y + height + pad);
  const [wide, high] = [Math.max(1, right - left), Math.max(1, bottom - top)];
  const scale = Math.min(largest.width / wide, largest.height / high, closest);
  const px = (value) => `${Math.round(value * scale * 100) / 100}px`;
  return {
    width: px(wide),
    height: px(high),
    backgroundImage: `url("${picture.url}")`,
    backgroundSize: `${px(picture.width)} ${px(picture.height)}`,
    backgroundPosition: `-${px(left)} -${px(top)}`,
  };
}
