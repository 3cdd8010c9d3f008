"""Every setting of production stands in docs/operations.md and can be given to the chart."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "berth"
READ = re.compile(r"""(?:text|flag|number|items)\(\s*"(BERTH_[A-Z_]+)\"""")
# Read by the demo alone.
DEMO = {"dev.py", "test.py", "build.py"}
SETTINGS = sorted(
    {
        name
        for path in (ROOT / "portal" / "settings").glob("*.py")
        if path.name not in DEMO
        for name in READ.findall(path.read_text())
    }
)
# What keeps people out, or lets them in, has a value of its own, which the chart's schema checks.
GUARDS = (
    "BERTH_REQUIRE_MFA",
    "BERTH_SECRET_KEY_FALLBACKS",
    "BERTH_SIGNUP",
    "BERTH_LOCAL_SIGNIN",
    "BERTH_OIDC",
    "BERTH_TRUSTED_PROXIES",
    "BERTH_IMAGE_HOSTS",
    "BERTH_SUPPORT_CONTACT",
)


def test_settings_are_found() -> None:
    assert {"BERTH_PUBLIC_URL", "BERTH_EMAIL_SSL", "BERTH_OIDC", "BERTH_DATABASE_PASSWORD"} <= set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("name", GUARDS)
def test_the_chart_has_a_value_for_what_guards_the_site(name: str) -> None:
    assert name in SETTINGS
    env = (CHART / "templates" / "_helpers.tpl").read_text()
    assert re.search(rf"name: {name}\b", env)


def test_the_chart_takes_every_other_setting() -> None:
    """Each process is given `extraEnv`, and the schema lets all names in."""
    assert "toYaml" in _after("with .Values.extraEnv", CHART / "templates" / "_helpers.tpl")
    pattern = json.loads((CHART / "values.schema.json").read_text())["properties"]["extraEnv"]["items"]["properties"]
    assert all(re.search(pattern["name"]["pattern"], name) for name in SETTINGS)


def test_each_value_of_the_chart_is_in_its_schema() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert list(_unknown(values, schema, "")) == []


def _after(text: str, path: Path) -> str:
    return path.read_text().partition(text)[2].strip().partition("{{- end")[0]


def _unknown(values: dict, schema: dict, where: str) -> list[str]:
    known = schema.get("properties", {})
    missing = [f"{where}{name}" for name in values if name not in known]
    for name, value in values.items():
        if isinstance(value, dict) and "properties" in known.get(name, {}):
            missing += _unknown(value, known[name], f"{where}{name}.")
    return missing
