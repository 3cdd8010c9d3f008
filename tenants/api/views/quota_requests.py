"""Quota for scripts: asking for more, following a request, and giving some back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access, weighing
from tenants.api.serializers.namespaces import NamespaceOut
from tenants.api.serializers.quota_requests import (
    CommentIn,
    LimitsIn,
    QuotaRequestEdit,
    QuotaRequestIn,
    QuotaRequestOut,
    QuotaRequestsQuery,
    QuotaThreadOut,
    WeighedOut,
    WeighIn,
    WithdrawIn,
)
from tenants.api.serializers.shapes import accepted
from tenants.api.views.door import Door, call
from tenants.errors import DomainError
from tenants.models import QuotaRequest
from tenants.selectors import quota_requests
from tenants.services import lowering
from tenants.services import quota_requests as verbs

OWN_NAMES = {"reason", "until", "text", "confirm", "wants", "limits"}
LimitsAccepted = accepted(namespace=NamespaceOut)


class Weigh(Door):
    @call(
        "weigh_quota_request",
        "What the policy would say to a request",
        body=WeighIn,
        answer=WeighedOut,
        reads=True,
    )
    def post(self, request: Request, team: str, namespace: str) -> Response:
        return Response(WeighedOut(weighing.weigh(self.namespace(), self.sent["wants"], self.sent.get("until"))).data)


class Limits(Door):
    @call("lower_quota", "Lower limits, at once", body=LimitsIn, answer=LimitsAccepted, status=202)
    def post(self, request: Request, team: str, namespace: str) -> Response:
        found, confirmed = self.namespace(), self.sent.get("confirm", False)
        with at("limits"):
            lowered, operation = lowering.lower(
                actor=self.user, namespace=found, wants=self.sent["limits"], confirmed=confirmed
            )
        return self.accepted(operation, namespace=(NamespaceOut, lowered))


class Requests(Door):
    @call(
        "list_quota_requests_of_namespace",
        "Requests for more quota of a namespace, newest first",
        query=QuotaRequestsQuery,
        many=QuotaRequestOut,
    )
    def get(self, request: Request, team: str, namespace: str) -> Response:
        every = self.asked.get("state") == "all"
        return self.page(quota_requests.of_namespace(self.user, self.namespace(), every=every), QuotaRequestOut)

    @call(
        "request_quota",
        "Ask for more quota; approved at once where the policy says so",
        body=QuotaRequestIn,
        answer=QuotaThreadOut,
        status=201,
    )
    def post(self, request: Request, team: str, namespace: str) -> Response:
        sent = dict(self.sent)
        verb = verbs.draft if sent.pop("draft", False) else verbs.ask
        with at("wants"):
            made = verb(actor=self.user, namespace=self.namespace(), **sent)
        address = reverse("api:quota_request", args=[made.number])
        return Response(shown(made), status=201, headers={"Location": address})


class TeamRequests(Door):
    @call(
        "list_quota_requests",
        "Requests for more quota of a team, newest first",
        query=QuotaRequestsQuery,
        many=QuotaRequestOut,
    )
    def get(self, request: Request, team: str) -> Response:
        every = self.asked.get("state") == "all"
        return self.page(quota_requests.of_team(self.user, self.team(), every=every), QuotaRequestOut)


class RequestDoor(Door):
    def quota_request(self) -> QuotaRequest:
        return quota_requests.request_of(self.user, self.kwargs["number"])


class OneRequest(RequestDoor):
    @call("get_quota_request", "One request, with all that was done and said", answer=QuotaThreadOut)
    def get(self, request: Request, number: int) -> Response:
        return Response(shown(self.quota_request()))

    @call(
        "change_quota_request",
        "Change a draft, or a request that is not decided yet",
        body=QuotaRequestEdit,
        answer=QuotaThreadOut,
    )
    def patch(self, request: Request, number: int) -> Response:
        found = self.quota_request()
        access.require(self.user, "quota.request", found)
        before = {
            "wants": {want.resource: want.wanted for want in found.wants.all()},
            "reason": found.reason,
            "until": found.until,
        }
        with at("wants"):
            verbs.edit(actor=self.user, request=found, **{**before, **self.sent})
        return Response(shown(found))

    @call("discard_quota_request", "Delete a draft", status=204)
    def delete(self, request: Request, number: int) -> Response:
        verbs.discard(actor=self.user, request=self.quota_request())
        return Response(status=204)


class Submit(RequestDoor):
    @call("submit_quota_request", "Send a draft, or what changes were asked of", answer=QuotaThreadOut)
    def post(self, request: Request, number: int) -> Response:
        found = self.quota_request()
        with at("wants"):
            verbs.submit(actor=self.user, request=found)
        return Response(shown(found))


class Withdraw(RequestDoor):
    @call("withdraw_quota_request", "Take a request back", body=WithdrawIn, answer=QuotaThreadOut)
    def post(self, request: Request, number: int) -> Response:
        found = self.quota_request()
        verbs.withdraw(actor=self.user, request=found, **self.sent)
        return Response(shown(found))


class Extend(RequestDoor):
    @call(
        "extend_quota_request",
        "Ask for a raise that runs now once more, for as long again",
        answer=QuotaThreadOut,
        status=201,
    )
    def post(self, request: Request, number: int) -> Response:
        with at("wants"):
            made = verbs.extend(actor=self.user, request=self.quota_request())
        address = reverse("api:quota_request", args=[made.number])
        return Response(shown(made), status=201, headers={"Location": address})


class Messages(RequestDoor):
    @call("comment_quota_request", "Add to the thread", body=CommentIn, answer=QuotaThreadOut, status=201)
    def post(self, request: Request, number: int) -> Response:
        found = self.quota_request()
        verbs.comment(actor=self.user, request=found, **self.sent)
        return Response(shown(found), status=201)


def shown(request: QuotaRequest) -> object:
    """As it is now."""
    return QuotaThreadOut(quota_requests.told(QuotaRequest.objects.filter(pk=request.pk)).get()).data


@contextmanager
def at(key: str) -> Iterator[None]:
    """Errors at a resource are told where its amount stands in the body: `wants.memory`."""
    try:
        yield
    except DomainError as error:
        error.fields = {name if name in OWN_NAMES else f"{key}.{name}": words for name, words in error.fields.items()}
        raise
