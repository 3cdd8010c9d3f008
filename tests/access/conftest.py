"""A team with one of everything, and the cast as browsers and scripts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants import audit, granting
from tenants.models import (
    ApiToken,
    App,
    AuditEntry,
    Invitation,
    JoinRequest,
    Membership,
    Namespace,
    Notice,
    Operation,
    Plan,
    Policy,
    QuotaRequest,
    Team,
    Transfer,
    User,
)
from tenants.notices import turn_down_link
from tenants.releases import SecretKey
from tenants.rules.granting import Move
from tenants.services import quota_decisions, quota_requests, suspensions
from tenants.services.tokens import create_token
from tests import factories
from tests.access.cast import CAST, Door
from tests.access.routes import NAMED
from tests.live.conftest import connect, hub  # noqa: F401
from tests.signing_in import signed_in

SCOPES = ("read", "apps", "volumes", "secrets", "account", "teams", "quota", "site")


# Doors of a team that can be found, and that nobody of the cast is in.
FROM_OUTSIDE = {("ask", "GET"), ("ask", "POST"), ("join_requests", "POST")}
# Doors of another team of the same people, which nobody is offered yet.
NOT_OFFERED = {("team_transfer", "GET"), ("team_transfer", "POST"), ("team_transfers", "POST")}
# Doors that resume what is paused: a namespace of that other team.
PAUSED = {("namespace_resume", "POST"), ("pause", "DELETE")}
# Doors that open what is suspended: a team of its own, and zoe.
SHUT = {("team_lift", "POST"), ("team_suspension", "DELETE"), ("person_lift", "POST"), ("person_suspension", "DELETE")}


@dataclass
class World:
    """What the doors lead to, and who stands before them."""

    people: dict[str, User]
    app: App
    operation: Operation
    token: ApiToken
    membership: Membership
    link: str
    entry: AuditEntry
    session: UserSession
    plan: Plan
    invitation: Invitation
    code: str
    join_request: JoinRequest
    quota: dict[str, QuotaRequest]
    policy: Policy
    transfer: Transfer
    notice: Notice
    texts: dict[str, str]
    browsers: dict[str, Client] = field(default_factory=dict)

    def address(self, door: Door) -> str:
        name = door.name.removeprefix("api:")
        if name == "nowhere":
            return "/api/v1/nothing"
        own = {
            "operation": self.operation.pk,
            "token": self.token.pk,
            "token_revoke": self.token.pk,
            "audit_entry": self.entry.pk,
            "session": self.session.pk,
            "session_end": self.session.pk,
            "notice": self.notice.pk,
            "notice_read": self.notice.pk,
            "invitation": self.invitation.pk,
            "my_invitation": self.invitation.pk,
            "invitation_resend": self.invitation.pk,
            "invitation_revoke": self.invitation.pk,
            "invitation_accept": self.invitation.pk,
            "invitation_decline": self.invitation.pk,
            "member_remove": self.membership.pk,
            "member_change": self.membership.pk,
        }
        way = name, door.method
        elsewhere = {"harbor": FROM_OUTSIDE, "ports": NOT_OFFERED | PAUSED, "quay": SHUT}
        named = {"request": self.join_request, "transfer": self.transfer}
        values: dict[str, Any] = {
            "team": next((slug for slug, ways in elsewhere.items() if way in ways), "payments"),
            "namespace": "dev",
            "app": "checkout",
            "volume": "data",
            "secret": "spare" if door.method == "DELETE" or name.endswith("_delete") else "database",
            "number": self._number(door, name),
            "plan": self.plan.name,
            "token": self.link,
            "username": "zoe" if way in SHUT else "carol",
            "pk": next((thing.pk for noun, thing in named.items() if noun in name), own.get(name)),
        }
        return f"{reverse(door.name, kwargs={key: values[key] for key in NAMED[door.name].keys})}{door.query}"

    def _number(self, door: Door, name: str) -> int:
        if name.startswith("policy"):
            return self.policy.number
        return self.quota[_quota_request(door)].number if "quota_request" in name or "approval" in name else 1

    def headers(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.texts[name]}"} if name != "nobody" else {}

    def body(self, door: Door) -> dict[str, Any]:
        known = {"<plan>": self.plan.pk, "<token>": self.code, "<invitation>": str(self.invitation.pk)}
        return {key: known.get(value, value) if isinstance(value, str) else value for key, value in door.body.items()}


def _quota_request(door: Door) -> str:
    """Which of the world's requests a door is about."""
    if door.name.endswith("quota_request"):
        return {"GET": "raised", "DELETE": "draft"}.get(door.method, "open")
    ways = {"discard": "draft", "submit": "draft", "extend": "raised"}
    return ways.get(door.name.rpartition("_")[2], "open")


