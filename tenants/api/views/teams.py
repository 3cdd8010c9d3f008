"""Teams."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.serializers.operations import OperationOut
from tenants.api.serializers.shapes import Confirm, TeamDeletion
from tenants.api.serializers.teams import TeamEdit, TeamIn, TeamOut
from tenants.api.views.door import Door, call
from tenants.models import Membership, Operation, Team
from tenants.services import teams


class TeamDoor(Door):
    """Teams are shown with the caller's role in them."""

    def roles(self) -> dict[str, Any]:
        mine = Membership.objects.filter(user=self.user).values_list("team", "role")
        return {"roles": dict(mine), "staff_role": self.user.staff_role}

    def shown(self, team: Team) -> Any:
        return TeamOut(team, context=self.roles()).data


class Teams(TeamDoor):
    @call("list_teams", "Teams that you may see", many=TeamOut)
    def get(self, request: Request) -> Response:
        return self.page(Team.objects.visible_to(self.user), TeamOut, **self.roles())

    @call("create_team", "Create a team, which you own", body=TeamIn, answer=TeamOut, status=201)
    def post(self, request: Request) -> Response:
        team = teams.create_team(actor=self.user, **self.sent)
        address = reverse("api:team", args=[team.slug])
        return Response(self.shown(team), status=201, headers={"Location": address})


class OneTeam(TeamDoor):
    @call("get_team", "One team", answer=TeamOut)
    def get(self, request: Request, team: str) -> Response:
        return Response(self.shown(self.team()))

    @call("edit_team", "Change a team's name or switches", body=TeamEdit, answer=TeamOut)
    def patch(self, request: Request, team: str) -> Response:
        return Response(self.shown(teams.edit_team(actor=self.user, team=self.team(), **self.sent)))

    @call(
        "delete_team",
        "Delete a team with all its namespaces; the row goes when the cluster confirmed the last of them",
        query=Confirm,
        answer=TeamDeletion,
        status=202,
    )
    def delete(self, request: Request, team: str) -> Response:
        found = self.team()
        deleted = teams.delete_team(actor=self.user, team=found, confirm=self.asked["confirm"])
        opened = Operation.objects.open().filter(team=found.pk, kind="namespace.delete").select_related("actor")
        return Response(
            {"team": found.slug, "gone": deleted.pk is None, "operations": OperationOut(opened, many=True).data},
            status=202,
        )
