"""`triage corpus`: the training comments, checked, counted and compared with a second annotation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from triage.cli.context import Bars, err, explained, out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.corpus import Composition

app = typer.Typer(no_args_is_help=True, help="The labelled comments that models learn from.")

Corpus = Annotated[Path, typer.Option(help="Folder of labelled comments.")]
Docs = Annotated[Path, typer.Option(help="Where corpus.md is.")]


@app.command()
def check(
    corpus: Corpus = Path("fixtures/corpus"),
    embeddings: Annotated[
        bool, typer.Option("--embeddings", help="Look for near duplicates too; minutes.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="A composition off its targets is a fault.")
    ] = False,
) -> None:
    """Faults, counts and composition of a corpus. Exits 1 where something is wrong."""
    with explained():
        from training import corpus as rules
        from training.duplicates import find

        checked = rules.check(corpus)
        counts = rules.composition(checked.examples)
        for table in _tables(counts):
            out.print(table)
        out.print("words:", ", ".join(f"{k}: {n}" for k, n in rules.lengths(checked.examples).items()))
        faults, short = list(checked.faults), rules.shortfalls(counts)
        if embeddings:
            bars = Bars()
            for pair in find(checked.examples, lambda share: bars("Embedding", share)):
                said = f"{pair.first} and {pair.second} are near duplicates: cosine {pair.cosine:.3f}"
                (short if pair.across else faults).append(said)
        _tell(faults, "red")
        _tell(short, "yellow")
        out.print(f"{len(checked.examples)} comments, {len(faults)} faults, {len(short)} remarks")
        if faults or (strict and short):
            raise typer.Exit(1)


def _tell(lines: list[str], colour: str) -> None:
    for line in lines:
        err.print(line, style=colour, highlight=False)


def _tables(counts: "Mapping[str, Composition]") -> list[Table]:
    from triage.labels import CATEGORIES, INTENTS, POLARITIES, SENTIMENTS

    overview = Table("language", "comments", "requests", 'without "?"', "urgent", "two categories+", "words")
    for code, one in counts.items():
        numbers = (one.records, one.requests, one.unmarked, one.urgent, one.several, one.words)
        overview.add_row(code, *(f"{number:g}" for number in numbers))
    crossed = Table("label", *counts, title="comments by label")
    for field, names in (
        ("intents", INTENTS),
        ("categories", CATEGORIES),
        ("polarities", POLARITIES),
        ("sentiments", SENTIMENTS),
    ):
        for name in names:
            crossed.add_row(name, *(str(getattr(one, field)[name]) for one in counts.values()))
        crossed.add_section()
    return [overview, crossed]


@app.command()
def plots(corpus: Corpus = Path("fixtures/corpus"), docs: Docs = Path("docs")) -> None:
    """Write the tables of docs/corpus.md and its plots anew."""
    with explained():
        from training import corpus_docs
        from training.dataset import load_corpus

        corpus_docs.write(load_corpus(corpus), corpus, docs)
        out.print(f"Wrote {docs}/corpus.md and its plots")


@app.command()
def agreement(
    first: Annotated[Path, typer.Option(help="The labels before differences were resolved.")] = Path(
        "fixtures/corpus/annotation/first.jsonl"
    ),
    second: Annotated[Path, typer.Option(help="The blind second labels of the same comments.")] = Path(
        "fixtures/corpus/annotation/second.jsonl"
    ),
    docs: Docs = Path("docs"),
) -> None:
    """Compare two annotations of the same comments, and write the table into docs/corpus.md."""
    with explained():
        from training.agreement import FIELDS, by_language, load
        from training.corpus_docs import DOCUMENT
        from training.corpus_docs import agreement as render
        from training.markdown import put

        found = by_language(load(first, second))
        table = Table("language", "comments", *FIELDS)
        for code, one in found.items():
            table.add_row(code, str(one.comments), *(f"{getattr(one, field):.3f}" for field in FIELDS))
        out.print(table)
        put(docs / DOCUMENT, "agreement", render(found))
