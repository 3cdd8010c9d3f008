"""Rows for tests, made directly: a cast, a team, and what stands in it. Verbs are tested through the services."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_urlsafe
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from cluster.specs import STANDARD
from cluster.tenancy import PARTS
from tenants import releases
from tenants.models import (
    App,
    Invitation,
    JoinMessage,
    JoinRequest,
    Membership,
    Namespace,
    Operation,
    Plan,
    Policy,
    QuotaRequest,
    Release,
    Role,
    Secret,
    StaffRole,
    Team,
    User,
    Volume,
)
from tenants.models.granting import OPEN, State
from tenants.releases import ReleaseSpec
from tenants.rules.granting import Move
from tenants.services.tokens import digest

GIB, MIB = 1 << 30, 1 << 20
PASSWORD = "demo"
IMAGE = "registry.example/shop:1.4.0"

# The fixed cast: in the team "payments", of the team "ledgers", and staff of the site.
CAST = {
    "alice": Role.OWNER,
    "andy": Role.ADMIN,
    "bob": Role.DEVELOPER,
    "carol": Role.VIEWER,
}
STAFF = {"sam": StaffRole.SUPPORT, "dave": StaffRole.APPROVER}


def make_user(username: str, *, staff_role: str = StaffRole.NONE, **columns: Any) -> User:
    return User.objects.create_user(
        username, email=f"{username}@payments.example", password=PASSWORD, staff_role=staff_role, **columns
    )


def make_team(slug: str = "payments", *, name: str | None = None, **members: User) -> Team:
    """`make_team("payments", owner=alice, developer=bob)`."""
    team = Team.objects.create(slug=slug, name=name or slug.title())
    for role, user in members.items():
        make_member(team, user, role)
    return team


def make_member(team: Team, user: User, role: str) -> Membership:
    user.__dict__.pop("_roles", None)
    return Membership.objects.create(team=team, user=user, role=role)


def confirm_address(user: User, email: str = "") -> str:
    """An address that the account has confirmed, its own unless told otherwise."""
    address = email or user.email
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=not email)
    return address


def make_invitation(team: Team, invitee: str, *, by: User | None = None, **more: Any) -> tuple[Invitation, str]:
    """A live invitation as a developer, sent by an owner, and its token; nobody gets a mail."""
    token = token_urlsafe(32)
    sender = by or team.memberships.filter(role=Role.OWNER).select_related("user")[0].user
    columns = {
        "email" if "@" in invitee else "username": invitee,
        "role": Role.DEVELOPER,
        "invited_by": sender,
        "digest": digest(token),
        "expires_at": timezone.now() + timedelta(days=7),
    }
    return Invitation.objects.create(team=team, **columns | more), token


def make_request(team: Team, person: User, text: str = "Let me in", **columns: Any) -> JoinRequest:
    request = JoinRequest.objects.create(team=team, person=person, **columns)
    JoinMessage.objects.create(request=request, author=person, text=text)
    return request


def make_plan(name: str = "small", **sizes: int) -> Plan:
    """4 cores, 8 GiB, 50 GiB of storage, 20 pods, unless told otherwise."""
    amounts = {
        "cpu": 4000,
        "memory": 8 * GIB,
        "storage": 50 * GIB,
        "pods": 20,
        "claims": 5,
        "services": 10,
        "secrets": 30,
    } | sizes
    return Plan.objects.update_or_create(name=name, defaults={"title": name.title(), **amounts})[0]


def make_namespace(team: Team, name: str = "dev", *, plan: Plan | None = None, ready: bool = True) -> Namespace:
    """A namespace that the cluster has confirmed, unless `ready` is False."""
    since = timezone.now().isoformat()
    conditions = [{"type": part, "status": "True", "reason": "Held", "message": "", "since": since} for part in PARTS]
    plan = plan or make_plan()
    return Namespace.objects.create(
        team=team,
        name=name,
        cluster_name=f"{team.slug}-{name}",
        plan=plan,
        limits=plan.limits,
        uid=f"uid-{team.slug}-{name}" if ready else "",
        observed_generation=int(ready),
        conditions=conditions if ready else [],
    )


def make_spec(**fields: Any) -> ReleaseSpec:
    return ReleaseSpec(**{"image": IMAGE, "port": 8080, "cpu": 250, "memory": 256 * MIB, "replicas": 1} | fields)


def make_app(
    namespace: Namespace,
    name: str = "checkout",
    *,
    spec: ReleaseSpec | None = None,
    by: User | None = None,
    **fields: Any,
) -> App:
    """An app whose v1 works and serves; `fields` change its spec."""
    app = App.objects.create(namespace=namespace, name=name, observed_generation=1, health="running")
    release = make_release(app, 1, spec or make_spec(**fields), by=by, worked=True, outcome="serving")
    app.release = app.serving = release
    app.save()
    return app


def make_release(
    app: App, number: int, spec: ReleaseSpec | None = None, *, by: User | None = None, **columns: Any
) -> Release:
    """A row of the ledger alone; the app's wanted release stays as it is."""
    before = app.release
    return Release.objects.create(
        app=app,
        number=number,
        spec=releases.dump(spec or make_spec()),
        changes=releases.diff(releases.load(before.spec), spec) if before and spec else [],
        created_by=by,
        **columns,
    )


def make_volume(namespace: Namespace, name: str = "data", *, size: int = GIB, **columns: Any) -> Volume:
    return Volume.objects.create(namespace=namespace, name=name, size=size, **columns)


def make_secret(namespace: Namespace, name: str = "database", *keys: str, **columns: Any) -> Secret:
    """A secret at version 1 with the keys given, or PASSWORD."""
    held = dict.fromkeys(keys or ("PASSWORD",), 1)
    return Secret.objects.create(namespace=namespace, name=name, keys=held, version=1, **columns)


def make_quota_request(
    namespace: Namespace, author: User | None, *, state: str = State.SUBMITTED, reason: str = "A sale", **columns: Any
) -> QuotaRequest:
    """Asks for amounts named by resource (memory from 8 to 12 GiB where none is); other columns by their names."""
    wants = {name: columns.pop(name) for name in list(columns) if name in STANDARD} or {"memory": 12 * GIB}
    sent = None if state == State.DRAFT else timezone.now()
    columns = {"author": author, "state": state, "reason": reason, "submitted_at": sent} | columns
    request = QuotaRequest.objects.create(namespace=namespace, **columns)
    for resource, wanted in wants.items():
        before = namespace.limits.get(resource, 0)
        request.wants.create(namespace=namespace, resource=resource, wanted=wanted, before=before, open=state in OPEN)
    if sent:
        request.steps.create(actor=author, role="owner", by=Move.SUBMIT, old=State.DRAFT, new=State.SUBMITTED)
    return request


def make_policy(**body: Any) -> Policy:
    """A version that holds from now on."""
    return Policy.objects.create(body=body, live_at=timezone.now())


def make_operation(target: Any, kind: str, *, actor: User | None = None, **columns: Any) -> Operation:
    """A row of the outbox that nobody publishes."""
    namespace = target if isinstance(target, Namespace) else target.namespace
    return Operation.objects.create(
        kind=kind,
        team=target.team,
        team_slug=target.team.slug,
        namespace=namespace,
        target_noun=target.noun,
        target_id=target.pk,
        target_name=str(target) if target is namespace else f"{namespace}/{target}",
        generation=target.generation,
        actor=actor,
        **columns,
    )
