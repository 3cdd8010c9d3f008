"""The form of a policy: what it shows is what it takes, rows move without losing what was typed, errors at fields."""

from __future__ import annotations

import pytest
from django.utils.datastructures import MultiValueDict

from portal.defaults import RULES
from tenants.errors import Invalid
from tenants.forms.policies import PolicyForm, Typed, arranged, typed_of
from tenants.rules import policy_checks
from tenants.rules.policy import Policy, Rule, load

GIB = 1 << 30
WHOLE = Policy(
    rules=(
        Rule(name="A", at_most={"cpu": 1234, "memory": 3 * GIB + 1}, labels={"env": "prod"}, days_at_most=7),
        Rule(name="B", then="approver", resources=("pods", "nvidia.com/gpu"), at_most={"pods": 5}, recent_below=2),
        Rule(name="C", raise_at_most=0.29, used_at_least=0.0),
    ),
    ceilings={"cpu": 0, "nvidia.com/gpu": 4},
    two_persons={"memory": GIB // 2},
    over_commit={"cpu": 1.5, "nvidia.com/gpu": 1.0},
    namespaces_max=0,
    extra=("nvidia.com/gpu",),
)


def sent(**changes: str) -> Typed:
    typed = typed_of(WHOLE)
    for name, text in changes.items():
        typed[name.replace("__", "-")] = text
    return typed


@pytest.mark.parametrize("policy", [WHOLE, RULES, Policy()], ids=["whole", "default", "empty"])
def test_what_the_form_shows_is_what_it_takes(policy: Policy) -> None:
    form = PolicyForm(typed_of(policy), bound=True)
    assert form.is_valid(), [part.errors for part in (*form.rules, form.walls)]
    assert load(form.body()) == policy


def test_an_amount_ticks_its_resource() -> None:
    form = PolicyForm(sent(**{"rule-2-most_cpu": "8", "rule-2-most_memory": "16"}), bound=True)
    assert form.is_valid()
    rule = load(form.body()).rules[2]
    assert (rule.resources, rule.at_most) == ((), {"cpu": 8000, "memory": 16 * GIB})


@pytest.mark.parametrize(
    ("do", "names"),
    [
        ("up:1", ["B", "A", "C"]),
        ("down:1", ["A", "C", "B"]),
        ("up:0", ["A", "B", "C"]),
        ("down:2", ["A", "B", "C"]),
        ("remove:1", ["A", "C"]),
        ("add", ["A", "B", "C", ""]),
        ("remove:9", ["A", "B", "C"]),
        ("nonsense", ["A", "B", "C"]),
    ],
)
def test_rules_are_moved_with_all_that_was_typed(do: str, names: list[str]) -> None:
    form = PolicyForm(arranged(sent(**{"rule-1-days_at_most": "soon"}), do), bound=False)
    assert [rule["name"].value() for rule in form.rules] == names
    by_name = {rule["name"].value(): rule for rule in form.rules}
    assert by_name["A"]["labels"].value() == "env=prod"
    if "B" in by_name:
        assert by_name["B"]["days_at_most"].value() == "soon"
        assert by_name["B"]["tick_nvidia_com_gpu"].value()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("rule-0-name", ""),
        ("rule-0-most_memory", "8 apples"),
        ("rule-0-raise_at_most", "half"),
        ("rule-0-labels", "prod"),
        ("rule-0-recent_below", "0"),
        ("rule-0-days_at_most", "x"),
        ("ceilings_cpu", "many"),
        ("over_commit_cpu", "-1"),
        ("namespaces_max", ""),
        ("extra", "gpu"),
    ],
)
def test_what_is_wrong_stands_at_its_field(field: str, text: str) -> None:
    form = PolicyForm(sent(**{field: text}), bound=True)
    assert not form.is_valid()
    assert form.first_error == f"id_{field}"
    assert form.error_count == 1


def test_faults_of_the_service_stand_at_their_fields() -> None:
    form = PolicyForm(sent(**{"rule-1-name": "a", "over_commit_cpu": "0"}), bound=True)
    assert form.is_valid()
    form.take(Invalid("No.", fields=policy_checks.checked(form.body())[1]))
    assert "name" in form.rules[1].errors
    assert "over_commit_cpu" in form.walls.errors
    assert not form.non_field_errors


def test_a_rule_about_a_resource_that_is_taken_out_is_told_so() -> None:
    form = PolicyForm(sent(extra=""), bound=True)
    assert form.is_valid()
    faults = policy_checks.checked(form.body())[1]
    form.take(Invalid("No.", fields=faults))
    assert form.rules[1].errors, faults
    assert "ceilings_nvidia_com_gpu" in form.walls.errors


def test_a_form_without_rules_is_a_policy_without_rules() -> None:
    form = PolicyForm(MultiValueDict({"namespaces_max": ["3"]}), bound=True)
    assert form.is_valid()
    assert load(form.body()) == Policy(namespaces_max=3)
