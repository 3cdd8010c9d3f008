"""What Berth's identities may do by the chart's roles, and what they asked for by the API server's own audit log."""

from __future__ import annotations

import json
from collections import defaultdict

from tests.real.conftest import RELEASE, Installation, audit_log


def granted(installation: Installation, component: str) -> set[str]:
    """All that the roles bound to a component's account say: "verb group/resource"."""
    account = f"{RELEASE}-{component}"
    bindings = json.loads(installation.kubectl("get", "clusterrolebindings", "-o", "json"))["items"]
    roles = [
        binding["roleRef"]["name"]
        for binding in bindings
        for subject in binding.get("subjects", [])
        if (subject["name"], subject.get("namespace")) == (account, installation.namespace)
    ]
    found = set()
    for role in roles:
        rules = json.loads(installation.kubectl("get", "clusterrole", role, "-o", "json"))["rules"]
        found |= {
            f"{verb} {f'{group}/' if group else ''}{resource}"
            for rule in rules
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
    return found


def asked(installation: Installation) -> tuple[dict[str, set[str]], set[str]]:
    """(component → what it was allowed, what any of them was forbidden), since the installation began."""
    allowed: dict[str, set[str]] = defaultdict(set)
    forbidden = set()
    prefix = f"system:serviceaccount:{installation.namespace}:{RELEASE}-"
    with audit_log().open() as log:
        log.seek(installation.audited_from)
        for line in log:
            if prefix not in line:
                continue
            event = json.loads(line)
            what = event.get("objectRef")
            if not what or not event["user"]["username"].startswith(prefix):
                continue
            group = what.get("apiGroup", "")
            resource = what["resource"] + (f"/{what['subresource']}" if what.get("subresource") else "")
            asked_for = f"{event['verb']} {f'{group}/' if group else ''}{resource}"
            component = event["user"]["username"].removeprefix(prefix)
            if event["annotations"].get("authorization.k8s.io/decision") == "allow":
                allowed[component].add(asked_for)
                if event["verb"] == "patch" and event["responseStatus"].get("code") == 201:
                    allowed[component].add(asked_for.replace("patch", "create", 1))  # an apply that made it needs both
            else:
                forbidden.add(f"{component}: {asked_for}")
    return allowed, forbidden
