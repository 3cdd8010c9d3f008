"""The demo's example: a cast of people, plans, and two teams whose apps live, roll out and get stuck.

Everything goes through the services, as people's own wishes would; but nobody is sent an invitation by mail.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import close_old_connections
from django.utils import timezone
from msgspec import structs

from portal import history
from portal.defaults import create_defaults
from tenants import audit, releases
from tenants.errors import DomainError
from tenants.models import App, Membership, Namespace, Plan, Role, StaffRole, Team, User
from tenants.releases import Health, ReleaseSpec, SecretFolder, SecretKey, VolumeAt
from tenants.services import apps, namespaces, quota_requests, secrets, teams, volumes

log = structlog.get_logger(__name__)

PASSWORD = "demo"  # noqa: S105
CAST = {
    "alice": ("owner of Payments", StaffRole.NONE),
    "andy": ("admin of Payments", StaffRole.NONE),
    "bob": ("developer of Payments", StaffRole.NONE),
    "carol": ("viewer of Payments", StaffRole.NONE),
    "erin": ("owner of Storefront", StaffRole.NONE),
    "dave": ("quota approver, staff", StaffRole.APPROVER),
    "dora": ("a second quota approver, staff", StaffRole.APPROVER),
    "sam": ("support, staff", StaffRole.SUPPORT),
}
GIB = 1 << 30
MIB = 1 << 20
IMAGE = "registry.example/hello"


def cast() -> dict[str, User]:
    """The people, all with the password `demo`; those that exist stay as they are."""
    people = {user.username: user for user in User.objects.filter(username__in=CAST)}
    missing = [name for name in CAST if name not in people]
    encoded = make_password(PASSWORD) if missing else ""  # a quarter of a second, by design
    for name in missing:
        people[name] = user = User.objects.create(
            username=name,
            email=f"{name}@berth.example",
            password=encoded,
            staff_role=CAST[name][1],
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return people


def teams_of(people: dict[str, User]) -> dict[str, Team]:
    """Payments and Storefront with their members; nothing in the cluster yet."""
    made = {}
    for slug, name, owner in (("payments", "Payments", "alice"), ("storefront", "Storefront", "erin")):
        team = Team.objects.filter(slug=slug).first()
        made[slug] = team or teams.create_team(actor=people[owner], name=name, slug=slug)
    if made["payments"].memberships.count() == 1:
        for username, role in (("andy", Role.ADMIN), ("bob", Role.DEVELOPER), ("carol", Role.VIEWER)):
            Membership.objects.create(team=made["payments"], user=people[username], role=role)
        Membership.objects.create(team=made["storefront"], user=people["bob"], role=Role.DEVELOPER)
        about = "What customers see: the shop and its pages"
        teams.edit_team(actor=people["erin"], team=made["storefront"], description=about, discoverable=True)
    return made


def base() -> tuple[dict[str, User], dict[str, Team]]:
    """What every demo has, on whatever cluster."""
    audit.origin.set(audit.Origin(door="command"))
    create_defaults()
    people = cast()
    return people, teams_of(people)


class Example:
    """Namespaces and apps that look alive, built step by step while the server already answers."""

    def __init__(self, people: dict[str, User], made: dict[str, Team], stop: threading.Event) -> None:
        self._people = people
        self._teams = made
        self._stop = stop

    def build(self) -> None:
        """Runs in a thread of its own. A step that its forerunner's failure made impossible is logged and left out."""
        audit.origin.set(audit.Origin(door="command"))
        try:
            for step in (
                self._places,
                self._storefront,
                self._checkout,
                self._mailer,
                self._reports,
                self._checkout_stuck,
                self._past,
                self._requests,
            ):
                if self._stop.is_set():
                    return
                try:
                    step()
                except DomainError as error:
                    log.warning("example_lacks_part", part=step.__name__.strip("_"), why=error.message, at=error.fields)
        finally:
            close_old_connections()

    def _places(self) -> None:
        for slug, owner, places in (
            ("payments", "alice", (("dev", "medium"), ("stage", "medium"), ("prod", "large"))),
            ("storefront", "erin", (("web", "small"),)),
        ):
            for name, plan in places:
                namespaces.create_namespace(
                    actor=self._people[owner], team=self._teams[slug], name=name, plan=Plan.objects.get(name=plan)
                )
        self._until(lambda: all(n.ready for n in Namespace.objects.all()))

    def _storefront(self) -> None:
        web = self._place("storefront", "web")
        self._create("erin", web, "shop", self._spec("v1", replicas=2, env={"GREETING": "Fresh fish", "LOG_RATE": "1"}))

    def _checkout(self) -> None:
        prod = self._place("payments", "prod")
        volumes.create_volume(
            actor=self._people["alice"],
            namespace=prod,
            name="receipts",
            size=2 * GIB,
            storage_class="",
            access_mode="ReadWriteMany",
        )
        secrets.set_secret(
            actor=self._people["andy"],
            namespace=prod,
            name="payment-gateway",
            values={"GATEWAY_ID": "berth-demo", "GATEWAY_KEY": "not-a-real-key"},
        )
        secrets.set_secret(
            actor=self._people["bob"],
            namespace=prod,
            name="ledger-db",
            values={"user": "ledger", "password": "not-real"},
        )
        first = self._spec(
            "v1",
            replicas=4,
            env={"LOG_RATE": "2", "GREETING": "Checkout"},
            secret_env={"GATEWAY_KEY": SecretKey(secret="payment-gateway", key="GATEWAY_KEY")},
            secret_files=(SecretFolder(secret="ledger-db", path="/etc/ledger-db"),),
            volumes=(VolumeAt(volume="receipts", path="/var/receipts"),),
        )
        checkout = self._create("alice", prod, "checkout", first)
        self._release("bob", checkout, first, env={**first.env, "GREETING": "Check out"})
        self._create("alice", prod, "ledger", self._spec("v2", replicas=2))

    def _mailer(self) -> None:
        stage = self._place("payments", "stage")
        spec = self._spec("v1", replicas=2, memory=64 * MIB)
        mailer = self._create("bob", stage, "mailer", spec)
        self._release("bob", mailer, spec, wait=False, env={"EAT_MIB": "200"})

    def _reports(self) -> None:
        dev = self._place("payments", "dev")
        self._create("bob", dev, "reports", self._spec("v3", replicas=1, env={"NOT_READY": "1"}), wait=False)
        self._create("bob", dev, "fraud-check", self._spec("v1", replicas=3, env={"START_DELAY": "20s"}), wait=False)

    def _checkout_stuck(self) -> None:
        checkout = App.objects.get(namespace=self._place("payments", "prod"), name="checkout")
        current = apps.current_release(checkout)
        spec = releases.load(current.spec)
        self._release("bob", checkout, spec, wait=False, image=f"{IMAGE}:v9")

    def _past(self) -> None:
        """A month of samples: busy in production, quiet in the shop, which could give some of its quota back."""
        for team, name, busy in (
            ("payments", "prod", 0.9),
            ("payments", "stage", 0.45),
            ("payments", "dev", 0.35),
            ("storefront", "web", 0.2),
        ):
            place = self._place(team, name)
            history.write(place, busy, self._people["dave"])
            history.age_releases(place)

    def _requests(self) -> None:
        """Two that wait for an approver, one of them talked about."""
        people = self._people
        sale = quota_requests.ask(
            actor=people["alice"],
            namespace=self._place("payments", "prod"),
            wants={"memory": 40 * GIB, "cpu": 16_000},
            reason="At the sale a rollout no longer fitted. We expect twice the orders until January.",
            until=timezone.localdate() + timedelta(days=45),
        )
        quota_requests.comment(actor=people["sam"], request=sale, text="Is checkout the one that grows?")
        quota_requests.comment(actor=people["andy"], request=sale, text="Yes. We lower ledger this week.")
        quota_requests.ask(
            actor=people["erin"],
            namespace=self._place("storefront", "web"),
            wants={"storage": 100 * GIB},
            reason="Pictures of every fish in the shop",
            until=None,
        )

    def _place(self, team: str, name: str) -> Namespace:
        return Namespace.objects.select_related("team", "plan").get(team__slug=team, name=name)

    def _spec(self, tag: str, **more: object) -> ReleaseSpec:
        base = ReleaseSpec(image=f"{IMAGE}:{tag}", health=Health(kind="http", path="/ready"), cpu=100, memory=128 * MIB)
        return structs.replace(base, **more)

    def _create(self, who: str, namespace: Namespace, name: str, spec: ReleaseSpec, *, wait: bool = True) -> App:
        app, _ = apps.create_app(actor=self._people[who], namespace=namespace, name=name, spec=spec)
        if wait:
            self._until(lambda: App.objects.filter(pk=app.pk, health="running").exists())
        return app

    def _release(self, who: str, app: App, spec: ReleaseSpec, *, wait: bool = True, **changes: object) -> None:
        release, _ = apps.release_app(
            actor=self._people[who], app=app, spec=structs.replace(spec, **changes), expected=None
        )
        if wait:
            self._until(lambda: App.objects.filter(pk=app.pk, serving=release).exists())

    def _until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not ready() and time.monotonic() < deadline and not self._stop.wait(0.2):
            pass
