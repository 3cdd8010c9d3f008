"""Whether a pod's volumes can be mounted: what is missing, in the kubelet's words."""

from simcluster.kubelet.environment import content
from simcluster.store import Store


def problem(store: Store, pod: dict) -> str | None:
    """The text of the FailedMount event for the first volume that cannot be set up."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        why = _missing(store, namespace, volume)
        if why:
            return f'MountVolume.SetUp failed for volume "{volume["name"]}" : {why}'
    return None


def _missing(store: Store, namespace: str, volume: dict) -> str | None:
    if "secret" in volume:
        return _source(store, namespace, "secret", volume["secret"].get("secretName", ""), volume["secret"])
    if "configMap" in volume:
        return _source(store, namespace, "configmap", volume["configMap"].get("name", ""), volume["configMap"])
    for source in (volume.get("projected") or {}).get("sources") or ():
        for field, kind in (("secret", "secret"), ("configMap", "configmap")):
            if field not in source:
                continue
            why = _source(store, namespace, kind, source[field].get("name", ""), source[field])
            if why:
                return why
    return None


def _source(store: Store, namespace: str, kind: str, name: str, source: dict) -> str | None:
    if source.get("optional"):
        return None
    obj = store.get(f"{kind}s", namespace, name)
    if obj is None:
        return f'{kind} "{name}" not found'
    has = content(obj)
    for item in source.get("items") or ():
        if item["key"] not in has:
            return f"references non-existent {'secret' if kind == 'secret' else 'config'} key: {item['key']}"
    return None
