# SPDX-License-Identifier: MIT
"""
screen.py COLUMNS LINES TITLE <HEX >SVG: what a program has written to a terminal, as
that shows it. pyte is the terminal; lines at the bottom that are empty are left out.
"""
import itertools
import sys
from xml.sax.saxutils import escape

import pyte

WIDTH, HEIGHT = 7.8, 17.0       # of a character
SIDE, HEAD = 12, 34             # around them
PAPER, INK, BAR, TITLE = "#1d2430", "#d7dde6", "#2d3646", "#9aa7b8"
STYLE = "font-family='DejaVu Sans Mono, Menlo, Consolas, monospace' font-size='13'"


def shown(hexadecimal, columns, lines):
    """The screen after all that was written to it."""
    screen = pyte.Screen(columns, lines)
    stream = pyte.ByteStream(screen)
    stream.feed(bytes.fromhex("".join(hexadecimal.split())))
    return [[screen.buffer[y][x] for x in range(columns)] for y in range(lines)]


def runs(row):
    """(first column, text, bold, reverse) of what looks alike in a row."""
    x = 0
    for (bold, reverse), cells in itertools.groupby(row, lambda c: (c.bold, c.reverse)):
        text = "".join(cell.data for cell in cells)
        yield x, text, bold, reverse
        x += len(text)


def draw_run(x, y, text, bold, reverse):
    """As wide as its characters are on the terminal, whatever font there is."""
    top = HEAD + y * HEIGHT
    if reverse:
        yield "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'/>" % (
            SIDE + x * WIDTH, top, len(text) * WIDTH, HEIGHT, INK)
    left = len(text) - len(text.lstrip())
    text = text.strip()
    if text:
        yield ("<text x='%.1f' y='%.1f' textLength='%.1f' fill='%s'%s>%s</text>" % (
            SIDE + (x + left) * WIDTH, top + HEIGHT * 0.75, len(text) * WIDTH,
            PAPER if reverse else INK, " font-weight='bold'" if bold else "",
            escape(text).replace(" ", "\u00a0")))


def draw(rows, columns, title):
    """A window with that title, and the rows in it."""
    while rows and not "".join(cell.data for cell in rows[-1]).strip():
        rows.pop()
    width = 2 * SIDE + columns * WIDTH
    height = HEAD + len(rows) * HEIGHT + SIDE
    yield "<!-- SPDX-License-Identifier: MIT -->"
    yield ("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %.0f %.0f' %s>"
           % (width, height, STYLE))
    yield "<title>%s</title>" % escape(title)
    yield "<rect width='100%%' height='100%%' rx='8' fill='%s'/>" % PAPER
    yield "<path d='M0 24V8a8 8 0 0 1 8-8H%.0fa8 8 0 0 1 8 8v16z' fill='%s'/>" % (
        width - 8, BAR)
    yield "<text x='%.0f' y='17' text-anchor='middle' fill='%s'>%s</text>" % (
        width / 2, TITLE, escape(title))
    for y, row in enumerate(rows):
        for run in runs(row):
            yield from draw_run(run[0], y, *run[1:])
    yield "</svg>"


def main():
    columns, lines, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rows = shown(sys.stdin.read(), columns, lines)
    print("\n".join(draw(rows, columns, title)))


main()
