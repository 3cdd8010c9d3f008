"""Calls of the staff: the site's policy and its versions, plans, and what is set for one team."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.policies import (
    GoLiveIn,
    PlanIn,
    PolicyIn,
    PolicyOut,
    StaffPlanOut,
    TeamQuotaIn,
    TeamQuotaOut,
    TryOutIn,
    TryOutOut,
)
from tenants.api.views.door import Door, call
from tenants.errors import Invalid
from tenants.rules.policy_checks import checked
from tenants.selectors import policies as shown
from tenants.selectors.tryout import would_have
from tenants.services import plans, policies


class Policies(Door):
    @call("list_policies", "Versions of the site’s quota policy, newest first, for staff", many=PolicyOut)
    def get(self, request: Request) -> Response:
        access.require_site(self.user, "policies.read")
        return self.page(shown.versions(), PolicyOut)

    @call("save_policy", "A new version, as a draft", body=PolicyIn, answer=PolicyOut, status=201)
    def post(self, request: Request) -> Response:
        access.require_site(self.user, "policies.edit")
        sent = dict(self.sent)
        row = policies.save(actor=self.user, body=sent.pop("policy"), **sent)
        return Response(PolicyOut(shown.version(row.number)).data, status=201)


class OnePolicy(Door):
    @call("get_policy", "One version of the site’s quota policy, for staff", answer=PolicyOut)
    def get(self, request: Request, number: int) -> Response:
        access.require_site(self.user, "policies.read")
        return Response(PolicyOut(shown.version(number)).data)


class Live(Door):
    @call("go_live", "Put a draft of the policy live", body=GoLiveIn, answer=PolicyOut)
    def post(self, request: Request, number: int) -> Response:
        access.require_site(self.user, "policies.edit")
        row = policies.go_live(actor=self.user, policy=shown.version(number).row, **self.sent)
        return Response(PolicyOut(shown.version(row.number)).data)


class TryOut(Door):
    @call(
        "try_policy_out",
        "What a policy would have said in the last 90 days",
        body=TryOutIn,
        answer=TryOutOut,
        reads=True,
    )
    def post(self, request: Request) -> Response:
        access.require_site(self.user, "policies.read")
        policy, faults = checked(self.sent["policy"])
        if faults:
            raise Invalid("The policy needs a change.", fields=faults)
        return Response(TryOutOut(would_have(policy)).data)


class OnePlan(Door):
    @call("get_plan", "One plan with its container defaults, for staff", answer=StaffPlanOut)
    def get(self, request: Request, plan: str) -> Response:
        access.require_site(self.user, "policies.read")
        return Response(StaffPlanOut(shown.plan(plan)).data)

    @call("edit_plan", "Change or retire a plan", body=PlanIn, answer=StaffPlanOut)
    def patch(self, request: Request, plan: str) -> Response:
        access.require_site(self.user, "policies.edit")
        row, _ = plans.save_plan(actor=self.user, plan=shown.plan(plan), **self.sent)
        return Response(StaffPlanOut(row).data)


class TeamQuota(Door):
    @call("get_team_quota", "A team’s labels and ceilings, and what it is granted, for staff", answer=TeamQuotaOut)
    def get(self, request: Request, team: str) -> Response:
        access.require_site(self.user, "policies.read")
        return Response(TeamQuotaOut(self.team()).data)

    @call(
        "edit_team_quota",
        "Set a team’s labels, ceilings and number of namespaces",
        body=TeamQuotaIn,
        answer=TeamQuotaOut,
    )
    def patch(self, request: Request, team: str) -> Response:
        access.require_site(self.user, "policies.edit")
        found = self.team()
        stays = {"labels": found.labels, "ceilings": found.ceilings, "namespaces_max": found.namespaces_max}
        return Response(
            TeamQuotaOut(policies.edit_team_quota(actor=self.user, team=found, **{**stays, **self.sent})).data
        )
