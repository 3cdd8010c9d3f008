"""What a policy says: the first rule that matches decides, ceilings are walls, less is never answered worse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tenants.rules import policy_checks, policy_words
from tenants.rules.broken import Broken
from tenants.rules.policy import Facts, Policy, Rule, dump, judge, load

GIB = 1 << 30
RESOURCES = ("cpu", "memory", "nvidia.com/gpu")


def facts(**more: Any) -> Facts:
    """4 cores granted, 5 wanted, 3.5 used at most."""
    usual: dict[str, Any] = {
        "resource": "cpu",
        "granted": 4000,
        "wanted": 5000,
        "peak": 3500,
        "total": 5000,
        "ceiling": None,
        "labels": {"env": "prod"},
        "recent": 0,
        "days": None,
    }
    return Facts(**usual | more)


def says(rule: Rule, **more: Any) -> bool:
    return judge(Policy(rules=(rule,)), facts(**more)).approves


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        ({"at_most": {"cpu": 5000}}, {"wanted": 5000}, {"wanted": 5001}),
        ({"raise_at_most": 0.25}, {"wanted": 5000}, {"wanted": 5001}),
        ({"raise_at_most": 0.29}, {"granted": 100, "wanted": 129}, {"granted": 100, "wanted": 130}),
        ({"raise_at_most": 1.0}, {"wanted": 8000}, {"granted": 0, "wanted": 1}),
        ({"used_at_least": 0.8}, {"peak": 3200}, {"peak": 3199}),
        ({"used_at_least": 0.0}, {"peak": 0}, {"granted": 0, "peak": 0}),
        ({"labels": {"env": "prod"}}, {}, {"labels": {"env": "test"}}),
        ({"labels": {"env": "prod"}}, {}, {"labels": {}}),
        ({"recent_below": 3}, {"recent": 2}, {"recent": 3}),
        ({"days_at_most": 7}, {"days": 7}, {"days": 8}),
        ({"days_at_most": 7}, {"days": 1}, {"days": None}),
        ({"resources": ("cpu",)}, {}, {"resource": "memory"}),
        ({"at_most": {"cpu": 9000}}, {}, {"resource": "memory"}),
    ],
)
def test_each_condition_holds_up_to_its_bound(condition: dict[str, Any], holds: Any, fails: Any) -> None:
    rule = Rule(name="Rule", **condition)
    assert says(rule, **holds)
    assert not says(rule, **fails)


def test_all_conditions_of_a_rule_must_hold() -> None:
    rule = Rule(name="Rule", raise_at_most=0.5, recent_below=3)
    assert says(rule)
    assert not says(rule, recent=3)
    assert not says(rule, wanted=6001)


def test_what_stands_against_a_request_is_named_by_the_rule_that_comes_nearest() -> None:
    far = Rule(name="Far", raise_at_most=0.1, recent_below=1)
    near = Rule(name="Near", raise_at_most=0.2)
    elsewhere = Rule(name="Elsewhere", resources=("memory",))
    verdict = judge(Policy(rules=(far, elsewhere, near)), facts(recent=2))
    assert (verdict.number, verdict.rule) == (3, "Near")
    assert verdict.why == "the raise is over 20%, which is up to 4.8 cores"


def test_all_that_stands_against_a_request_is_told_at_once_with_what_would_do() -> None:
    rule = Rule(name="Used", raise_at_most=0.2, used_at_least=0.8)
    verdict = judge(Policy(rules=(rule,)), facts(granted=4000, wanted=6000, peak=2500))
    assert verdict.why == (
        "the raise is over 20%, which is up to 4.8 cores, "
        "and the two-week peak of 2.5 cores is below 80% of what is granted, 3.2 cores"
    )


def test_a_rule_may_keep_requests_for_an_approver() -> None:
    policy = Policy(rules=(Rule(name="GPUs", then="approver", resources=("nvidia.com/gpu",)), Rule(name="All")))
    verdict = judge(policy, facts(resource="nvidia.com/gpu", granted=0, wanted=1))
    assert (verdict.approves, verdict.rule) == (False, "GPUs")
    assert judge(policy, facts()).approves


def test_no_more_than_there_is_needs_no_rule() -> None:
    assert judge(Policy(), facts(wanted=4000)).approves
    assert not judge(Policy(), facts(wanted=4001)).approves


def test_ceiling_stops_raises_and_not_decreases() -> None:
    policy = Policy(rules=(Rule(name="All"),), ceilings={"cpu": 4500})
    assert judge(policy, facts()).wall
    assert not judge(policy, facts(wanted=3000, total=9000)).wall
    assert not judge(policy, facts(ceiling=5000)).wall


amounts = st.integers(0, 40)
shares = st.none() | st.integers(0, 100).map(lambda percent: percent / 100)


@st.composite
def rules_of(draw: st.DrawFn, then: str = "approve") -> Rule:
    bounds = st.dictionaries(st.sampled_from(RESOURCES), amounts, max_size=2) if then == "approve" else st.just({})
    return Rule(
        name="Rule",
        then=then,  # type: ignore[arg-type]
        resources=tuple(draw(st.sets(st.sampled_from(RESOURCES), max_size=2))),
        at_most=draw(bounds),
        raise_at_most=draw(shares) if then == "approve" else None,
        used_at_least=draw(shares),
        labels=draw(st.sampled_from([{}, {"env": "prod"}])),
        recent_below=draw(st.none() | st.integers(1, 4)),
        days_at_most=draw(st.none() | st.integers(1, 9)),
    )


any_facts = st.builds(
    facts,
    resource=st.sampled_from(RESOURCES),
    granted=amounts,
    wanted=amounts,
    peak=amounts,
    labels=st.sampled_from([{}, {"env": "prod"}]),
    recent=st.integers(0, 4),
    days=st.none() | st.integers(1, 9),
    ceiling=st.none() | amounts,
)
some_rules = st.lists(st.one_of(rules_of(), rules_of("approver")), max_size=4).map(tuple)


@given(some_rules, some_rules, any_facts)
def test_first_rule_that_matches_decides(before: tuple[Rule, ...], after: tuple[Rule, ...], case: Facts) -> None:
    """What follows a rule that decided changes nothing."""
    case = structs.replace(case, total=0)
    verdict = judge(Policy(rules=before), case)
    rule = before[verdict.number - 1] if verdict.number else None
    decided = rule is not None and verdict.approves == (rule.then == "approve")
    if decided:
        assert judge(Policy(rules=before + after), case) == verdict


@given(some_rules, any_facts, amounts)
def test_asking_for_less_is_never_answered_worse(rules: tuple[Rule, ...], case: Facts, wanted: int) -> None:
    """True of rules whose upper bounds all approve: an approver's rule with one would catch the smaller wish alone."""
    case = structs.replace(case, total=20 + case.wanted)
    less = structs.replace(case, wanted=min(wanted, case.wanted), total=20 + min(wanted, case.wanted))
    policy = Policy(rules=rules)
    assert judge(policy, less).approves >= judge(policy, case).approves
    assert judge(policy, less).wall <= judge(policy, case).wall


