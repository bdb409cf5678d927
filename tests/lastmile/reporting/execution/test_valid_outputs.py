"""Whatever a kernel says becomes a valid notebook that shows it, and never ends the program."""

import json

import nbformat
import pytest

from lastmile.reporting.execution.valid_outputs import json_of, make_valid, text_of, valid_bundle
from lastmile.values import CauseKind, State

NAN, INF = float("nan"), float("inf")
LONE = "\ud800"


@pytest.mark.parametrize(
    ("data", "valid"),
    [
        ({"text/plain": 5}, {"text/plain": "5"}),
        ({"text/plain": True}, {"text/plain": "true"}),
        ({"text/plain": NAN}, {"text/plain": "NaN"}),
        ({"text/plain": None, "text/html": "x"}, {"text/html": "x"}),
        ({"text/html": ["<p>", "x"]}, {"text/html": "<p>x"}),
        ({"text/html": ["a", 1]}, {"text/html": '["a", 1]'}),
        ({"image/png": {"a": 1}}, {"image/png": '{"a": 1}'}),
        ({"application/vnd.chart+json": {"a": 1}}, {"application/vnd.chart+json": {"a": 1}}),
        ({"application/vnd.chart.json": {"a": 1}}, {"application/vnd.chart.json": '{"a": 1}'}),
        ({"application/x-mytool": {"ä": [1]}}, {"application/x-mytool": '{"ä": [1]}'}),
        ({"application/json": {"a": [NAN, INF, -INF, 1.5]}},
         {"application/json": {"a": ["NaN", "Infinity", "-Infinity", 1.5]}}),
        ({"application/json": None}, {"application/json": None}),
        ({"text/plain": f"a{LONE}b"}, {"text/plain": "a?b"}),
        ({"application/json": {LONE: LONE}}, {"application/json": {"?": "?"}}),
        ({1: "x"}, {"1": "x"}),
        ("words", {"text/plain": "words"}),
        ([1, 2], {"text/plain": "[1, 2]"}),
        (None, {}),
    ],
)  # fmt: skip
def test_an_output_is_shown_as_it_is_or_as_the_text_that_json_has_for_it(data, valid):
    made = valid_bundle(data)

    assert made == valid
    nbformat.v4.new_output("display_data", data=made)  # validates
    json.dumps(made, allow_nan=False, ensure_ascii=False).encode()


def test_what_is_nested_too_deeply_to_be_copied_becomes_a_text():
    deep: object = 1
    for _ in range(900):
        deep = [deep]
    made = valid_bundle({"application/json": {"a": deep}})["application/json"]

    assert made == '{"a": ' + "[" * 900 + "1" + "]" * 900 + "}"


def test_what_json_can_hold_is_left_alone():
    value = {"a": [1, 2.5, None, True, "ü", {"b": []}]}

    assert json_of(value) is value
    assert text_of("ü") == "ü"


@pytest.mark.parametrize(
    ("kind", "content", "valid"),
    [
        ("stream", {}, {"name": "stdout", "text": ""}),
        ("stream", {"name": "stderr", "text": ["a", "b"]}, {"name": "stderr", "text": "ab"}),
        ("stream", {"name": 7, "text": 8}, {"name": "7", "text": "8"}),
        ("stream", "no content", {"name": "stdout", "text": ""}),
        ("error", {}, {"ename": "Error", "evalue": "", "traceback": []}),
        ("error", {"ename": 1, "evalue": [2], "traceback": "a\nb"},
         {"ename": "1", "evalue": "[2]", "traceback": ["a", "b"]}),
        ("error", {"ename": "E", "evalue": "v", "traceback": [3, "x"]},
         {"ename": "E", "evalue": "v", "traceback": ["3", "x"]}),
        ("display_data", {"data": {}, "metadata": [], "transient": 3},
         {"data": {}, "metadata": {}, "transient": {}}),
        ("execute_result", {"data": {}, "metadata": {"a": NAN}},
         {"data": {}, "metadata": {"a": "NaN"}, "transient": {}, "execution_count": None}),
        ("execute_result", {"execution_count": "4"},
         {"data": {}, "metadata": {}, "transient": {}, "execution_count": None}),
        ("execute_input", {"execution_count": True}, {"execution_count": None}),
        ("comm_open", {"data": {"state": []}}, {"data": {}}),
        ("comm_msg", {"data": 3}, {"data": {}}),
    ],
)  # fmt: skip
def test_a_message_is_made_valid(kind, content, valid):
    message = {"msg_type": kind, "content": content}
    make_valid(message)

    assert message["content"] == valid


