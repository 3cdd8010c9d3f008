"""Volumes and secrets."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import rules
from tenants.api.serializers.parts import SecretEdit, SecretIn, SecretOut, VolumeIn, VolumeOut
from tenants.api.serializers.shapes import Confirm, accepted
from tenants.api.views.door import Door, call
from tenants.models import Secret, Volume
from tenants.selectors import finding
from tenants.services import secrets, volumes

VolumeAccepted = accepted(volume=VolumeOut)
SecretAccepted = accepted(secret=SecretOut)


class Volumes(Door):
    @call("list_volumes", "Volumes of a namespace", many=VolumeOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        rows = Volume.objects.filter(namespace=self.namespace())
        return self.page(rows.select_related("namespace__team"), VolumeOut)

    @call("create_volume", "Claim a volume", body=VolumeIn, answer=VolumeAccepted, status=202)
    def post(self, request: Request, team: str, namespace: str) -> Response:
        volume, operation = volumes.create_volume(actor=self.user, namespace=self.namespace(), **self.sent)
        return self.accepted(operation, volume=(VolumeOut, volume))


class OneVolume(Door):
    def volume(self) -> Volume:
        return finding.volume(self.user, self.kwargs["team"], self.kwargs["namespace"], self.kwargs["volume"])

    @call("get_volume", "One volume", answer=VolumeOut)
    def get(self, request: Request, team: str, namespace: str, volume: str) -> Response:
        return Response(VolumeOut(self.volume()).data)

    @call("delete_volume", "Delete a volume and its data", query=Confirm, answer=VolumeAccepted, status=202)
    def delete(self, request: Request, team: str, namespace: str, volume: str) -> Response:
        found = self.volume()
        operation = volumes.delete_volume(actor=self.user, volume=found, confirm=self.asked["confirm"])
        return self.deleting(operation, volume=(VolumeOut, found))


class Secrets(Door):
    @call("list_secrets", "Secrets of a namespace, without their values", many=SecretOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        rows = Secret.objects.filter(namespace=self.namespace())
        return self.page(rows.select_related("namespace__team", "changed_by"), SecretOut)

    @call("create_secret", "Set a new secret", body=SecretIn, answer=SecretAccepted, status=202)
    def post(self, request: Request, team: str, namespace: str) -> Response:
        secret, operation = secrets.set_secret(actor=self.user, namespace=self.namespace(), new=True, **self.sent)
        return self.accepted(operation, secret=(SecretOut, secret))


class OneSecret(Door):
    def secret(self) -> Secret:
        return finding.secret(self.user, self.kwargs["team"], self.kwargs["namespace"], self.kwargs["secret"])

    @call("get_secret", "One secret, without its values", answer=SecretOut)
    def get(self, request: Request, team: str, namespace: str, secret: str) -> Response:
        return Response(SecretOut(self.secret()).data)

    @call(
        "change_secret",
        "Set or remove some keys; apps keep the old values until their next release",
        body=SecretEdit,
        answer=SecretAccepted,
        status=202,
    )
    def patch(self, request: Request, team: str, namespace: str, secret: str) -> Response:
        found = self.secret()
        changed, operation = secrets.set_secret(
            actor=self.user,
            namespace=found.namespace,
            name=found.name,
            values=self.sent.get("values", {}),
            remove=self.sent.get("remove", ()),
            type=self.sent.get("type", rules.OPAQUE),
            new=False,
        )
        return self.accepted(operation, secret=(SecretOut, changed))

    @call("delete_secret", "Delete a secret", query=Confirm, answer=SecretAccepted, status=202)
    def delete(self, request: Request, team: str, namespace: str, secret: str) -> Response:
        found = self.secret()
        operation = secrets.delete_secret(actor=self.user, secret=found, confirm=self.asked["confirm"])
        return self.deleting(operation, secret=(SecretOut, found))
