"""Plans, namespaces, and their quota."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.serializers.namespaces import NamespaceIn, NamespaceOut, PlanOut, QuotaOut
from tenants.api.serializers.shapes import Confirm, accepted
from tenants.api.views.door import Door, call
from tenants.models import Plan
from tenants.services import namespaces, quotas

NamespaceAccepted = accepted(namespace=NamespaceOut)


class Plans(Door):
    @call("list_plans", "Sizes that a namespace can have", many=PlanOut)
    def get(self, request: Request) -> Response:
        return self.page(Plan.objects.filter(active=True), PlanOut)


class Namespaces(Door):
    @call("list_namespaces", "Namespaces of a team", many=NamespaceOut)
    def get(self, request: Request, team: str) -> Response:
        return self.page(self.team().namespaces.select_related("team", "plan"), NamespaceOut)

    @call("create_namespace", "Create a namespace", body=NamespaceIn, answer=NamespaceAccepted, status=202)
    def post(self, request: Request, team: str) -> Response:
        namespace, operation = namespaces.create_namespace(actor=self.user, team=self.team(), **self.sent)
        return self.accepted(operation, namespace=(NamespaceOut, namespace))


class OneNamespace(Door):
    @call("get_namespace", "One namespace, with the condition of each of its parts", answer=NamespaceOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        return Response(NamespaceOut(self.namespace()).data)

    @call(
        "delete_namespace",
        "Delete a namespace with all that is in it",
        query=Confirm,
        answer=NamespaceAccepted,
        status=202,
    )
    def delete(self, request: Request, team: str, namespace: str) -> Response:
        found = self.namespace()
        operation = namespaces.delete_namespace(actor=self.user, namespace=found, confirm=self.asked["confirm"])
        found.refresh_from_db()
        return self.accepted(operation, namespace=(NamespaceOut, found))


class Quota(Door):
    @call("get_quota", "What is used, reserved and left in a namespace", answer=QuotaOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        found = self.namespace()
        return Response(QuotaOut(quotas.preflight(found), context={"usage": found.usage}).data)
