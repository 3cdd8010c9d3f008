"""Two wishes at once: both cannot get the last of something, and neither waits for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from tenants import notices
from tenants.errors import Conflict, DomainError
from tenants.models import (
    App,
    Letter,
    Membership,
    Namespace,
    Notice,
    Operation,
    Plan,
    Role,
    Secret,
    StaffRole,
    Team,
    Transfer,
    User,
)
from tenants.releases import VolumeAt
from tenants.services import (
    apps,
    invitations,
    joining,
    members,
    namespaces,
    policies,
    secrets,
    suspensions,
    teams,
    transfers,
    volumes,
)
from tests.factories import (
    GIB,
    confirm_address,
    make_app,
    make_invitation,
    make_member,
    make_policy,
    make_request,
    make_spec,
    make_team,
    make_user,
    make_volume,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

MANY = 8


def at_once(verb: Callable[[int], object], times: int = MANY) -> Counter[str]:
    """Runs `verb(0)`, `verb(1)`, … in as many threads, let go together: how often each ended how ("done" or a code)."""
    ready = Barrier(times, timeout=30)

    def run(number: int) -> str:
        ready.wait()
        try:
            verb(number)
        except DomainError as error:
            return error.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(run, range(times)))


def test_one_name_is_given_once(bob: User, namespace: Namespace) -> None:
    ends = at_once(lambda _: apps.create_app(actor=bob, namespace=namespace, name="shop", spec=make_spec()))
    assert ends == {"done": 1, "taken": MANY - 1}
    assert App.objects.count() == Operation.objects.count() == 1


def test_one_slug_is_given_once(bob: User) -> None:
    ends = at_once(lambda _: teams.create_team(actor=bob, name="Night", slug="night"))
    assert ends == {"done": 1, "taken": MANY - 1}


def test_last_team_that_a_person_may_own_is_made_once(bob: User, settings: Settings) -> None:
    settings.MAX_TEAMS_PER_PERSON = 1
    ends = at_once(lambda number: teams.create_team(actor=bob, name="Night", slug=f"night-{number}"))
    assert ends == {"done": 1, "too_many": MANY - 1}


@pytest.mark.parametrize(
    ("wall", "code"), [({"namespaces_max": 1}, "too_many"), ({"ceilings": {"memory": 15 * GIB}}, "ceiling")]
)
def test_last_namespace_that_a_team_may_have_is_made_once(
    alice: User, team: Team, plan: Plan, wall: dict[str, Any], code: str
) -> None:
    make_policy(**wall)

    def create(number: int) -> None:
        namespaces.create_namespace(actor=alice, team=team, name=f"dev-{number}", plan=plan)

    assert at_once(create) == {"done": 1, code: MANY - 1}


def test_of_two_who_save_the_next_policy_the_second_is_told() -> None:
    dave, seen = make_user("dave", staff_role=StaffRole.APPROVER), make_policy().pk

    def save(number: int) -> None:
        policies.save(actor=dave, body={"namespaces_max": number}, newest=seen)

    assert at_once(save) == {"done": 1, "overtaken": MANY - 1}


def test_of_two_who_put_a_policy_live_the_second_is_told() -> None:
    dave, held = make_user("dave", staff_role=StaffRole.APPROVER), make_policy().pk
    drafts = [policies.save(actor=dave, body={"namespaces_max": number}) for number in range(MANY)]

    def go_live(number: int) -> None:
        policies.go_live(actor=dave, policy=drafts[number], holds=held)

    assert at_once(go_live) == {"done": 1, "overtaken": MANY - 1}


def test_one_name_in_the_cluster_goes_to_one_of_two_teams(alice: User, plan: Plan) -> None:
    places = [(make_team("a-b", owner=alice), "c"), (make_team("a", owner=alice), "b-c")]

    def create(number: int) -> None:
        team, name = places[number]
        namespaces.create_namespace(actor=alice, team=team, name=name, plan=plan)

    assert at_once(create, times=2) == {"done": 2}
    assert sum(name == "a-b-c" for name in Namespace.objects.values_list("cluster_name", flat=True)) == 1


def test_release_from_one_page_is_made_once(bob: User, app_row: App) -> None:
    def deploy(number: int) -> None:
        apps.release_app(actor=bob, app=app_row, spec=make_spec(env={"N": str(number)}), expected=1)

    assert at_once(deploy) == {"done": 1, "overtaken": MANY - 1}


def test_releases_at_once_are_numbered_one_after_the_other(bob: User, app_row: App) -> None:
    def deploy(number: int) -> None:
        apps.release_app(actor=bob, app=app_row, spec=make_spec(env={"N": str(number)}), expected=None)

    assert at_once(deploy) == {"done": MANY}
    app_row.refresh_from_db()
    assert app_row.generation == MANY + 1
    assert sorted(app_row.releases.values_list("number", flat=True)) == list(range(1, MANY + 2))


def test_last_room_of_a_quota_is_given_once(bob: User, namespace: Namespace) -> None:
    spec = make_spec(memory=3 * GIB)

    def create(number: int) -> None:
        apps.create_app(actor=bob, namespace=namespace, name=f"shop-{number}", spec=spec)

    assert at_once(create) == {"done": 1, "quota_exceeded": MANY - 1}


def test_last_storage_of_a_quota_is_given_once(bob: User, namespace: Namespace) -> None:
    def create(number: int) -> None:
        volumes.create_volume(actor=bob, namespace=namespace, name=f"data-{number}", size=30 * GIB)

    assert at_once(create) == {"done": 1, "quota_exceeded": MANY - 1}


def test_volume_of_one_app_is_given_once(bob: User, namespace: Namespace) -> None:
    make_volume(namespace)
    spec = make_spec(memory=64 << 20, cpu=10, volumes=(VolumeAt("data", "/data"),))

    def create(number: int) -> None:
        apps.create_app(actor=bob, namespace=namespace, name=f"shop-{number}", spec=spec)

    assert at_once(create) == {"done": 1, "invalid": MANY - 1}


def test_volume_is_deleted_or_mounted_and_never_both(alice: User, bob: User, namespace: Namespace) -> None:
    volume = make_volume(namespace)
    app = make_app(namespace)
    spec = make_spec(volumes=(VolumeAt("data", "/data"),))
    ends = at_once(
        lambda number: (
            volumes.delete_volume(actor=alice, volume=volume, confirm="data")
            if number
            else apps.release_app(actor=bob, app=app, spec=spec, expected=None)
        ),
        times=2,
    )
    assert ends in ({"done": 1, "in_use": 1}, {"done": 1, "invalid": 1})


def test_each_change_of_a_secret_has_its_own_version(bob: User, namespace: Namespace) -> None:
    def change(number: int) -> None:
        secrets.set_secret(actor=bob, namespace=namespace, name="database", values={f"K{number}": "x"})

    assert at_once(change) == {"done": MANY}
    secret = Secret.objects.get()
    assert sorted(secret.keys.values()) == list(range(1, MANY + 1))


def test_two_owners_who_leave_at_once_leave_one(alice: User, team: Team) -> None:
    others = [make_user(f"owner-{number}") for number in range(2)]
    owners = [make_member(team, user, "owner") for user in others]
    Membership.objects.filter(team=team, user=alice).delete()
    ends = at_once(lambda number: members.remove_member(actor=others[number], membership=owners[number]), times=2)
    assert ends == {"done": 1, "last_owner": 1}


def test_namespace_is_deleted_or_taken_up_by_the_teams_deletion(alice: User, team: Team, namespace: Namespace) -> None:
    at_once(
        lambda number: (
            teams.delete_team(actor=alice, team=team, confirm="payments")
            if number
            else namespaces.delete_namespace(actor=alice, namespace=namespace, confirm="dev")
        ),
        times=2,
    )
    assert Operation.objects.get().kind == "namespace.delete"
    assert Team.objects.get().deleting


def test_invitation_lets_one_in_however_often_it_is_accepted_at_once(erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin))

    def accept(_: int) -> None:
        invitations.accept(actor=User.objects.get(pk=erin.pk), invitation=invitations.by_token(token))

    assert at_once(accept) == {"done": 1, "not_found": MANY - 1}
    assert Membership.objects.filter(team=team, user=erin).count() == 1


def test_invitation_is_accepted_or_taken_back_and_never_both(alice: User, erin: User, team: Team) -> None:
    invitation, _ = make_invitation(team, confirm_address(erin))
    ends = at_once(
        lambda number: (
            invitations.revoke(actor=alice, invitation=invitation)
            if number
            else invitations.accept(actor=erin, invitation=invitation)
        ),
        times=2,
    )
    assert ends in ({"done": 1, "over": 1}, {"done": 1, "not_found": 1})
    invitation.refresh_from_db()
    assert (invitation.revoked_at is None) is Membership.objects.filter(user=erin).exists()


def test_one_address_is_invited_once_however_many_ask(alice: User, team: Team) -> None:
    def invite(_: int) -> None:
        answer = invitations.invite(actor=alice, team=team, people=["zoe@example.com"], role="viewer")[0]
        if answer.invitation is None:
            raise Conflict(answer.message, code=answer.code)

    assert at_once(invite) == {"done": 1, "standing": MANY - 1}


def test_one_request_is_open_however_often_one_asks(erin: User, team: Team) -> None:
    Team.objects.update(discoverable=True)
    ends = at_once(lambda _: joining.ask(actor=erin, team=team, message="Let me in"))
    assert ends == {"done": 1, "asked": MANY - 1}


def test_request_is_accepted_or_withdrawn_and_never_both(alice: User, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    ends = at_once(
        lambda number: (
            joining.accept(actor=alice, request=request, role="viewer")
            if number
            else joining.withdraw(actor=erin, request=request)
        ),
        times=2,
    )
    assert ends == {"done": 1, "decided": 1}
    request.refresh_from_db()
    assert (request.state == "accepted") is Membership.objects.filter(user=erin).exists()


def test_two_of_the_support_do_not_suspend_each_other(db: None) -> None:
    pair = [make_user(name, staff_role=StaffRole.SUPPORT) for name in ("kim", "sam")]
    ends = at_once(
        lambda number: suspensions.suspend_person(actor=pair[number], person=pair[1 - number], reason="Left"), times=2
    )
    assert ends == {"done": 1, "forbidden": 1}
    assert User.objects.filter(is_active=True).count() == 1


def test_a_team_is_handed_over_or_taken_back_and_never_both(alice: User, bob: User, team: Team) -> None:
    offer = transfers.offer(actor=alice, team=team, to="bob")
    ends = at_once(
        lambda number: (
            transfers.accept(actor=bob, transfer=offer) if number else transfers.withdraw(actor=alice, transfer=offer)
        ),
        times=2,
    )
    assert ends in ({"done": 1, "decided": 1}, {"done": 1, "forbidden": 1})
    owners = team.memberships.filter(role=Role.OWNER)
    assert [owner.user for owner in owners] == [bob if Transfer.objects.get().state == "accepted" else alice]


def test_observers_that_write_daily_mails_at_once_write_one_each(alice: User, bob: User) -> None:
    """A leader that lost its lease may still be at it."""
    morning = timezone.now()
    for person in (alice, bob):
        confirm_address(person)
        Notice.objects.create(person=person, kind="member.changed", title="x", in_digest=True)
    Notice.objects.update(at=morning - timedelta(days=2))
    counts: list[int] = []
    assert at_once(lambda _: counts.append(notices.send_daily(morning))) == {"done": MANY}
    assert sum(counts) == Letter.objects.count() == 2
