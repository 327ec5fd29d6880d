"""Openly licensed third-party text, learnt from before and beside the corpus; `docs/retrain.md` has its home.

Each set is read into `Example`s that carry only what the set really labels; the texts
never enter the project, and a model trained on them names them in its card.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training import ratings
from training.corpus import normalised
from training.dataset import Example
from triage.errors import InvalidInput
from triage.labels import LANGUAGES

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One set: its file, who made it, under which licence, how many rows a language and label we take."""

    file: str
    origin: str
    licence: str
    most: int
    read: Callable[[Record], Example]
    checked: int = 0
    """How many rows a language and polarity to measure on, of those left; 0 where most are learnt from."""

    @property
    def name(self) -> str:
        """The file's, without what it ends in."""
        return self.file.split(".")[0]


def load(folder: Path, seed: int) -> tuple[list[Example], list[Source]]:
    """A balanced sample of every set found in `folder`, and the sets it came from.

    Raises InvalidInput where there is none, or a line is not as `docs/retrain.md` says.
    """
    found = present(folder)
    if not found:
        raise InvalidInput(f"{folder} holds none of {', '.join(source.file for source in SOURCES)}")
    examples = [example for source in found for example in _sample(source, folder, random.Random(seed))]
    return examples, found


def unseen(folder: Path, seed: int) -> dict[str, list[Example]]:
    """By set, texts with a polarity that `load` with this seed leaves out; the same each time.

    The letters decide: a line that was learnt from without its stop has been seen.
    """
    learnt = {normalised(example.text) for example in load(folder, seed)[0]}
    return {
        source.name: [
            Example(id=source.file, text=row["text"], lang=row["lang"], polarity=row["polarity"])
            for row in _checked(source, folder, learnt, random.Random(seed))
        ]
        for source in present(folder)
        if source.checked
    }


def _checked(source: Source, folder: Path, learnt: Set[str], rng: random.Random) -> Iterator[Record]:
    for _, rows in sorted(_groups(source, folder, _polarity).items()):
        left = {normalised(row["text"]): row for row in rows if row["polarity"]}
        fresh = [row for letters, row in left.items() if letters not in learnt]
        yield from rng.sample(fresh, min(source.checked, len(fresh)))


def present(folder: Path) -> list[Source]:
    """The sets whose files lie in `folder`."""
    return [source for source in SOURCES if (folder / source.file).exists()]


def _sample(source: Source, folder: Path, rng: random.Random) -> Iterator[Example]:
    for _, rows in sorted(_groups(source, folder, _label).items()):
        for row in rng.sample(rows, min(source.most, len(rows))):
            yield source.read(row)


def _groups(
    source: Source, folder: Path, kind: Callable[[Record], str]
) -> dict[tuple[str, str], list[Record]]:
    """The set's records by language and kind."""
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    path = folder / source.file
    for record in _rated(path) if path.suffix == ".gz" else _lines(path):
        groups[record["lang"], kind(record)].append(record)
    return groups


