"""The generated parts of `docs/corpus.md`: tables between its markers, and its plots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from training import plots
from training.agreement import FIELDS, Agreement
from training.corpus import Composition, composition, lengths
from training.dataset import Example
from training.markdown import figure, percent, put, table
from training.splits import SPLITS, read_splits
from triage.labels import CATEGORIES, INTENTS, POLARITIES, SENTIMENTS, UNDETERMINED

DOCUMENT: Final = "corpus.md"


def write(examples: Sequence[Example], corpus: Path, docs: Path) -> None:
    """Rewrites the composition tables and both plots."""
    counts = composition(examples)
    document = docs / DOCUMENT
    put(document, "composition", overview(counts))
    put(document, "intents", crossed(counts, "intents", INTENTS))
    put(document, "categories", crossed(counts, "categories", CATEGORIES))
    put(document, "sentiments", crossed(counts, "sentiments", SENTIMENTS))
    put(document, "polarities", crossed(counts, "polarities", POLARITIES))
    put(document, "splits", splits(examples, corpus))
    put(document, "lengths", histogram(examples))
    plot_composition(docs / "corpus-composition.svg", counts)
    plot_lengths(docs / "corpus-lengths.svg", examples)


def overview(counts: Mapping[str, Composition]) -> str:
    """A row for each language, and all together."""
    rows = [
        [
            code, one.records, one.requests, percent(one.requests / one.records),
            percent(one.unmarked / one.requests) if one.requests else "–",
            one.urgent, percent(one.urgent / one.records), one.several, f"{one.words:g}",
        ]
        for code, one in counts.items()
    ]  # fmt: skip
    head = [
        "language", "comments", "requests", "share", 'requests without "?"', "urgent", "share",
        "two categories or more", "median words",
    ]  # fmt: skip
    total = sum(one.records for one in counts.values())
    return f"{total} comments.\n\n{table(head, rows)}"


def crossed(counts: Mapping[str, Composition], field: str, names: Sequence[str]) -> str:
    """Labels down, languages across."""
    codes = [code for code in counts if code != UNDETERMINED]
    rows = []
    for name in names:
        values = [getattr(counts[code], field)[name] for code in codes]
        rows.append([name, *values, sum(values)])
    return table(["", *codes, "all"], rows)


def splits(examples: Sequence[Example], corpus: Path) -> str:
    """How many comments train, tune and test."""
    where = read_splits(corpus)
    counts = Counter((where(example), example.batch) for example in examples)
    rows = []
    for name in SPLITS:
        if batches := sorted((batch, count) for (split, batch), count in counts.items() if split == name):
            shown = ", ".join(f"{batch} ({count})" for batch, count in batches)
            rows.append([name, sum(count for _, count in batches), shown])
    return table(["split", "comments", "batches"], rows)


def histogram(examples: Sequence[Example]) -> str:
    """Comments by their number of words."""
    return table(
        ["words", "comments", "share"],
        [[name, count, percent(count / len(examples))] for name, count in lengths(examples).items()],
    )


def agreement(found: Mapping[str, Agreement]) -> str:
    """A row for each language; figures in per cent, kappa as it is."""
    rows = [
        [code, one.comments, *(_cell(field, getattr(one, field)) for field in FIELDS)]
        for code, one in found.items()
    ]
    return table(["language", "comments", *FIELDS], rows)


def _cell(field: str, value: float) -> str:
    return figure(value, 2) if field == "kappa" else percent(value)


def plot_composition(path: Path, counts: Mapping[str, Composition]) -> None:
    """What kinds of comments each language holds, and how often each category is spoken of."""
    codes = [code for code in counts if code != UNDETERMINED]
    figure_, (kinds, categories) = plots.panels(2, columns=2, width=5.0, height=3.4)
    marked = [counts[c].requests - counts[c].unmarked for c in codes]
    plots.bars(kinds, codes, {
        "requests with ?": marked,
        "requests without": [counts[c].unmarked for c in codes],
        "other": [counts[c].records - counts[c].requests for c in codes],
    })  # fmt: skip
    kinds.set_title("comments", fontsize=8)
    plots.heat(categories, CATEGORIES, codes, [[counts[c].categories[k] for c in codes] for k in CATEGORIES])
    categories.set_title("comments on each category", fontsize=8)
    plots.save(figure_, path)


def plot_lengths(path: Path, examples: Sequence[Example]) -> None:
    """Lengths of requests and of other comments."""
    figure_, (one,) = plots.panels(1, columns=1, width=4.5, height=2.6)
    asking = lengths([example for example in examples if example.has_request])
    others = lengths([example for example in examples if not example.has_request])
    plots.bars(one, [*asking], {"with a request": [*asking.values()], "without": [*others.values()]})
    one.set_xlabel("words", fontsize=8)
    plots.save(figure_, path)