def make_quota_requests(people: dict[str, User], namespace: Namespace) -> dict[str, QuotaRequest]:
    """Of alice: one that waits for a decision, a draft, and a raise that runs for a week."""
    alice, until = people["alice"], timezone.localdate() + timedelta(days=7)
    made = {}
    for name, wants in {"open": {"memory": 1 << 34}, "draft": {"cpu": 8000}, "raised": {"pods": 40}}.items():
        made[name] = quota_requests.draft(
            actor=alice, namespace=namespace, wants=wants, reason="The sale", until=until if name == "raised" else None
        )
    for name in ("open", "raised"):
        quota_requests.submit(actor=alice, request=made[name])
    quota_decisions.decide(actor=people["dave"], request=made["raised"], revision=1, by=Move.APPROVE)
    granting.confirmed(Namespace.objects.get(pk=namespace.pk))
    Operation.objects.all().delete()
    return made


def make_world() -> World:
    """v2 of the app is wanted and both worked, so that it can go back; a secret of it has a newer value."""
    people = {name: factories.make_user(name) for name in ("erin", *factories.CAST)}
    people |= {name: factories.make_user(name, staff_role=role) for name, role in factories.STAFF.items()}
    people["zoe"] = factories.make_user("zoe")
    roles = {str(role): people[name] for name, role in factories.CAST.items()}
    team = factories.make_team("payments", **roles)
    factories.make_member(team, people["zoe"], "developer")
    factories.make_namespace(factories.make_team("ports", **roles), "dev")
    Namespace.objects.update(paused_at=timezone.now(), paused_reason="A migration by hand")
    factories.make_team("quay", **roles)
    factories.make_namespace(factories.make_team("ledgers", owner=people["erin"]), "dev")
    namespace = factories.make_namespace(team)
    factories.make_volume(namespace)
    factories.make_secret(namespace, "spare")
    secret = factories.make_secret(namespace)
    secret.keys, secret.version, secret.generation = {"PASSWORD": 2}, 2, 2
    secret.save()
    app = factories.make_app(namespace)
    spec = factories.make_spec(
        secret_env={"PASSWORD": SecretKey("database", "PASSWORD")}, secret_versions={"database": {"PASSWORD": 1}}
    )
    app.release = factories.make_release(app, 2, spec, worked=True, outcome="serving")
    app.save()
    factories.make_team("harbor", owner=factories.make_user("hanna"))
    Team.objects.filter(slug="harbor").update(discoverable=True)
    factories.confirm_address(people["erin"])
    invitation, code = factories.make_invitation(team, people["erin"].email)
    tokens = {name: create_token(actor=user, name="script", scopes=SCOPES, days=1) for name, user in people.items()}
    quota = make_quota_requests(people, namespace)
    world = World(
        people=people,
        app=app,
        operation=factories.make_operation(app, "app.apply", state="succeeded"),
        token=tokens["alice"][0],
        membership=team.memberships.get(user=people["carol"]),
        link=turn_down_link(people["alice"].pk, "request.asked").rstrip("/").rpartition("/")[2],
        entry=audit.record(actor=people["alice"], action="team.edit", thing=team),
        session=UserSession.objects.create(user=people["alice"], ip="192.0.2.7", session_key="s", user_agent="curl/8"),
        plan=namespace.plan,
        quota=quota,
        policy=Policy.objects.create(body={"namespaces_max": 9}),
        invitation=invitation,
        code=code,
        join_request=factories.make_request(team, people["erin"]),
        notice=Notice.objects.create(person=people["alice"], kind="release.stuck", title="v2 is stuck", path="/"),
        transfer=Transfer.objects.create(team=team, giver=people["alice"], taker=people["andy"]),
        texts={name: text for name, (_, text) in tokens.items()},
    )
    for name in CAST:
        world.browsers[name] = signed_in(people[name]) if name in people else Client()
    suspensions.suspend_person(actor=people["sam"], person=people["zoe"], reason="Left the company")
    suspensions.suspend_team(actor=people["sam"], team=Team.objects.get(slug="quay"), reason="Unpaid")
    return world
