"""From the checked parts of the files to the values of `form`."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, cast

from pydantic import BaseModel

from triage.surveys.form import (
    Bands,
    Brand,
    Catalogue,
    Condition,
    Criteria,
    Look,
    Option,
    Question,
    ShareLink,
    Survey,
    Target,
    Texts,
)
from triage.surveys.schema import (
    AskedWhen,
    BrandIn,
    BrandsIn,
    CommonIn,
    QuestionIn,
    RangeIn,
    ScaleIn,
    SurveyIn,
    UseIn,
)


def assemble(parts: Mapping[str, BaseModel]) -> Catalogue:
    """Return the catalogue of files that have no mistakes, by their names."""
    common = next(part for part in parts.values() if isinstance(part, CommonIn))
    brands = next(part for part in parts.values() if isinstance(part, BrandsIn))
    surveys = {
        PurePath(name).stem: part for name, part in sorted(parts.items()) if isinstance(part, SurveyIn)
    }
    return Catalogue(
        surveys={key: _survey(key, part, common) for key, part in surveys.items()},
        brands={key: _brand(key, part) for key, part in brands.brands.items()},
    )


def _survey(key: str, part: SurveyIn, common: CommonIn) -> Survey:
    shared = {question.key: question for question in common.questions}
    questions = (
        _question(shared[item.use], item, common.scales)
        if isinstance(item, UseIn)
        else _question(item, item, common.scales)
        for item in part.questions
    )
    return Survey(
        key=key,
        version=part.version,
        module=part.module,
        touchpoint=part.touchpoint,
        title=_texts(part.title),
        intro=_texts(part.intro),
        questions=tuple(questions),
        criteria=_criteria(part),
        target=Target(answers=part.target.answers, per=part.target.per) if part.target else None,
        bands=Bands(positive_from=part.bands.positive_from, negative_below=part.bands.negative_below),
        contact_after=part.contact_after,
        share_after=part.share_after,
    )


def _question(part: QuestionIn, asked: AskedWhen, scales: Mapping[str, ScaleIn]) -> Question:
    """Return a question: what it asks from `part`, when it is asked from `asked`."""
    ends = scales[part.scale] if part.scale else None
    return Question(
        key=part.key,
        kind=part.kind,
        text=_texts(part.text),
        required=part.required or part.kind == "score",
        options=tuple(Option(key=option.key, text=_texts(option.text)) for option in part.options),
        lowest=_texts(ends.lowest) if ends else {},
        highest=_texts(ends.highest) if ends else {},
        bands=asked.band,
        when=tuple(_condition(name, wanted) for name, wanted in asked.when.items()),
    )


def _condition(question: str, wanted: RangeIn | list[str]) -> Condition:
    if isinstance(wanted, RangeIn):
        return Condition(question=question, at_least=wanted.at_least, at_most=wanted.at_most)
    return Condition(question=question, any_of=frozenset(wanted))


def _criteria(part: SurveyIn) -> Criteria:
    ask = part.ask
    return Criteria(
        events=ask.after,
        channel=ask.channel,
        countries=ask.countries,
        brands=ask.brands,
        sample=ask.sample,
        priority=ask.priority,
        timing=ask.send,
    )


def _brand(key: str, part: BrandIn) -> Brand:
    return Brand(
        key=key,
        name=part.name,
        privacy_url=part.privacy_url,
        look=Look(**part.look.model_dump()),
        share={
            country: tuple(ShareLink(name=link.name, url=link.url) for link in links)
            for country, links in part.share.items()
        },
    )


def _texts(part: Any) -> Texts:
    return cast(Texts, part.model_dump())
