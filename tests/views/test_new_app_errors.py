"""New app when something is wrong: what is said, and which sections stand open."""

from __future__ import annotations

import re

from django.test import Client

from tenants.models import Namespace, Secret, Volume
from tests.views.test_forms import NEW_APP, new_app


def test_two_things_at_one_path_are_both_named_and_their_sections_open(
    as_bob: Client, volume: Volume, secret: Secret
) -> None:
    mounts = {"volumes_volume": ["data"], "volumes_path": ["/x"]}
    files = {"secret_files_secret": ["database"], "secret_files_path": ["/x"]}
    html = as_bob.post(NEW_APP, new_app(health_path="/") | mounts | files).content.decode()
    assert "Both volume data and secret database would stand at /x" in html
    assert re.findall(r'<details class="b-more" id="(\w+)" open', html) == ["volumes", "secrets"]


def test_an_image_that_cannot_be_read_is_not_called_missing(as_bob: Client, namespace: Namespace) -> None:
    answer = as_bob.post(f"{NEW_APP}?part=remains", new_app(image="a b"), headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "This image's name cannot be read." in html
    assert "Give an image first" not in html
