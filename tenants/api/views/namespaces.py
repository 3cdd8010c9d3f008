"""Plans, namespaces, and their quota."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.namespaces import NamespaceIn, NamespaceOut, PauseIn, PlanOut
from tenants.api.serializers.policies import NewPlanIn, StaffPlanOut
from tenants.api.serializers.shapes import Confirm, accepted
from tenants.api.views.door import Door, call
from tenants.models import Plan
from tenants.services import namespaces, plans

NamespaceAccepted = accepted(namespace=NamespaceOut)


class Plans(Door):
    @call("list_plans", "Sizes that a namespace can have", many=PlanOut)
    def get(self, request: Request) -> Response:
        return self.page(Plan.objects.filter(active=True), PlanOut)

    @call("create_plan", "A new size for namespaces, for staff", body=NewPlanIn, answer=StaffPlanOut, status=201)
    def post(self, request: Request) -> Response:
        access.require_site(self.user, "policies.edit")
        row, _ = plans.save_plan(actor=self.user, plan=None, **self.sent)
        return Response(StaffPlanOut(row).data, status=201)


class Namespaces(Door):
    @call("list_namespaces", "Namespaces of a team", many=NamespaceOut)
    def get(self, request: Request, team: str) -> Response:
        return self.page(self.team().namespaces.select_related("team", "plan", "paused_by"), NamespaceOut)

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
        return self.deleting(operation, namespace=(NamespaceOut, found))


class Pause(Door):
    @call("pause_namespace", "Repair nothing in the namespace for a while", body=PauseIn, answer=NamespaceOut)
    def put(self, request: Request, team: str, namespace: str) -> Response:
        found = namespaces.pause_namespace(actor=self.user, namespace=self.namespace(), **self.sent)
        return Response(NamespaceOut(found).data)

    @call("resume_namespace", "Repair what differs in the cluster again", answer=NamespaceOut)
    def delete(self, request: Request, team: str, namespace: str) -> Response:
        return Response(NamespaceOut(namespaces.resume_namespace(actor=self.user, namespace=self.namespace())).data)
