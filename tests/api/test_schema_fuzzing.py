"""Whatever the OpenAPI document allows, and much that it does not, gets an answer that the document knows: no 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tenants.api.views.docs import document
from tests.access.conftest import World, make_world

EXAMPLES = 15
PLACES = {
    "team": "payments",
    "namespace": "dev",
    "app": "checkout",
    "volume": "data",
    "secret": "database",
    "username": "bob",
    "number": 1,
}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

application = get_wsgi_application()
# Logs need a process that watches a cluster: tests/api/test_running.py.
schema = schemathesis.openapi.from_dict(document()).exclude(path_regex="/logs$")
schema.app = application

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_world()
        # The test's transaction outlives a request. Django's test client, with which the world was made, does this
        # for its own requests and undoes it after each.
        signals.request_started.disconnect(close_old_connections)
        signals.request_finished.disconnect(close_old_connections)
        yield made
        transaction.set_rollback(True)
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_call(case: Any, world: World) -> None:
    case.path_parameters = {
        name: PLACES.get(name, str(world.operation.pk) if "operations" in case.path else str(world.token.pk))
        for name in case.path_parameters or {}
    }
    with transaction.atomic():
        case.call_and_validate(headers=world.headers("alice"), checks=CHECKS)
        transaction.set_rollback(True)
