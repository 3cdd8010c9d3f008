"""Whether a wish fits into the quota of its namespace, before it is sent."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.errors import Malformed
from tenants.api.serializers.preflight import PreflightIn, PreflightOut
from tenants.api.serializers.releases import spec_of
from tenants.api.views.door import Door, call
from tenants.errors import Invalid
from tenants.models import Namespace
from tenants.releases import load
from tenants.rules.quota import Preflight as Found
from tenants.selectors import finding
from tenants.services import apps, parts, quotas

WISHES = ("release", "rollback", "volume", "secret")


class Preflight(Door):
    http_method_names = ["post"]

    @call(
        "preflight_quota",
        "Whether a release, a rollback, a volume or a secret fits, changing nothing",
        body=PreflightIn,
        answer=PreflightOut,
        reads=True,
    )
    def post(self, request: Request, team: str, namespace: str) -> Response:
        found = self._found(self.namespace())
        shown = {"fits": found.fits, "fields": found.fields, "notes": found.notes}
        return Response(PreflightOut({**shown, "figures": [row.figures() for row in found.rows]}).data)

    def _found(self, namespace: Namespace) -> Found:
        if sum(wish in self.sent for wish in WISHES) > 1:
            raise Malformed(f"Ask for one of these at a time: {', '.join(WISHES)}.")
        if "volume" in self.sent:
            return quotas.volume_preflight(namespace, **self.sent["volume"])
        if "secret" in self.sent:
            return quotas.secret_preflight(namespace)
        app = None
        if "app" in self.sent:
            app = finding.app(self.user, namespace.team.slug, namespace.name, self.sent["app"])
        if "rollback" in self.sent:
            if app is None:
                raise Invalid.at("app", "Give the app that is to be rolled back.")
            back = apps.release_to_return_to(app, self.sent["rollback"])
            return quotas.preflight(namespace, app, load(back.spec))
        base = load(app.release.spec) if app is not None and app.release is not None else None
        if base is None and "image" not in self.sent.get("release", {}):
            raise Invalid.at("release", "Give the app whose next release this is, or a release with its image.")
        return quotas.preflight(namespace, app, parts.clean_spec(spec_of(self.sent.get("release", {}), base)))
