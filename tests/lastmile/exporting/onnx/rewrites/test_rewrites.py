"""Each rewrite on graphs as texts, before and after; and what all of them do to a pipeline."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from lastmile.exporting.onnx import rewrites, to_onnx
from lastmile.exporting.onnx.assembly import model_of
from lastmile.exporting.onnx.graph import Graph
from lastmile.exporting.onnx.rewrites.draft import Draft

HERE = Path(__file__).parent
ML = ("LabelEncoder", "LinearClassifier", "LinearRegressor", "OneHotEncoder", "Scaler")


def cases():
    for path in sorted(HERE.glob("*.txt")):
        for case in path.read_text(encoding="utf-8").split("===\n"):
            before, after = case.split("---\n")
            title, before = before.split("\n", 1)
            yield pytest.param(path.stem, before, after, id=f"{path.stem}: {title[2:]}")


def parse(text):
    """A draft of the text: its first line are inputs and outputs, the others are nodes."""
    head, *lines = text.strip().splitlines()
    inputs, outputs = head.split(" => ")
    names = outputs.strip("()").split(", ")
    domains = re.compile(rf"\b({'|'.join(ML)})\b")
    body = "\n".join(domains.sub(r"ai.onnx.ml.\1", line) for line in lines)
    graph = onnx.parser.parse_graph(
        f"g {inputs} => ({', '.join(f'float[N,M] {name}' for name in names)}) {{\n{body}\n}}"
    )
    constants = {}
    for node in [node for node in graph.node if node.op_type == "Constant"]:
        tensor = node.attribute[0].t
        tensor.name = node.output[0]
        constants[tensor.name] = tensor
        graph.node.remove(node)
    kinds = {value.name: value.type.tensor_type.elem_type for value in graph.input}
    return Draft(inputs=kinds, nodes=tuple(graph.node), constants=constants, outputs=tuple(names))


def show(draft):
    """The draft as lines; constants stand where they are read, other values are numbered."""
    names = {name: name for name in (*draft.inputs, *draft.outputs)}
    names |= {
        name: f"{one.data_type}{onnx.numpy_helper.to_array(one).tolist()}"
        for name, one in draft.constants.items()
    }
    lines = []
    for node in draft.nodes:
        given = ", ".join(names[name] for name in node.input)
        for name in node.output:
            names.setdefault(name, f"v{len(names)}")
        said = sorted(
            f"{one.name}={onnx.helper.get_attribute_value(one)}" for one in node.attribute
        )
        made = ", ".join(names[name] for name in node.output)
        lines.append(f"{made} = {node.op_type}<{', '.join(said)}>({given})")
    used = {name for node in draft.nodes for name in node.input}
    return "\n".join(numbered([*lines, f"{len(used & draft.constants.keys())} constants"]))


def numbered(lines):
    """The lines with values numbered in the order in which they are made."""
    seen = {}
    for line in lines:
        yield re.sub(r"\bv\d+\b", lambda m: seen.setdefault(m[0], f"v_{len(seen)}"), line)


@pytest.mark.parametrize(("rule", "before", "after"), list(cases()))
def test_a_rewrite_makes_of(rule, before, after):
    rewrite = getattr(rewrites, rule)
    once = rewrite(parse(before))
    assert show(once) == show(parse(after))
    assert show(rewrite(once)) == show(once)


def test_every_rewrite_has_its_cases():
    assert {rewrite.__name__ for rewrite in rewrites.REWRITES} == {
        path.stem for path in HERE.glob("*.txt")
    }


def test_a_rewrite_leaves_its_draft_as_it_was():
    for param in cases():
        rule, before, _ = param.values
        draft = parse(before)
        shown = show(draft)
        getattr(rewrites, rule)(draft)
        assert show(draft) == shown


@pytest.mark.parametrize(
    "model", [LogisticRegression(), LinearRegression()], ids=["class", "value"]
)
def test_a_linear_pipeline_becomes_tables_and_one_sum_that_answer_the_same(people, targets, model):
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["my col-é"]),
            ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["class"]),
        ]
    )
    rows = people[["my col-é", "class"]]
    goal = targets.two if isinstance(model, LogisticRegression) else targets.number
    graph = to_onnx(make_pipeline(columns, model).fit(rows, goal), rows)
    types = [node.op_type for node in graph.proto.graph.node]
    assert types[:2] == ["LabelEncoder", "Concat"]
    assert len(types) == 3
    before = Graph(model_of(graph.draft, graph.signature), graph.signature).run(rows)
    for name, answer in graph.run(rows).items():
        if name == "label":
            assert answer.tolist() == before[name].tolist()
        else:
            np.testing.assert_allclose(answer, before[name], rtol=1e-6, atol=1e-6)