@given(some_rules, any_facts)
def test_nothing_passes_a_ceiling(rules: tuple[Rule, ...], case: Facts) -> None:
    over = structs.replace(case, ceiling=10, total=11)
    assert judge(Policy(rules=rules), over).approves == (over.wanted <= over.granted)


@given(some_rules)
def test_policy_is_kept_as_it_was(rules: tuple[Rule, ...]) -> None:
    policy = Policy(rules=rules, ceilings={"cpu": 1}, extra=("nvidia.com/gpu",))
    assert load(dump(policy)) == policy


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rules": [{"name": " "}]}, "rules.0.name"),
        ({"rules": [{}]}, "rules.0"),
        ({"rules": [{"name": "A", "days_at_most": 0}]}, "rules.0.days_at_most"),
        ({"rules": [{"name": "A", "colour": "red"}]}, "rules.0"),
        ({"rules": [{"name": "A"}, {"name": "a"}]}, "rules.1.name"),
        ({"rules": [{"name": "A", "resources": ["gpu"]}]}, "rules.0.resources"),
        ({"rules": [{"name": "A", "at_most": {"gpu": 1}}]}, "rules.0.at_most.gpu"),
        ({"rules": [{"name": "A", "at_most": {"cpu": 1}, "resources": ["memory"]}]}, "rules.0.at_most.cpu"),
        ({"rules": [{"name": "A", "raise_at_most": 0.125}]}, "rules.0.raise_at_most"),
        ({"rules": [{"name": "A", "used_at_least": 1.5}]}, "rules.0.used_at_least"),
        ({"rules": [{"name": "A", "recent_below": 0}]}, "rules.0.recent_below"),
        ({"rules": [{"name": "A", "labels": {"Env": "x"}}]}, "rules.0.labels"),
        ({"ceilings": {"gpu": 1}}, "ceilings.gpu"),
        ({"ceilings": {"cpu": -1}}, "ceilings"),
        ({"over_commit": {"storage": 1.5}}, "over_commit.storage"),
        ({"extra": ["gpu"]}, "extra"),
        ({"extra": ["count/secrets"]}, "extra"),
        ({"extra": ["count/pods.apps"]}, "extra"),
        ({"extra": ["requests.nvidia.com/gpu"]}, "extra"),
        ({"extra": ["node.kubernetes.io/gpu"]}, "extra"),
        ({"extra": ["nvidia.com/gpu", "nvidia.com/gpu"]}, "extra"),
        ({"namespaces_max": -1}, "namespaces_max"),
        ({"unknown": 1}, "rules"),
    ],
)
def test_fault_stands_at_its_field(body: dict[str, Any], field: str) -> None:
    _, faults = policy_checks.checked(body)
    assert [name for name in faults if name.startswith(field)], faults


