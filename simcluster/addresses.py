"""Cluster IPs and node ports of services (pkg/registry/core/service/storage/alloc.go)."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from simcluster import errors
from simcluster.store import Store

Obj = dict[str, Any]
SERVICE_NETWORK = IPv4Network("10.96.0.0/16")
NODE_PORTS = range(30000, 32768)


def give_cluster_ip(store: Store, service: Obj, old: Obj | None) -> None:
    """Fill in addresses in place; an update keeps what the service had. Raises 422 for an address that is taken."""
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return
    was = (old or {}).get("spec") or {}
    if was.get("clusterIP") and not spec.get("clusterIP"):
        spec["clusterIP"] = was["clusterIP"]
    address = spec.get("clusterIP", "")
    if address and address != "None" and address != was.get("clusterIP"):
        _check_free(store, service, address)
    if not address:
        spec["clusterIP"] = _free_address(store)
    spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _node_ports(store, spec, was)


def _taken(store: Store) -> set[str]:
    return {service["spec"].get("clusterIP", "") for service in store.list("services")}


def _free_address(store: Store) -> str:
    taken = _taken(store)
    number = store.version * 2654435761 % 65000
    for step in range(65000):
        address = str(SERVICE_NETWORK[(number + step) % 65000 + 10])
        if address not in taken:
            return address
    raise errors.internal("failed to allocate a serviceIP: range is full")


def _check_free(store: Store, service: Obj, address: str) -> None:
    problem = ""
    try:
        if IPv4Address(address) not in SERVICE_NETWORK:
            problem = f"failed to allocate IP {address}: the provided IP ({address}) is not in the valid range. " + (
                f"The range of valid IPs is {SERVICE_NETWORK}"
            )
    except ValueError:
        problem = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    if address in _taken(store):
        problem = f"failed to allocate IP {address}: provided IP is already allocated"
    if problem:
        shown = f'Invalid value: ["{address}"]: {problem}'
        cause = ("FieldValueInvalid", "spec.clusterIPs", shown)
        raise errors.invalid("Service", "", service["metadata"]["name"], [cause])


def _node_ports(store: Store, spec: Obj, was: Obj) -> None:
    taken = {port.get("nodePort") for service in store.list("services") for port in service["spec"].get("ports") or ()}
    before = {port.get("port"): port.get("nodePort") for port in was.get("ports") or ()}
    for port in spec.get("ports") or ():
        if not port.get("nodePort"):
            port["nodePort"] = before.get(port.get("port")) or next(free for free in NODE_PORTS if free not in taken)
            taken.add(port["nodePort"])
