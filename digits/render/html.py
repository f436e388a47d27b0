"""Render pictures and charts as HTML with alternative texts, without external resources.

A chart library would take seconds to load. Charts are images with their own background, since they
have to be readable on light and dark pages and Streamlit removes inline SVG.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from digits.arrays import Float32
from digits.render.text import in_percent

STRONG, PALE, AGAINST = "#4a6fd8", "#8a949a", "#d0662a"  # readable on light and dark
DARK, PAPER = "#161b26", "#f8f9fd"
WIDTH, HEIGHT = 360.0, 210.0  # units of a chart's own size
LEFT, BOTTOM, TOP, RIGHT = 44.0, 34.0, 26.0, 16.0  # units round the plot, for its axes
DASHES = ("", "5 4", "2 3")  # dash patterns of lines
TICKS = 4  # intervals of an axis, about
ROUNDING = 1e-9  # of a tick
FOR = np.array([208, 102, 42])  # RGB of positive values; negative ones are blue


def png_address(picture: np.ndarray) -> str:
    """Return a picture as a data URI: ink 0.0 to 1.0, or uint8 grey or RGB."""
    if picture.dtype != np.uint8:
        picture = np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def image(picture: np.ndarray, alt: str, size: int) -> str:
    """Return an `<img>` with sharp pixels, `size` px wide on the screen."""
    return (
        f'<img alt="{html.escape(alt)}" width="{size}" src="{png_address(picture)}" '
        'style="image-rendering:pixelated;max-width:100%;border:1px solid #8a949a66;'
        'border-radius:8px">'
    )


def signed(values: Float32[np.ndarray, "_h _w"]) -> np.ndarray:
    """Return signed numbers as colours: above 0 orange, below 0 blue, 0 white."""
    strength = np.abs(values) / max(float(np.abs(values).max()), np.finfo(np.float32).tiny)
    colour = np.where(values[..., None] > 0, FOR, FOR[::-1])
    coloured: np.ndarray = np.round(255 - strength[..., None] * (255 - colour)).astype(np.uint8)
    return coloured


def scaled(values: Float32[np.ndarray, "_h _w"]) -> np.ndarray:
    """Return numbers of any size as grey, the highest white."""
    return np.asarray(values / max(float(values.max()), np.finfo(np.float32).tiny))


def gallery(items: Sequence[tuple[np.ndarray, str, str]], size: int) -> str:
    """Return small pictures side by side, given as picture, alternative text and caption."""
    figures = "".join(
        f'<figure style="margin:0;width:{size}px;font-size:.875rem;line-height:1.25">'
        f"{image(picture, alt, size)}<figcaption>{html.escape(caption)}</figcaption></figure>"
        for picture, alt, caption in items
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:.6rem">{figures}</div>'


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    caption: str,
    shade: Sequence[Sequence[float]] = (),
) -> str:
    """Return a table whose first column names the rows; `shade` colours cells from 0 to 1."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
    body = ""
    for i, row in enumerate(rows):
        cells = "".join(
            f'<td style="background:rgb(74 111 216 / {shade[i][j] if shade else 0:.2f})">'
            f"{html.escape(cell)}</td>"
            for j, cell in enumerate(row[1:])
        )
        body += f'<tr><th scope="row">{html.escape(row[0])}</th>{cells}</tr>'
    return (
        '<div style="overflow-x:auto" tabindex="0" role="group" '
        f'aria-label="{html.escape(caption)}">'
        '<table style="border-spacing:.35rem .1rem;font-size:.875rem;text-align:right;'
        'font-variant-numeric:tabular-nums"><caption style="text-align:left;padding-bottom:.3rem">'
        f"{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )


def _line(placed: Sequence[tuple[float, float]], i: int) -> list[str]:
    """Return the points of the i-th line, and the line through them."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return [
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_colour(i)}"/>' for x, y in placed),
        f'<polyline points="{points}" fill="none" {_stroke(i)}/>',
    ]


def _legend(name: str, x: float, i: int) -> list[str]:
    return [f'<path d="M{x:.0f} 10h22" {_stroke(i)}/>', _text(x + 27, 14.0, name, "start")]


def _stroke(i: int) -> str:
    dashes = DASHES[i % len(DASHES)]
    return f'stroke="{_colour(i)}" stroke-width="2" stroke-dasharray="{dashes}"'


def line_chart(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    title: str,
    across: str,
    up: str,
    alt: str,
) -> str:
    """Return named lines of x and y as a picture with axes and a legend."""
    xs = [x for line_x, _ in series.values() for x in line_x]
    ys = [y for _, line_y in series.values() for y in line_y]
    (x0, x1), (y0, y1) = _span(xs), _span(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - BOTTOM - TOP),
        )

    parts = [
        _text(place(x, y0)[0], HEIGHT - BOTTOM + 14, f"{x:.6g}", "middle") for x in _ticks(x0, x1)
    ]
    for y in _ticks(y0, y1):
        at_y = place(x0, y)[1]
        parts.append(_text(LEFT - 5, at_y + 4, f"{y:.6g}", "end"))
        parts.append(
            f'<path d="M{LEFT} {at_y:.1f}H{WIDTH - RIGHT}" stroke="{PALE}" opacity=".35"/>'
        )
    for i, (name, points) in enumerate(series.items()):
        parts += _line([place(*point) for point in zip(*points, strict=True)], i)
        parts += _legend(name, LEFT + i * (WIDTH - LEFT) / len(series), i)
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 4, across, "middle"))
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="{DARK}">'
        f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )
    address = "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()
    return (
        f'<figure style="margin:0;max-width:30rem"><figcaption><b>{html.escape(title)}</b> '
        f'({html.escape(up)})</figcaption><img style="width:100%" src="{address}" '
        f'alt="{html.escape(alt)}"></figure>'
    )


def bars(values: Sequence[float], chosen: int | None, caption: str) -> str:
    """Return a bar for each of the ten digits' probabilities."""
    rows = "".join(
        f'<tr><th scope="row" style="padding-right:.5rem">{value}</th>'
        '<td style="width:100%"><div style="height:.7rem;border-radius:3px;min-width:2px;'
        f"width:{100 * p:.1f}%;background:{STRONG if value == chosen else PALE}"
        '"></div></td><td style="padding-left:.5rem;text-align:right;white-space:nowrap">'
        f"{in_percent(p)}</td></tr>"
        for value, p in enumerate(values)
    )
    return (
        '<table style="width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left">{html.escape(caption)}</caption><tbody>{rows}</tbody>'
        "</table>"
    )


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis; a line of one value still has a middle."""
    low, high = min(values), max(values)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers on an axis, about `TICKS` of them.

    Examples
    --------
    >>> _ticks(0.0, 1.0), _ticks(1.0, 18.0)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [5.0, 10.0, 15.0])
    """
    rough = (high - low) / TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = min((power * nice for nice in (1, 2, 5, 10)), key=lambda size: abs(size - rough))
    first, last = np.ceil(low / step - ROUNDING), np.floor(high / step + ROUNDING)
    return [round(float(n * step), 10) + 0.0 for n in np.arange(first, last + 1)]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _colour(i: int) -> str:
    return (STRONG, AGAINST, PALE)[i % len(DASHES)]