def _lines(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _record(line, f"{path.name}:{number}")


def _rated(path: Path) -> Iterator[Record]:
    for text, side in ratings.read(path):
        yield {"text": _join(text), "lang": "en", "label": side, "polarity": side}


def _record(line: str, place: str) -> Record:
    try:
        record: Record = json.loads(line)
        text, language = _join(record["text"]), record["lang"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{place}: not a JSON object with `text` and `lang`") from error
    if language not in LANGUAGES:
        raise InvalidInput(f"{place}: `lang` is {language!r}; take out all but {', '.join(LANGUAGES)}")
    return record | {"text": text, "polarity": _polarity(record)}


def _label(record: Record) -> str:
    return str(record.get("speech_act") or record.get("label") or "")


def _polarity(record: Record) -> str:
    """Positive or negative where everything in the record says so, else empty."""
    said = {polarity for _, polarity, _ in record.get("triplets", ())} or {_label(record)}
    return said.pop() if said in ({"positive"}, {"negative"}) else ""


_SPACED: Final = re.compile(r"\s+([,.;:!?…)»])")


def _join(text: str) -> str:
    """Subtitle corpora put a space before punctuation; nobody types so."""
    return _SPACED.sub(r"\1", text).strip("*- ")


def _sentiment(record: Record) -> Example:
    """Films' emotions tell praise from blame; what is neutral or mixed they draw otherwise than customers."""
    return Example(id="xed", text=record["text"], lang=record["lang"], polarity=record["polarity"] or None)


def _rating(record: Record) -> Example:
    """The mean of twenty people is firm enough to say that a text is not mixed or neutral either."""
    return Example(id="hutto", text=record["text"], lang="en", sentiment=record["polarity"])


def _question(record: Record) -> Example:
    return Example(id="xed", text=record["text"], lang=record["lang"], asks=record["label"] == "question")


def _command(record: Record) -> Example:
    return Example(id="ha", text=record["text"], lang=record["lang"], asks=True)


_INTENTS: Final = {
    "track_order": "order_status", "delivery_period": "order_status",
    "change_order": "order_change", "cancel_order": "order_change",
    "change_shipping_address": "order_change",
    "get_refund": "return_refund", "track_refund": "return_refund", "check_refund_policy": "return_refund",
    "get_invoice": "payment_invoice", "check_invoice": "payment_invoice", "payment_issue": "payment_invoice",
    "recover_password": "account_loyalty", "registration_problems": "account_loyalty",
    "edit_account": "account_loyalty", "switch_account": "account_loyalty",
    "create_account": "account_loyalty",
    "complaint": "contact_me", "contact_human_agent": "contact_me",
    "delete_account": "privacy",
}  # fmt: skip


def _support(record: Record) -> Example:
    intent = _INTENTS.get(record["label"])
    return Example(id="bitext", text=record["text"], lang="en", asks=True, has_request=True, request=intent)


_ASPECTS: Final = {
    "FOOD#QUALITY": "product", "DRINKS#QUALITY": "product", "FOOD#PRICES": "price", "DRINKS#PRICES": "price",
    "RESTAURANT#PRICES": "price", "FOOD#STYLE_OPTIONS": "assortment", "DRINKS#STYLE_OPTIONS": "assortment",
    "SERVICE#GENERAL": "staff", "AMBIENCE#GENERAL": "store", "LOCATION#GENERAL": "store",
}  # fmt: skip


def _review(record: Record) -> Example:
    aspects = {_ASPECTS[name]: polarity for name, polarity, _ in record["triplets"] if name in _ASPECTS}
    return Example(id="absa", text=record["text"], lang="cs", aspects=aspects, has_request=False)


_XED: Final = ("Helsinki-NLP/XED (Öhman et al. 2020)", "CC BY 4.0")
SOURCES: Final = (
    Source(file="xed_sentiment.jsonl", origin=_XED[0], licence=_XED[1], most=1000, read=_sentiment),
    Source(file="xed_questions_nopunct.jsonl", origin=_XED[0], licence=_XED[1], most=250, read=_question),
    Source(
        file="homeassistant_intents.jsonl", origin="home-assistant/intents", licence="CC BY 4.0",
        most=60, read=_command,
    ),
    Source(
        file="bitext_support_en.jsonl", origin="bitext/customer-support-intent-detection-training-dataset",
        licence="CDLA-Sharing 1.0", most=60, read=_support,
    ),
    Source(
        file="czech_restaurant_absa.jsonl", origin="biba10/Czech-Dataset-for-Complex-ABSA-Tasks",
        licence="MIT", most=1200, read=_review, checked=600,
    ),
    Source(
        file="hutto_ICWSM_2014.tar.gz",
        origin="sentences from film and product reviews and newspapers, and posts, rated by twenty people"
        " each (Hutto and Gilbert 2014), from vaderSentiment on PyPI",
        licence="MIT as its compilers released it", most=6500, read=_rating,
    ),
    Source(
        file="sentiment_labelled_sentences.jsonl", licence="CC BY 4.0",
        origin="UCI (Kotzias et al. 2015): sentences from reviews of goods, restaurants and films",
        most=0, read=_sentiment, checked=1500,
    ),
)  # fmt: skip
