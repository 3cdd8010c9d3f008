"""The official Python client, with threads and with asyncio: its models, its errors, its watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import aio, client, config, watch

from . import manifests


@pytest.fixture(scope="module")
def connected(kubeconfig: Path) -> Iterator[client.ApiClient]:
    connection = config.new_client_from_config(str(kubeconfig))
    yield connection
    connection.close()
    connection.rest_client.pool_manager.clear()


@pytest.fixture(scope="module")
def core(connected: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(connected)


@pytest.fixture(scope="module")
def apps(connected: client.ApiClient) -> client.AppsV1Api:
    return client.AppsV1Api(connected)


def test_created_object_is_a_model(core: client.CoreV1Api, space: str) -> None:
    made = core.create_namespaced_config_map(space, manifests.config_map(space, "typed"))
    assert isinstance(made, client.V1ConfigMap)
    assert made.metadata.creation_timestamp.tzinfo is not None
    assert core.read_namespaced_config_map("typed", space).metadata.uid == made.metadata.uid


def test_error_is_an_exception_with_a_status(core: client.CoreV1Api, space: str) -> None:
    with pytest.raises(client.ApiException) as refused:
        core.read_namespaced_config_map("none", space)
    assert (refused.value.status, refused.value.reason) == (404, "Not Found")


def test_deployment_runs(apps: client.AppsV1Api, core: client.CoreV1Api, space: str) -> None:
    apps.create_namespaced_deployment(space, manifests.deployment(space, "web"))
    follow = watch.Watch()
    selector = "metadata.name=web"
    for event in follow.stream(apps.list_namespaced_deployment, space, field_selector=selector, timeout_seconds=60):
        if event["object"].status.available_replicas == 1:
            follow.stop()
    (pod,) = core.list_namespaced_pod(space, label_selector="app=web").items
    assert pod.status.phase == "Running"
    assert pod.status.container_statuses[0].state.running.started_at
    assert "listening on :8080" in core.read_namespaced_pod_log(pod.metadata.name, space)


def test_apply_by_the_client(apps: client.AppsV1Api, space: str) -> None:
    body = manifests.deployment(space, "applied", replicas=0)
    options = {"_content_type": "application/apply-patch+yaml", "field_manager": "berth", "force": True}
    made = apps.patch_namespaced_deployment("applied", space, body, **options)
    assert made.metadata.managed_fields[0].manager == "berth"


def test_scale_by_the_client(apps: client.AppsV1Api, space: str) -> None:
    apps.create_namespaced_deployment(space, manifests.deployment(space, "scaled", replicas=0))
    scaled = apps.patch_namespaced_deployment_scale("scaled", space, {"spec": {"replicas": 1}})
    assert scaled.spec.replicas == 1


def test_pages_by_the_client(core: client.CoreV1Api, space: str) -> None:
    for number in range(3):
        core.create_namespaced_secret(space, manifests.secret(space, f"page-{number}"))
    first = core.list_namespaced_secret(space, limit=2)
    rest = core.list_namespaced_secret(space, limit=2, _continue=first.metadata._continue)
    names = [one.metadata.name for page in (first, rest) for one in page.items]
    assert names == ["page-0", "page-1", "page-2"]


def test_delete_by_the_client(core: client.CoreV1Api, space: str) -> None:
    core.create_namespaced_config_map(space, manifests.config_map(space, "dropped"))
    assert core.delete_namespaced_config_map("dropped", space)["status"] == "Success"


def test_versions_and_apis(connected: client.ApiClient) -> None:
    assert client.VersionApi(connected).get_code().git_version.startswith("v1.37")
    assert "apps" in [group.name for group in client.ApisApi(connected).get_api_versions().groups]


def test_with_asyncio(kubeconfig: Path, space: str) -> None:
    """One object made, watched and deleted through the client's asyncio half."""

    async def walk() -> list[tuple[str, str]]:
        connection = await aio.config.new_client_from_config(str(kubeconfig))
        async with connection:
            core = aio.client.CoreV1Api(connection)
            listed = await core.list_namespaced_config_map(space)
            await core.create_namespaced_config_map(space, manifests.config_map(space, "aside"))
            await core.delete_namespaced_config_map("aside", space)
            seen: list[tuple[str, str]] = []
            follow = aio.watch.Watch()
            since = listed.metadata.resource_version
            async for event in follow.stream(
                core.list_namespaced_config_map, space, resource_version=since, timeout_seconds=10
            ):
                if event["object"].metadata.name == "aside":
                    seen.append((event["type"], event["object"].data["key"]))
                if len(seen) == 2:
                    break
            await follow.close()
            return seen

    assert asyncio.run(walk()) == [("ADDED", "value"), ("DELETED", "value")]


def test_log_stream_with_asyncio(kubeconfig: Path, space: str, core: client.CoreV1Api) -> None:
    one = manifests.container(args=["count", "3", "0"])
    core.create_namespaced_pod(space, manifests.pod(space, "counting", one, restartPolicy="Never"))
    follow = watch.Watch()
    selector = "metadata.name=counting"
    for event in follow.stream(core.list_namespaced_pod, space, field_selector=selector, timeout_seconds=60):
        if event["object"].status.phase == "Succeeded":
            follow.stop()

    async def read() -> bytes:
        connection = await aio.config.new_client_from_config(str(kubeconfig))
        async with connection:
            core = aio.client.CoreV1Api(connection)
            reply = await core.read_namespaced_pod_log_without_preload_content("counting", space, follow=True)
            return await reply.content.read()

    assert asyncio.run(read()) == b"line 1\nline 2\nline 3\n"
