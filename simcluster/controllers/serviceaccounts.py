"""Each namespace has a ServiceAccount `default` and a ConfigMap with the cluster's certificate."""

from collections.abc import Iterable

from simcluster.controllers.queue import Controller, Key

ROOT_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


class ServiceAccounts(Controller):
    watches = ("namespaces", "serviceaccounts", "configmaps")
    component = "service-account-controller"

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        if resource == "namespaces":
            return [("", obj["metadata"]["name"])] if change == "ADDED" else ()
        ours = obj["metadata"]["name"] in ("default", "kube-root-ca.crt")
        return [("", obj["metadata"]["namespace"])] if change == "DELETED" and ours else ()

    async def sync(self, key: Key) -> float | None:
        name = key[1]
        namespace = self.store.get("namespaces", None, name)
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return None
        if self.store.get("serviceaccounts", name, "default") is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
            self.store.create("serviceaccounts", account)
        if self.store.get("configmaps", name, "kube-root-ca.crt") is None:
            metadata = {
                "name": "kube-root-ca.crt",
                "namespace": name,
                "annotations": {"kubernetes.io/description": DESCRIPTION},
            }
            certificate = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
            self.store.create("configmaps", {**certificate, "data": {"ca.crt": ROOT_CERTIFICATE}})
        return None
