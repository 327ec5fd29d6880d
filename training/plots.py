"""The project's figures: small SVGs, the same bytes for the same data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK: Final = "#1f4e79"
SERIES: Final = ("#1f4e79", "#c8553d", "#588157", "#8d6a9f", "#d4a017", "#5b8e9b")


def save(figure: Figure, path: Path) -> None:
    """Writes an SVG without date and with fixed ids, so that version control sees real changes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "triage", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})


def panels(count: int, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of equal panels, each `width` x `height` inches."""
    rows = -(-count // columns)
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    axes = [figure.add_subplot(rows, columns, index + 1) for index in range(count)]
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
        one.tick_params(labelsize=7)
    return figure, axes


def reliability(path: Path, bins: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """One panel a task: how often it is right (up) where it claims a confidence (right)."""
    figure, axes = panels(len(bins), columns=3, width=2.0, height=1.9)
    for one, (task, points) in zip(axes, bins.items(), strict=True):
        one.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle="--")
        one.plot(
            *zip(*points, strict=True), marker="o", markersize=3, linewidth=1, color=INK
        ) if points else None
        one.set(xlim=(0, 1.02), ylim=(0, 1.02))
        one.set_title(task, fontsize=8)
    save(figure, path)


def lines(
    path: Path, across: Sequence[float], series: Mapping[str, Sequence[float]], labels: tuple[str, str]
) -> None:
    """Named lines over the same points; `labels` of the axes across and up."""
    figure, (one,) = panels(1, columns=1, width=4.5, height=3.0)
    for colour, (name, values) in zip(SERIES, series.items(), strict=False):
        one.plot(across, values, marker="o", markersize=3, linewidth=1.2, color=colour, label=name)
    one.set_xlabel(labels[0], fontsize=8)
    one.set_ylabel(labels[1], fontsize=8)
    one.legend(fontsize=7, frameon=False)
    save(figure, path)


def bars(one: Axes, names: Sequence[str], parts: Mapping[str, Sequence[float]]) -> None:
    """Stacked bars, a colour for each part."""
    base = [0.0] * len(names)
    for colour, (part, values) in zip(SERIES, parts.items(), strict=False):
        one.bar(names, values, bottom=base, color=colour, width=0.75, label=part)
        base = [low + value for low, value in zip(base, values, strict=True)]
    one.margins(y=0.12)  # room for the legend above the tallest bar
    one.legend(fontsize=6, frameon=False, ncols=len(parts), loc="upper left")


def heat(one: Axes, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]]) -> None:
    """A table as colours; the numbers stand in the document, where they cost less than in an SVG."""
    image = one.imshow(values, cmap="Blues", aspect="auto", vmin=0)
    colours = image.axes.figure.colorbar(image, ax=one, shrink=0.8)
    colours.ax.tick_params(labelsize=6)
    one.set_xticks(range(len(columns)), columns, fontsize=6)
    one.set_yticks(range(len(rows)), rows, fontsize=6)
    one.spines[:].set_visible(False)
