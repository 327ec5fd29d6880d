import json
import tarfile
from pathlib import Path

import pytest

from training.thirdparty import SOURCES, load, present, unseen
from triage.errors import InvalidInput


def letters(number: int) -> str:
    """Another word for every number."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def write(folder: Path, name: str, *records: object) -> None:
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")


def test_only_what_a_set_labels_is_learnt_from(tmp_path: Path) -> None:
    write(tmp_path, "xed_sentiment.jsonl", {"text": "- Get out !", "lang": "en", "label": "negative"})
    write(
        tmp_path, "xed_questions_nopunct.jsonl", {"text": "are you sure", "lang": "en", "label": "question"}
    )
    (line, question), sources = load(tmp_path, seed=1)
    assert (line.text, line.polarity, line.has_request, line.aspects) == ("Get out!", "negative", None, None)
    assert line.sentiment is None  # a film line may be neutral or mixed too
    assert (question.asks, question.has_request, question.sentiment) == (True, None, None)
    assert [source.licence for source in sources] == ["CC BY 4.0", "CC BY 4.0"]


def test_support_questions_are_requests_with_our_intents(tmp_path: Path) -> None:
    rows = [{"text": "track it", "lang": "en", "label": label} for label in ("track_order", "newsletter")]
    write(tmp_path, "bitext_support_en.jsonl", *rows)
    examples, _ = load(tmp_path, seed=1)
    assert {(one.has_request, one.request) for one in examples} == {(True, "order_status"), (True, None)}


def test_reviews_map_to_our_categories(tmp_path: Path) -> None:
    triplets = [
        ["FOOD#PRICES", "negative", "draho"],
        ["SERVICE#GENERAL", "positive", "obsluha"],
        ["X#Y", "neutral", ""],
    ]
    write(tmp_path, "czech_restaurant_absa.jsonl", {"text": "Draho .", "lang": "cs", "triplets": triplets})
    (review,), _ = load(tmp_path, seed=1)
    assert review.aspects == {"price": "negative", "staff": "positive"}
    assert review.text == "Draho."


def test_a_sample_is_balanced_and_repeatable(tmp_path: Path) -> None:
    rows = [{"text": f"line {n}", "lang": "en", "label": "positive"} for n in range(1100)]
    rows += [{"text": f"zeile {n}", "lang": "de", "label": "negative"} for n in range(20)]
    write(tmp_path, "xed_sentiment.jsonl", *rows)
    examples, _ = load(tmp_path, seed=3)
    assert sum(one.lang == "en" for one in examples) == SOURCES[0].most
    assert sum(one.lang == "de" for one in examples) == 20
    assert examples == load(tmp_path, seed=3)[0]


def test_a_folder_without_sets_gives_none(tmp_path: Path) -> None:
    assert present(tmp_path) == []
    with pytest.raises(InvalidInput, match=r"xed_sentiment\.jsonl"):
        load(tmp_path, seed=1)


@pytest.mark.parametrize(
    ("line", "fault"),
    [('{"text": "Get out"}', "`lang`"), ("Get out", "not a JSON"), ('{"text": "ut", "lang": "no"}', "'no'")],
)
def test_a_line_that_is_not_as_told_is_named(tmp_path: Path, line: str, fault: str) -> None:
    good = '{"text": "Get out", "lang": "en", "label": "negative"}'
    (tmp_path / "xed_sentiment.jsonl").write_text(f"{good}\n\n{line}\n", "utf-8")
    with pytest.raises(InvalidInput, match=rf"xed_sentiment\.jsonl:3: .*{fault}"):
        load(tmp_path, seed=1)


def test_what_is_measured_on_was_not_learnt_from(tmp_path: Path) -> None:
    good, bad = [["FOOD#QUALITY", "positive", "x"]], [["SERVICE#GENERAL", "negative", "y"]]
    rows = [{"text": f"věta {letters(n)}", "lang": "cs", "triplets": (good, bad)[n % 2]} for n in range(2400)]
    rows += [row | {"text": f"{row['text']}!"} for row in rows]
    write(tmp_path, "czech_restaurant_absa.jsonl", *rows)
    learnt = {one.text.strip("!") for one in load(tmp_path, seed=3)[0]}
    checked = unseen(tmp_path, seed=3)["czech_restaurant_absa"]
    assert len(checked) == 1200
    assert not learnt & {one.text.strip("!") for one in checked}, "not even with another end"
    assert {one.polarity for one in checked} == {"positive", "negative"}


def test_a_review_has_a_side_where_all_of_it_agrees(tmp_path: Path) -> None:
    good, bad = ["FOOD#QUALITY", "positive", "x"], ["SERVICE#GENERAL", "negative", "y"]
    told = {"Dobré.": [good, good], "Jak kdy.": [good, bad], "Hrůza.": [bad]}
    rows = [
        {"text": f"{letters(n)} {text}", "lang": "cs", "triplets": t}
        for n in range(700)
        for text, t in told.items()
    ]
    write(tmp_path, "czech_restaurant_absa.jsonl", *rows)
    checked = unseen(tmp_path, seed=3)["czech_restaurant_absa"]
    assert {(one.text.split()[1], one.polarity) for one in checked} == {
        ("Dobré.", "positive"), ("Hrůza.", "negative")
    }  # fmt: skip


def archive(folder: Path, **files: str) -> None:
    with tarfile.open(folder / "hutto_ICWSM_2014.tar.gz", "w:gz") as tar:
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
            tar.add(folder / name, f"hutto/{name}.txt")


def test_rated_texts_are_read_from_their_archive(tmp_path: Path) -> None:
    archive(
        tmp_path,
        tweets_GroundTruth="1\t2.7\t@anonymous so good  &amp; cheap !\n2\t-0.4\tmeh\n3\t3\t@anonymous :)\n\n",
        reviews_GroundTruth="1_1\t-1.9\tit broke\u2028in\ttwo\n",
        notes="no\tratings",
    )
    examples, _ = load(tmp_path, seed=1)
    assert {(one.text, one.lang, one.sentiment, one.polarity) for one in examples} == {
        ("so good & cheap!", "en", "positive", None), ("it broke in two", "en", "negative", None)
    }  # fmt: skip


def test_an_archive_whose_lines_hold_no_rating_is_named(tmp_path: Path) -> None:
    archive(tmp_path, tweets_GroundTruth="1\t2.7\tgood\n2\tgood\n")
    with pytest.raises(InvalidInput, match=r"tweets_GroundTruth\.txt:2: "):
        load(tmp_path, seed=1)


def test_what_is_no_archive_of_ratings_is_refused(tmp_path: Path) -> None:
    archive(tmp_path, notes="1\t2.7\tgood\n")
    with pytest.raises(InvalidInput, match="holds no"):
        load(tmp_path, seed=1)
    (tmp_path / "hutto_ICWSM_2014.tar.gz").write_text("<html>not found</html>", "utf-8")
    with pytest.raises(InvalidInput, match="fetch it again"):
        load(tmp_path, seed=1)


def test_a_set_to_be_measured_on_is_not_learnt_from(tmp_path: Path) -> None:
    rows = [{"text": f"line {letters(n)}", "lang": "en", "label": "positive"} for n in range(9)]
    write(tmp_path, "sentiment_labelled_sentences.jsonl", *rows)
    assert load(tmp_path, seed=1)[0] == []
    assert len(unseen(tmp_path, seed=1)["sentiment_labelled_sentences"]) == 9
