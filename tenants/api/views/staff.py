"""Calls of the site's staff: people and teams, and their suspension. None shows a secret, a log or a token."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.people import (
    OnePersonOut,
    PeopleQuery,
    PersonOut,
    ReasonIn,
    StaffTeamOut,
    StaffTeamsQuery,
    SuspensionOut,
)
from tenants.api.serializers.shapes import page_of
from tenants.api.views.door import Door, call
from tenants.selectors import people as shown
from tenants.services import suspensions


class People(Door):
    @call("list_people", "Everybody who has an account, for staff", query=PeopleQuery, answer=page_of(PersonOut))
    def get(self, request: Request) -> Response:
        access.require_site(self.user, "people.read")
        chosen = shown.chosen(shown.PEOPLE_FILTERS, self.asked)
        return self.page(shown.people(self.asked.get("q", "").strip(), **chosen), PersonOut)


class OnePerson(Door):
    @call("get_person", "One of them, for staff", answer=OnePersonOut)
    def get(self, request: Request, username: str) -> Response:
        access.require_site(self.user, "people.read")
        return Response(OnePersonOut(shown.person(username)).data)


class PersonSuspension(Door):
    @call("suspend_person", "Shut somebody out of the site at once, for support", body=ReasonIn, answer=SuspensionOut)
    def put(self, request: Request, username: str) -> Response:
        access.require_site(self.user, "people.suspend")
        person = shown.person(username).user
        return Response(SuspensionOut(suspensions.suspend_person(actor=self.user, person=person, **self.sent)).data)

    @call("lift_person", "Let somebody in again, for support", answer=SuspensionOut)
    def delete(self, request: Request, username: str) -> Response:
        access.require_site(self.user, "people.suspend")
        person = shown.person(username).user
        return Response(SuspensionOut(suspensions.lift_person(actor=self.user, person=person)).data)


class StaffTeams(Door):
    @call("list_all_teams", "All teams of the site, for staff", query=StaffTeamsQuery, answer=page_of(StaffTeamOut))
    def get(self, request: Request) -> Response:
        access.require_site(self.user, "teams.read")
        chosen = shown.chosen(shown.TEAM_FILTERS, self.asked)
        return self.page(shown.teams(self.asked.get("q", "").strip(), **chosen), StaffTeamOut)


class TeamSuspension(Door):
    @call("suspend_team", "Nobody changes anything in the team, for support", body=ReasonIn, answer=SuspensionOut)
    def put(self, request: Request, team: str) -> Response:
        access.require_site(self.user, "teams.suspend")
        return Response(SuspensionOut(suspensions.suspend_team(actor=self.user, team=self.team(), **self.sent)).data)

    @call("lift_team", "The team's members change it again, for support", answer=SuspensionOut)
    def delete(self, request: Request, team: str) -> Response:
        access.require_site(self.user, "teams.suspend")
        return Response(SuspensionOut(suspensions.lift_team(actor=self.user, team=self.team())).data)
