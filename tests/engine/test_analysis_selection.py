"""The filter in words: every term against a plain loop, round trips of random selections, and error messages."""

import numpy as np
import pytest

from mnist_tui.engine.analysis.confusion import confusion
from mnist_tui.engine.analysis.mistakes import score_images
from mnist_tui.engine.analysis.selection import DIGITS, SelectionError, parse
from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.training.evaluate import Evaluation

FASHION = CATALOG["fashion-mnist"].classes


@pytest.fixture(scope="module")
def judged():
    """2,000 images of a shuffled file of 5,000; a third of the predictions is wrong, with all degrees of confidence."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 2000).astype(np.uint8)
    logits = random.normal(0, 3, (2000, 10)).astype(np.float32)
    logits[np.arange(2000), labels] += 5
    evaluation = Evaluation(logits, np.zeros((2000, 1), np.float32), labels)
    return score_images(evaluation, random.permutation(5000)[:2000])


MEANINGS = {
    "true:3": lambda j, i: j.labels[i] == 3,
    "true:3,5": lambda j, i: j.labels[i] in (3, 5),
    "true:1-3,9": lambda j, i: j.labels[i] in (1, 2, 3, 9),
    "pred:5": lambda j, i: j.predictions[i] == 5,
    "!pred:5": lambda j, i: j.predictions[i] != 5,
    "-pred:5,7": lambda j, i: j.predictions[i] not in (5, 7),
    "index:947": lambda j, i: j.indices[i] == 947,
    "index:100-300,150-200": lambda j, i: 100 <= j.indices[i] <= 300,
    "index:100-200": lambda j, i: 100 <= j.indices[i] <= 200,
    "index:4000,100-200,150-300,7": lambda j, i: j.indices[i] in (7, 4000) or 100 <= j.indices[i] <= 300,
    "conf>0.9": lambda j, i: j.probabilities[i].max() > 0.9,
    "conf>=90%": lambda j, i: j.probabilities[i].max() >= 0.9,
    "conf<=.5": lambda j, i: j.probabilities[i].max() <= 0.5,
    "!conf>0.5": lambda j, i: j.probabilities[i].max() <= 0.5,
    "conf≥0.9": lambda j, i: j.probabilities[i].max() >= 0.9,
    "margin<10%": lambda j, i: j.margin[i] < 0.1,
    "ptrue<1e-2": lambda j, i: j.probabilities[i, j.labels[i]] < 0.01,
    "p3>0.2": lambda j, i: j.probabilities[i, 3] > 0.2,
    "loss>2": lambda j, i: j.loss[i] > 2,
    "loss<0.5": lambda j, i: j.loss[i] < 0.5,
    "wrong": lambda j, i: j.labels[i] != j.predictions[i],
    "right": lambda j, i: j.labels[i] == j.predictions[i],
    "!wrong": lambda j, i: j.labels[i] == j.predictions[i],
}


class TestMeaning:
    @pytest.mark.parametrize("text", MEANINGS)
    def test_one_term(self, judged, text):
        expected = [bool(MEANINGS[text](judged, i)) for i in range(len(judged))]
        mask = parse(text).mask(judged)
        assert mask.tolist() == expected
        assert mask.dtype == bool
        assert 0 < mask.sum() < len(judged) or text == "index:947", "the example must tell both apart"

    def test_index_finds_one_image(self, judged):
        wanted = int(judged.indices[17])
        assert np.flatnonzero(parse(f"index:{wanted}").mask(judged)).tolist() == [17]

    @pytest.mark.parametrize(("at", "below"), [("conf", "confidence"), ("ptrue", "true_probability"), ("loss", "loss")])
    def test_the_limit_itself(self, judged, at, below):
        values = getattr(judged, below)
        limit = float(np.sort(values)[1000])
        for sign, compare in ((">", np.greater), (">=", np.greater_equal), ("<", np.less), ("<=", np.less_equal)):
            assert np.array_equal(parse(f"{at}{sign}{limit!r}").mask(judged), compare(values, limit))

    def test_all_terms_hold(self, judged):
        texts = ["!true:0", "conf>0.6", "wrong", "index:0-4000"]
        separate = [parse(text).mask(judged) for text in texts]
        together = parse(" ".join(texts)).mask(judged)
        assert np.array_equal(together, np.logical_and.reduce(separate))
        assert 0 < together.sum() < min(mask.sum() for mask in separate)

    @pytest.mark.parametrize("text", ["", "   ", "\t\n"])
    def test_an_empty_selection_selects_everything(self, judged, text):
        assert parse(text).mask(judged).all()
        assert parse(text).describe() == ""

    def test_every_cell_of_the_confusion_matrix(self, judged):
        counts = confusion(judged.labels, judged.predictions, 10).counts
        selected = [[parse(f"true:{a} pred:{p}").mask(judged).sum() for p in range(10)] for a in range(10)]
        assert np.array_equal(selected, counts)

    def test_the_verdicts_are_unchanged(self, judged):
        before = judged.correct.copy()
        parse("right true:3").mask(judged)
        assert np.array_equal(judged.correct, before)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("true:3 pred:5 conf>0.9 index:947", "true:3 pred:5 conf>0.9 index:947"),
        ("TRUE:3 Conf>90% WRONG", "true:3 conf>0.9 wrong"),
        ("true : 5 , 3   conf >= 0.90", "true:3,5 conf>=0.9"),
        ("true:4-6 index:9,5,6,7", "true:4,5,6 index:5-7,9"),
        ("-wrong !p07<=.50", "!wrong !p7<=0.5"),
        ("wrong loss>2.0 wrong", "wrong loss>2"),
        ("conf>99.9% conf<1e-5 conf≤100%", "conf>0.999 conf<1e-05 conf<=1"),
    ],
)
def test_canonical_text(text, canonical):
    assert parse(text).describe() == canonical
    assert parse(canonical) == parse(text)


class TestClassNames:
    @pytest.mark.parametrize(
        ("text", "number"),
        [("Coat", 4), ("coat", 4), ("4", 4), ("T-shirt/top", 0), ("Ankle-boot", 9), ("ANKLE-BOOT", 9)],
    )
    def test_name_or_number(self, text, number):
        assert parse(f"true:{text}", FASHION) == parse(f"true:{number}", FASHION)

    def test_described_by_name(self):
        assert parse("pred:9,0,4", FASHION).describe() == "pred:T-shirt/top,Coat,Ankle-boot"

    @pytest.mark.parametrize(
        "classes",
        [
            *(info.classes for info in CATALOG.values()),
            ("1", "0", "2-3", "a:b", "a,b", "a>b", "x≥y", "Same", "same", " ", "two  words"),
        ],
    )
    def test_every_class_there_and_back(self, classes):
        # The number replaces names that can't be written in a filter or that are another class's number.
        for number in range(len(classes)):
            selection = parse(f"true:{number}", classes)
            assert selection.terms[0][1].ranges == ((number, number),)
            assert parse(selection.describe(), classes) == selection


def random_term(random, classes):
    def one_of(*choices):
        return choices[random.integers(len(choices))]

    def whole(end):
        first, last = np.sort(random.integers(0, end, 2)).tolist()
        return one_of(str(first), f"{first}-{last}")

    field = one_of("true", "pred", "index", "conf", "ptrue", "margin", "loss", "p", "word")
    if field == "word":
        body = one_of("wrong", "right")
    elif field in ("true", "pred", "index"):
        end = 5000 if field == "index" else len(classes)
        body = f"{field}:{','.join(whole(end) for _ in range(random.integers(1, 5)))}"
    else:
        field = f"p{random.integers(len(classes))}" if field == "p" else field
        value = round(random.uniform(), int(random.integers(1, 17)))
        number = one_of(repr(value), f"{value * 100!r}%") if field != "loss" else repr(value * 8)
        body = f"{field}{one_of('>', '>=', '<', '<=', '≥', '≤')}{number}"
    return one_of("", "", "!", "-") + one_of(body, body.upper())


@pytest.mark.parametrize("classes", [DIGITS, FASHION])
def test_random_selections_there_and_back(judged, classes):
    random = np.random.default_rng(len(classes[0]))
    seen = set()
    for _ in range(1000):
        text = " ".join(random_term(random, classes) for _ in range(random.integers(0, 4)))
        selection = parse(text, classes)
        described = selection.describe()
        again = parse(described, classes)
        assert again == selection, text
        assert again.describe() == described, text
        mask = selection.mask(judged)
        assert np.array_equal(again.mask(judged), mask), text
        seen.add(int(mask.sum()))
    assert len(seen) > 200, "the selections must differ"


ERRORS = {
    "conf>abc": "a number such as 0.9 or 90% must follow >",
    "conf>-1": "a number such as 0.9 or 90% must follow >",
    "conf>1_0": "a number such as 0.9 or 90% must follow >",
    "conf>0,9": "a number such as 0.9 or 90% must follow >",
    "conf>90": "a number from 0 to 1, or 0% to 100%, must follow >",
    "p3>101%": "a number from 0 to 1, or 0% to 100%, must follow >",
    "loss>50%": "a number such as 2 or 0.5 must follow >",
    "loss>1e999": "a number such as 2 or 0.5 must follow >",
    "conf:0.9": "conf must be followed by >, >=, < or <=, such as conf>0.9",
    "loss": "loss must be followed by >, >=, < or <=, such as loss>2",
    "true>3": "classes such as 3 or 3,5 must follow true:",
    "pred": "classes such as 3 or 3,5 must follow pred:",
    "true:": "classes such as 3 or 3,5 must follow true:",
    "true:10": "classes are 0 to 9",
    "true:3,": "classes such as 3 or 3,5 must follow true:",
    "index:5,,6": "whole numbers such as 947 or 100-200 must follow index:",
    "!p12>0.5": "classes are 0 to 9",
    "index:-5": "whole numbers such as 947 or 100-200 must follow index:",
    "index:1.5": "whole numbers such as 947 or 100-200 must follow index:",
    "index:٣": "whole numbers such as 947 or 100-200 must follow index:",
    "index:99999999999999999999": "whole numbers such as 947 or 100-200 must follow index:",
    "index:200-100": "the range 200-100 ends before it starts: write 100-200",
    "true:5-3": "the range 5-3 ends before it starts: write 3-5",
    "cnf>0.9": "did you mean conf?",
    "predicted:3": "did you mean pred?",
    "wrng": "did you mean wrong?",
    "!!wrong": "did you mean wrong?",
    "947": "unknown term. Terms start with true, pred, index, conf, margin, ptrue, loss, p0 to p9, wrong and",
    ">": "unknown term.",
}


class TestErrors:
    @pytest.mark.parametrize("term", ERRORS)
    def test_names_the_term_and_what_is_allowed(self, term):
        # Blanks around a sign do not end a term, so a sign at its end takes the next term in.
        for text in (term,) if term[-1] in "<>:," else (term, f"true:3 {term} wrong"):
            with pytest.raises(SelectionError) as caught:
                parse(text)
            assert str(caught.value).startswith(f"{term}: {ERRORS[term]}")
            assert "\n" not in str(caught.value)

    def test_a_class_name_that_is_nearly_right(self):
        with pytest.raises(SelectionError, match=r"^true:Coats: did you mean Coat\? Classes are 0 to 9 or T-shirt/top"):
            parse("true:Coats", FASHION)
        # The blank ends the term.
        with pytest.raises(SelectionError, match=r"^true:Ankle: did you mean Ankle-boot\?"):
            parse("true:Ankle boot", FASHION)
        with pytest.raises(SelectionError, match=r"^true:zzz: unknown class. Classes are .* Ankle-boot$"):
            parse("true:zzz", FASHION)

    def test_pasted_text_is_quoted_short_and_printable(self):
        with pytest.raises(SelectionError, match=r"^a{39}…: unknown term"):
            parse("a" * 100_000)
        with pytest.raises(SelectionError, match=r"^�\[31m: unknown term"):
            parse("\x1b[31m")

    def test_random_nonsense_never_raises_anything_else(self):
        random = np.random.default_rng(0)
        pieces = ["true", "pred", "index", "conf", "p", "loss", "wrong", "99", ">=", *":,><=!-%.e03(\x00²ß≤ "]
        refused = 0
        for _ in range(3000):
            text = "".join(random.choice(pieces, random.integers(1, 9)))
            try:
                selection = parse(text)
            except SelectionError:
                refused += 1
            else:
                assert parse(selection.describe()) == selection
        assert 1000 < refused < 3000
