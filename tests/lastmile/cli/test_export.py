"""`lastmile export`: a version holds one model, and what goes wrong is told."""

import json

import pytest

MODULE = """
import pandas as pd
from sklearn.linear_model import LogisticRegression

rows = pd.DataFrame({"size": [0.0, 1.0, 2.0, 3.0], "price": [1.0, 0.0, 1.0, 0.0]})

def sample():
    print("reading rows")
    return rows

def fitted():
    return LogisticRegression(C=STRENGTH).fit(rows, ["a", "a", "b", "b"])

def unfitted():
    return LogisticRegression()

def narrow():
    return rows[["size"]].rename(columns={"size": "sise"})
"""

DEFINITION = """
title = "Sizes"
version = "1.0.0"
estimator = "sizes_{number}:{estimator}"
sample = "sizes_{number}:{sample}"
"""


@pytest.fixture(name="define")
def _define(make_workspace):
    root = make_workspace()
    count = iter(range(100))

    def define(estimator="fitted", sample="sample", strength=1.0):
        number = f"{id(root)}_{next(count)}"
        (root / f"src/sizes_{number}.py").write_text(MODULE.replace("STRENGTH", str(strength)))
        text = DEFINITION.format(number=number, estimator=estimator, sample=sample)
        (root / "exports/sizes.toml").write_text(text)
        return root

    return define


def test_a_version_is_not_replaced_by_another_model_unless_asked(lastmile, define):
    first = lastmile("export", "run", "sizes", cwd=define())
    again = lastmile("export", "run", "sizes", cwd=define())
    other = lastmile("export", "run", "sizes", cwd=define(strength=0.1))
    asked = lastmile("export", "run", "sizes", "--replace", cwd=define(strength=0.1))

    assert [first.code, again.code, other.code, asked.code] == [0, 0, 2, 0]
    assert "exists already and holds another model" in other.err
    assert "raise `version`" in other.err


def test_what_the_estimators_code_prints_is_no_part_of_the_answer(lastmile, define):
    answer = lastmile("export", "run", "sizes", "--json", cwd=define())

    assert json.loads(answer.out)["name"] == "sizes"
    assert "reading rows" in answer.err


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"estimator": "unfitted"}, ["is not fitted", "call fit()"]),
        ({"sample": "narrow"}, ["the sample lacks `size`, `price`", "did you mean `sise`?"]),
        ({"estimator": "fited"}, ["has no `fited`", "did you mean `fitted`?"]),
    ],
    ids=["not fitted", "column missing", "misspelt"],
)
def test_what_is_wrong_is_told_and_nothing_is_written(lastmile, define, keys, words):
    root = define(**keys)
    answer = lastmile("export", "run", "sizes", cwd=root)

    assert answer.code == 2
    for word in words:
        assert word in answer.err
    assert "Traceback" not in answer.err
    assert not (root / "exports/_built").exists()


def test_a_pickle_needs_trust(lastmile, define):
    import pickle

    root = define()
    (root / "model.pkl").write_bytes(pickle.dumps([1]))
    path = root / "exports/sizes.toml"
    text = path.read_text()
    path.write_text(text.replace(text.split('"')[5], "model.pkl"))
    answer = lastmile("export", "run", "sizes", cwd=root)

    assert answer.code == 2
    assert "model.pkl is not loaded: it is a .pkl file" in answer.err
    assert "--trust" in answer.err
