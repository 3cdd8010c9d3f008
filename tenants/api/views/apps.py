"""Apps, releases and rollbacks."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import clusters
from tenants.api.serializers.apps import AppOut, RolloutOut
from tenants.api.serializers.releases import AppIn, ReleaseIn, ReleaseOut, RollbackIn, spec_of
from tenants.api.serializers.shapes import Confirm, accepted
from tenants.api.views.door import Door, call
from tenants.errors import NotFound
from tenants.models import App, Operation, Release
from tenants.releases import load
from tenants.services import apps

AppAccepted = accepted(app=AppOut)
ReleaseAccepted = accepted(release=ReleaseOut)


class Apps(Door):
    @call("list_apps", "Apps of a namespace", many=AppOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        rows = App.objects.filter(namespace=self.namespace())
        return self.page(rows.select_related("namespace__team", "release", "serving"), AppOut)

    @call("create_app", "Deploy an image as a new app", body=AppIn, answer=AppAccepted, status=202)
    def post(self, request: Request, team: str, namespace: str) -> Response:
        app, operation = apps.create_app(
            actor=self.user, namespace=self.namespace(), name=self.sent["name"], spec=spec_of(self.sent)
        )
        return self.accepted(operation, app=(AppOut, app))


class OneApp(Door):
    @call("get_app", "One app and its wanted release", answer=AppOut)
    def get(self, request: Request, team: str, namespace: str, app: str) -> Response:
        return Response(AppOut(self.app()).data)

    @call(
        "delete_app",
        "Delete an app; its volumes and secrets stay",
        query=Confirm,
        answer=AppAccepted,
        status=202,
    )
    def delete(self, request: Request, team: str, namespace: str, app: str) -> Response:
        found = self.app()
        operation = apps.delete_app(actor=self.user, app=found, confirm=self.asked["confirm"])
        return self.deleting(operation, app=(AppOut, found))


class ReleaseDoor(Door):
    """Changes of an app answer with the release that they made."""

    def released(self, made: tuple[Release, Operation]) -> Response:
        release, operation = made
        return self.accepted(operation, release=(ReleaseOut, release))


class Releases(ReleaseDoor):
    @call("list_releases", "An app's ledger, newest first", many=ReleaseOut)
    def get(self, request: Request, team: str, namespace: str, app: str) -> Response:
        return self.page(self.app().releases.select_related("created_by"), ReleaseOut)

    @call(
        "create_release",
        "The next release: what is given changes, the rest stays",
        body=ReleaseIn,
        answer=ReleaseAccepted,
        status=202,
    )
    def post(self, request: Request, team: str, namespace: str, app: str) -> Response:
        found = self.app()
        current = apps.current_release(found)
        spec = spec_of(self.sent, load(current.spec))
        # What was not given was read from `current`: another release in between must not be lost.
        expected = self.sent.get("expected", current.number)
        return self.released(apps.release_app(actor=self.user, app=found, spec=spec, expected=expected))


class OneRelease(Door):
    @call("get_release", "One release", answer=ReleaseOut)
    def get(self, request: Request, team: str, namespace: str, app: str, number: int) -> Response:
        found = self.app().releases.select_related("created_by").filter(number=number).first()
        if found is None:
            raise NotFound("There is no such release.")
        return Response(ReleaseOut(found).data)


class Rollback(ReleaseDoor):
    @call("roll_back", "Back to a release that worked", body=RollbackIn, answer=ReleaseAccepted, status=202)
    def post(self, request: Request, team: str, namespace: str, app: str) -> Response:
        return self.released(apps.roll_back(actor=self.user, app=self.app(), **self.sent))


class RefreshSecrets(ReleaseDoor):
    @call(
        "refresh_secrets",
        "The wanted release again, with the newest values of its secrets",
        answer=ReleaseAccepted,
        status=202,
    )
    def post(self, request: Request, team: str, namespace: str, app: str) -> Response:
        return self.released(apps.refresh_secrets(actor=self.user, app=self.app()))


class Rollout(Door):
    @call("get_rollout", "How far the change is, pod by pod, and why it is stuck", answer=RolloutOut)
    def get(self, request: Request, team: str, namespace: str, app: str) -> Response:
        found = self.app()
        seen: dict[str, Any] = {
            "observed_at": found.observed_at,
            "silent_since": clusters.silent_since(found.namespace.cluster),
            "rollout": found.observed or None,
        }
        return Response(RolloutOut(seen).data)
