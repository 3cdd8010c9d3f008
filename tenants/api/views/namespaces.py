"""Plans, namespaces, and their quota."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.errors import Malformed
from tenants.api.serializers.namespaces import NamespaceIn, NamespaceOut, PlanOut, PreflightIn, QuotaOut
from tenants.api.serializers.releases import spec_of
from tenants.api.serializers.shapes import Confirm, accepted
from tenants.api.views.door import Door, call
from tenants.errors import Invalid, NotFound
from tenants.models import Namespace, Plan
from tenants.releases import load
from tenants.services import namespaces, parts, quotas

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
        return self.rows(self.namespace())

    def rows(self, namespace: Namespace, **wish: Any) -> Response:
        found = quotas.preflight(namespace, **wish)
        return Response(QuotaOut(found, context={"usage": namespace.usage}).data)


class Preflight(Quota):
    http_method_names = ["post"]

    @call(
        "preflight_quota",
        "Whether a release or a volume fits, changing nothing",
        body=PreflightIn,
        answer=QuotaOut,
        reads=True,
    )
    def post(self, request: Request, team: str, namespace: str) -> Response:
        found = self.namespace()
        if "release" in self.sent and "volume_size" in self.sent:
            raise Malformed("Ask for a release or for a volume, one at a time.")
        if "volume_size" in self.sent:
            return self.rows(found, volume_size=self.sent["volume_size"])
        app = None
        if "app" in self.sent:
            app = found.apps.select_related("release").filter(name=self.sent["app"]).first()
            if app is None:
                raise NotFound("There is no such app.")
        base = load(app.release.spec) if app is not None and app.release is not None else None
        if base is None and "image" not in self.sent.get("release", {}):
            raise Invalid.at("release", "Give the app whose next release this is, or a release with its image.")
        spec = parts.clean_spec(spec_of(self.sent.get("release", {}), base))
        return self.rows(found, app=app, spec=spec)