SHOW = "from IPython.display import display\n"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("display({'application/vnd.vegalite.v6.json': {'a': 1}, 'text/plain': 'x'}, raw=True)",
         {"application/vnd.vegalite.v6.json": '{"a": 1}', "text/plain": "x"}),
        ("display({'text/plain': 5}, raw=True)", {"text/plain": "5"}),
        ("display({'text/html': ['<p>', 1]}, raw=True)", {"text/html": '["<p>", 1]'}),
        ("display({'application/json': float('inf')}, raw=True)", {"application/json": "inf"}),
        ("display({'application/json': {1: {2: 3}}}, raw=True)",
         {"application/json": {"1": {"2": 3}}}),
        ("class Own:\n    def _repr_mimebundle_(self, **_):\n        return {'a/b': [1]}\nOwn()",
         {"a/b": "[1]"}),
    ],
)  # fmt: skip
def test_what_a_notebook_displays_is_kept(execute_cells, cell, shown):
    executed = execute_cells(SHOW + cell, "print('later')")
    [output] = [out for out in executed.notebook.cells[1].outputs if out.output_type != "stream"]

    assert executed.state is State.SUCCEEDED
    assert shown.items() <= output.data.items()
    assert executed.notebook.cells[-1].outputs[0].text == "later\n"
    nbformat.validate(executed.notebook)


HOSTILE = {
    "nothing": "send('display_data', None)",
    "a list": "send('display_data', [1, 2])",
    "texts": "send('display_data', {'data': 'x', 'metadata': 'y', 'transient': 'z'})",
    "a name that is no text": "send('display_data', {'data': {}, 'transient': {'display_id': []}})",
    "a result": "send('execute_result', {'data': {'text/plain': {}}, 'execution_count': -3})",
    "a stream": "send('stream', {'name': {}, 'text': {'a': [1]}})",
    "an update": "send('update_display_data', {'transient': {'display_id': 'never'}})",
    "a widget": "send('comm_open', {'comm_id': 3, 'data': {'state': 7, 'buffer_paths': 8}})",
    "a widget of outputs": "state = {'_model_name': 'OutputModel', 'outputs': 3, 'msg_id': {}}\n"
    "send('comm_open', {'comm_id': {}, 'target_name': 'jupyter.widget', 'data': "
    "{'state': state}})",
    "a message of a widget": "send('comm_msg', {'comm_id': [], 'data': {'method': 4}})",
    "an order to clear": "send('clear_output', 5)",
    "an unknown message": "send('no_such_message', {'a': 1})",
    "a count": "send('execute_input', {'code': 1, 'execution_count': 'x'})",
    "no message at all": "kernel.iopub_socket.send_multipart([b'x', b'<IDS|MSG>', b'?', b'{'])",
    "a depth": "deep = b'[' * 100_000 + b']' * 100_000\n"
    "kernel.session.send(kernel.iopub_socket, 'stream', deep, parent=kernel.get_parent())",
    "a status": "send('status', {'execution_state': []})",
}


@pytest.mark.parametrize("cell", HOSTILE.values(), ids=HOSTILE)
def test_a_kernel_that_says_anything_ends_no_run_with_a_traceback(execute_raw, cell):
    executed = execute_raw(cell, "send('stream', {'name': 'stdout', 'text': 'later'})")

    assert executed.state in (State.SUCCEEDED, State.DEGRADED), executed.cause
    assert executed.notebook.cells[-1].outputs[0].text == "later"
    nbformat.validate(executed.notebook)


def test_an_output_that_cannot_be_kept_is_a_defect_of_its_cell(execute_raw):
    executed = execute_raw(HOSTILE["a message of a widget"])

    assert (executed.state, executed.cause.kind) == (State.DEGRADED, CauseKind.DEFECT)
    assert executed.cause.message.startswith("cell 1: an output could not be kept: TypeError")


def test_an_error_that_is_none_is_one(execute_raw):
    executed = execute_raw("send('error', {'ename': None, 'traceback': 7})")

    assert executed.cause.message == "cell 1 raised Error"
    nbformat.validate(executed.notebook)


def test_a_display_is_updated_where_it_stands_also_behind_prints(execute_cells):
    first = f"{SHOW}print('a')\nshown = display('old', display_id='one')\nprint('b')"
    executed = execute_cells(first, "print('c')\nshown.update('new')")
    outputs = executed.notebook.cells[1].outputs

    assert [output.get("text") or output.data["text/plain"] for output in outputs] == [
        "a\n", "'new'", "b\n"
    ]  # fmt: skip
    assert executed.notebook.cells[2].outputs[0].text == "c\n"
