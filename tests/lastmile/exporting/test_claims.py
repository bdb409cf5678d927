from types import ModuleType

import pytest

from lastmile.exporting.claims import ML, OpId, OpTable, claims


def module(**functions):
    made = ModuleType("rules")
    for name, function in functions.items():
        function.__module__ = "rules"
        setattr(made, name, function)
    return made


@claims("Relu", since=6)
def old(): ...


@claims("Relu", since=13)
def new(): ...


@claims("Relu", since=13)
def rival(): ...


@claims("Scaler", "Imputer", domain=ML)
def several(): ...


RELU = OpId("", "Relu")


@pytest.mark.parametrize(
    ("opset", "handler"),
    [(5, None), (6, old), (12, old), (13, new), (21, new)],
    ids=["before the first", "the first", "between", "the second", "long after"],
)
def test_the_newest_claim_that_is_not_newer_than_the_opset_is_found(opset, handler):
    found = OpTable("x", [module(old=old, new=new)]).find(RELU, opset)
    assert (found and found.handle) is handler


def test_one_function_may_claim_several_operators_of_a_domain():
    table = OpTable("x", [module(several=several)])
    assert table.ops == {OpId(ML, "Scaler"), OpId(ML, "Imputer")}


def test_two_claims_of_the_same_operator_and_opset_are_an_error_that_names_both():
    with pytest.raises(ValueError, match="new and rival both claim Relu 13"):
        OpTable("x", [module(new=new, rival=rival)])


def test_an_operator_cannot_be_claimed_and_refused():
    with pytest.raises(ValueError, match="both claimed and refused"):
        OpTable("x", [module(new=new)], cannot={RELU: "no"})


def test_a_function_that_a_module_only_imports_is_not_its_claim():
    stranger = module(new=new)
    new.__module__ = "elsewhere"
    assert OpTable("x", [stranger]).ops == frozenset()


def test_a_refused_operator_tells_its_own_reason_and_every_other_a_general_one():
    table = OpTable("Core ML", [], cannot={RELU: "it is not smooth"})
    assert table.reason(RELU) == "it is not smooth"
    assert "Core ML has no form of the operator ai.onnx.ml:Fly" in table.reason(OpId(ML, "Fly"))
