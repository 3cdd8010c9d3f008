"""Calls of approvers: the queue, one request with what a decision needs, the decision; and the clusters."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.approvals import (
    ApprovalOut,
    ApprovalsQuery,
    ClusterOut,
    DecisionIn,
    OneApprovalOut,
    QueuedOut,
)
from tenants.api.serializers.shapes import page_of
from tenants.api.views.door import Door, call
from tenants.rules.granting import Move
from tenants.selectors import approvals as shown
from tenants.selectors import clusters, people, quota_requests, verdicts
from tenants.services import quota_decisions


class Approvals(Door):
    @call("list_approvals", "What waits for an approver", query=ApprovalsQuery, answer=page_of(QueuedOut))
    def get(self, request: Request) -> Response:
        access.require_site(self.user, "quota.comment")
        chosen = people.chosen(shown.FILTERS, self.asked)
        return self.page(shown.queue(self.asked.get("q", "").strip(), **chosen), QueuedOut)


class OneApproval(Door):
    @call("get_approval", "One request with what a decision needs", answer=OneApprovalOut)
    def get(self, request: Request, number: int) -> Response:
        access.require_site(self.user, "quota.comment")
        found = quota_requests.request_of(self.user, number)
        told = {
            "request": found,
            "lines": shown.lines(found),
            "hints": verdicts.hints_of(found),
            "room": shown.room(found),
            "why_not": quota_decisions.why_not(self.user, found),
        }
        return Response(OneApprovalOut(told).data)


class Decision(Door):
    @call(
        "decide_quota_request",
        "Approve, approve in part, ask for changes, or reject",
        body=DecisionIn,
        answer=ApprovalOut,
    )
    def post(self, request: Request, number: int) -> Response:
        access.require_site(self.user, "quota.decide")
        found = quota_requests.request_of(self.user, number)
        sent = dict(self.sent)
        decided = quota_decisions.decide(actor=self.user, request=found, by=Move(sent.pop("decision")), **sent)
        return Response(ApprovalOut(quota_requests.request_of(self.user, decided.number)).data)


class Clusters(Door):
    @call(
        "list_clusters",
        "The clusters, what they have and what of it is granted, for staff",
        answer=ClusterOut(many=True),
    )
    def get(self, request: Request) -> Response:
        access.require_site(self.user, "policies.read")
        return Response(ClusterOut(clusters.clusters(), many=True).data)
