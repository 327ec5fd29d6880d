"""`make bench`: our whole path against the glued-together peer, in turn on the same texts."""

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import server
from benchmarks.peer import Peer, language_of
from models import bundle
from models.ngrams import NGrams
from training.dataset import load_corpus
from triage.language import profile_evidence
from triage.lexicon import Lexicon
from triage.pipeline import analyse
from triage.settings import DEFAULT_MODEL, Settings
from triage.spelling import spelt
from triage.types import SurveyResponse
from triage.wiring import load_predictor

REPORT: Final = Path("docs/performance.md")
ROUNDS: Final = 5
TEXTS: Final = 256
QUESTION: Final = "What is the main reason for your score?"
Speeds = dict[str, list[float]]
"""Contender -> texts a second, one figure a round."""


def main() -> None:
    """Measures, prints and writes the report."""
    texts = sample(Path("fixtures/corpus"), TEXTS)
    load_predictor(Settings(), lambda step, share: print(f"{step} {share:.0%}", flush=True))
    with server.serving() as running:
        ready = running.seconds_to_ready
        speeds = race(running, texts)
        memory = running.memory_mb()
    report = write(speeds, ready, memory, steps(texts), texts)
    REPORT.write_text(report, "utf-8")
    print(report)


def sample(corpus: Path, size: int) -> list[str]:
    """Comments of every language, the same ones each time."""
    return random.Random(3).sample([example.text for example in load_corpus(corpus)], size)


def race(running: server.Running, texts: Sequence[str]) -> Speeds:
    """All contenders in turn, round after round, so that a change of the machine's speed meets all."""
    peer, predictor = Peer(), load_predictor(Settings(), lambda *_: None)
    responses = [SurveyResponse(external_id=str(i), comment=text) for i, text in enumerate(texts)]
    asked = [replace(response, question=QUESTION) for response in responses]
    contenders: dict[str, Callable[[], object]] = {
        "peer, one at a time": lambda: peer.run(texts, 1),
        "peer, batches of 32": lambda: peer.run(texts, 32),
        "ours, in process": lambda: analyse(responses, predictor),
        "ours, in process, with the survey's question": lambda: analyse(asked, predictor),
        "ours, POST /v1/classify": lambda: server.classify(running, texts),
        "ours, POST /v1/responses": lambda: server.post(running, texts),
    }
    speeds: Speeds = {name: [] for name in contenders}
    for number in range(ROUNDS + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            if number:  # the first round only warms up
                speeds[name].append(len(texts) / (time.perf_counter() - began))
        print(f"round {number} of {ROUNDS} done", flush=True)
    return speeds


def steps(texts: Sequence[str]) -> dict[str, float]:
    """Milliseconds a text of what surrounds the model; langdetect's own sampling beside it."""
    Lexicon.accented.cache_clear()
    Lexicon.corrected.cache_clear()
    letters = NGrams.load(bundle.find(DEFAULT_MODEL) / bundle.NGRAMS)
    return {
        "langdetect as it comes": _milliseconds(language_of, texts),
        "its profiles read exactly (`triage/profiles.py`)": _milliseconds(profile_evidence, texts),
        "what letters say (`models/ngrams.py`)": _milliseconds(letters.log_probabilities, texts),
        "slips read over (`triage/spelling.py`), words met for the first time": _milliseconds(spelt, texts),
        "the same with words met before": _milliseconds(spelt, texts),
    }


def _milliseconds(run: Callable[[str], object], texts: Sequence[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        run(text)
    return (time.perf_counter() - began) / len(texts) * 1e3


def ratio(speeds: Speeds, ours: str, other: str) -> float:
    """The median over rounds of how many times faster `ours` was in the same round."""
    return median(a / b for a, b in zip(speeds[ours], speeds[other], strict=True))


def write(
    speeds: Speeds, ready: float, memory: float, parts: Mapping[str, float], texts: Sequence[str]
) -> str:
    """The report as Markdown."""
    single, batched = "peer, one at a time", "peer, batches of 32"
    rows = [
        f"| {name} | {median(found):.0f} | {min(found):.0f} to {max(found):.0f} |"
        f" {ratio(speeds, name, single):.1f} | {ratio(speeds, name, batched):.1f} |"
        for name, found in speeds.items()
    ]
    words = sum(len(text.split()) for text in texts) / len(texts)
    return "\n".join(
        [
            "# Performance",
            "",
            "Written by `make bench`; run it on your machine for figures of your own.",
            "",
            f"{len(texts)} comments of the corpus ({words:.0f} words on average) go through every"
            f" contender in turn, {ROUNDS} rounds, on {len(os.sched_getaffinity(0))} CPU cores. The peer is"
            " what one would glue together: langdetect and a fp32 transformers pipeline on the same encoder,"
            " giving one classification. Ours gives language, 15 categories with polarity, sentiment, the"
            " request with its place and intent, and urgency; over HTTP the client shares the cores, and"
            " `/v1/responses` stores, routes and commits each.",
            "",
            "| | texts a second (median) | range | times the peer, one at a time | times the peer, batched |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            "| | measured | aim |",
            "| --- | --- | --- |",
            f"| process start to ready, runtime file in the cache | {ready:.1f} s | <= 5 s |",
            f"| memory of the serving process after the load | {memory:.0f} MB | <= 900 MB |",
            *(f"| {name}, a text | {taken:.2f} ms | |" for name, taken in parts.items()),
            "",
        ]
    )


if __name__ == "__main__":
    main()
