"""Variations of a comment that leave its labels true: how real customers type.

Every edit works on the three parts around the request (before, asking, after), so the
request's offsets stay exact whatever happens to the text.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from training.dataset import Example
from triage.letters import without_diacritics
from triage.segments import segment

Edit = Callable[[str, random.Random], str]

EMOJI: Final = ("🙂", "👍", "😡", "🙏", "😊", "😞", "❤️", "🤔", "😂", "🙄")


def diacritics_lost(text: str, _: random.Random | None = None) -> str:
    """Without diacritics, as typed on a keyboard that has none."""
    return without_diacritics(text)


def without_punctuation(text: str, _: random.Random | None = None) -> str:
    """As dictated to a phone."""
    return "".join(c for c in text if c not in ".,;:!?…¿¡;")


def without_question_mark(text: str, _: random.Random | None = None) -> str:
    """Only the question marks go."""
    return text.translate(_NO_QUESTION)


_NO_QUESTION: Final = str.maketrans("", "", "?¿;")


def typo(text: str, rng: random.Random) -> str:
    """Swaps, drops or doubles a letter in about one word of ten."""
    words = text.split(" ")
    return " ".join(_slip(word, rng) if len(word) > 3 and rng.random() < 0.1 else word for word in words)


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind == 1 else word[:at] + word[at] + word[at:]


def new_numbers(text: str, rng: random.Random) -> str:
    """Other digits in every number, of the same length."""
    return "".join(str(rng.randrange(10)) if c in "0123456789" else c for c in text)


WEIGHTS: Final[Mapping[Edit, float]] = {
    diacritics_lost: 0.15,
    without_punctuation: 0.08,
    without_question_mark: 0.25,
    typo: 0.25,
    new_numbers: 0.30,
}
"""How often each edit is applied, independently."""


def vary(example: Example, rng: random.Random, turning: float = 0.45) -> Example:
    """A random variation, with its sentences turned as often as that; often the example itself."""
    if rng.random() < turning:
        example = turned(example, rng)
    edits = [edit for edit, weight in WEIGHTS.items() if rng.random() < weight]
    seeds = [rng.getrandbits(32) for _ in edits]
    parts = [_apply(part, edits, seeds) for part in _parts(example)]
    if rng.random() < 0.08:
        parts[2] += " " + rng.choice(EMOJI)
    if example.has_request is False and rng.random() < 0.06:
        parts[2] += "?"
    return _assemble(example, parts)


def _apply(text: str, edits: list[Edit], seeds: list[int]) -> str:
    for edit, seed in zip(edits, seeds, strict=True):
        text = edit(text, random.Random(seed))
    return text


def _parts(example: Example) -> list[str]:
    start, end = example.span or (len(example.text), len(example.text))
    return [example.text[:start], example.text[start:end], example.text[end:]]


def _assemble(example: Example, parts: list[str]) -> Example:
    text = "".join(parts)
    if not text.strip():
        return example
    start = len(parts[0])
    span = (start, start + len(parts[1])) if example.span and parts[1].strip() else None
    return replace(example, text=text, span=span)


def turned(example: Example, rng: random.Random) -> Example:
    """The comment from another of its sentences on, and then its beginning; the request keeps its words."""
    sentences = segment(example.text)
    ended = example.text.rstrip()[-1:] in ".!?…"
    inside = [
        s for s in sentences[1:] if example.span is None or not example.span[0] < s.start < example.span[1]
    ]
    if not inside or not ended:
        return example  # without an end mark two sentences would melt into one
    cut = rng.choice(inside).start
    head, tail = example.text[:cut].rstrip(), example.text[cut:].rstrip()
    if example.span is None:
        return replace(example, text=f"{tail} {head}")
    shift = -cut if example.span[0] >= cut else len(tail) + 1
    return replace(example, text=f"{tail} {head}", span=(example.span[0] + shift, example.span[1] + shift))


def cropped(example: Example, rng: random.Random) -> Example:
    """One to four words of a comment, of which only the language is known."""
    words = example.text.split()
    size = rng.randint(1, 4)
    at = rng.randrange(max(1, len(words) - size + 1))
    return Example(id=example.id, text=" ".join(words[at : at + size]), lang=example.lang)


def join(first: Example, second: Example) -> Example | None:
    """Two comments of one language as one, labels united; None where they contradict each other."""
    if first.lang != second.lang or (first.has_request and second.has_request):
        return None
    shared = (first.aspects or {}).keys() & (second.aspects or {}).keys()
    if any(first.aspects[c] != second.aspects[c] for c in shared):  # type: ignore[index]
        return None
    glue = " " if first.text[-1] in ".!?…" else ". "
    offset = len(first.text) + len(glue)
    asking = first if first.has_request else second
    shift = 0 if asking is first else offset
    return replace(
        first,
        text=first.text + glue + second.text,
        aspects={**(first.aspects or {}), **(second.aspects or {})},
        sentiment=_blend(first.sentiment, second.sentiment),
        has_request=asking.has_request,
        request=asking.request,
        span=(asking.span[0] + shift, asking.span[1] + shift) if asking.span else None,
        urgent=bool(first.urgent or second.urgent),
    )


def _blend(first: str | None, second: str | None) -> str | None:
    kinds = {first, second} - {"neutral"}
    if len(kinds) > 1:
        return "mixed"
    return kinds.pop() if kinds else "neutral"