def test_policy_with_an_enabled_resource_has_no_fault() -> None:
    body = {
        "rules": [{"name": "GPUs", "at_most": {"nvidia.com/gpu": 2, "storage:fast": GIB}}],
        "extra": ["nvidia.com/gpu", "storage:fast"],
        "over_commit": {"nvidia.com/gpu": 1.0, "cpu": 1.5},
    }
    assert policy_checks.checked(body)[1] == {}


@pytest.mark.parametrize("text", ["env", "=prod", "env=", "env=prod, env=test", "Env=prod", "env=a b"])
def test_label_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Broken):
        policy_checks.labels(text)


def test_labels_are_read_from_lines_and_commas() -> None:
    assert policy_checks.labels(" env = prod,\nunit=retail\n") == {"env": "prod", "unit": "retail"}


def test_rule_reads_as_a_sentence() -> None:
    rule = Rule(
        name="Small", resources=("cpu", "memory", "pods"), at_most={"cpu": 8000, "memory": 16 * GIB}, recent_below=3
    )
    assert policy_words.sentence(rule) == (
        "CPU up to 8 cores, memory up to 16 GiB and pods: fewer than 3 approved by rules in 30 days → approved at once"
    )


def test_a_rule_put_first_is_the_one_change_that_is_told() -> None:
    old = Policy(rules=(Rule(name="B"), Rule(name="C")))
    new = Policy(rules=(Rule(name="A", then="approver"), *old.rules), ceilings={"cpu": 40000})
    assert policy_words.changes(old, new) == [
        {"field": "rule 1", "old": None, "new": "A: all resources: always → goes to an approver"},
        {"field": "ceiling of a team: CPU", "old": None, "new": "40 cores"},
    ]
    assert policy_words.changes(new, new) == []
