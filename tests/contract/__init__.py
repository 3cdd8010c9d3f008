"""What Berth expects of a Kubernetes API server, said once and asked of two servers.

simcluster stands in for a cluster in the demo and in the tests; this suite is what keeps it honest. The same tests
with the same assertions run against

    pytest tests/contract                               simcluster, started for the session on a free port
    pytest tests/contract --cluster=PATH_TO_KUBECONFIG  the API server of that kubeconfig
    BERTH_TEST_KUBECONFIG=PATH pytest tests/contract    the same, by the environment

No test asks which of the two it speaks to. Where the two differ, simcluster is wrong.

The real cluster must have the test images in the registry 10.89.0.1:5000 (and the one that wants a login in
10.89.0.1:5001), the storage classes `standard`, `keep` and `late`, and one node that pods fit on. Everything is made
in namespaces named `contract-…`, which are deleted afterwards without waiting for the end of it.

The doors: `api.py` is plain HTTP (what goes over the wire), `test_client.py` the official Python client and
`test_kubectl.py` kubectl, from PATH or KUBECTL=PATH. Without a kubectl its tests say so and are left out, except in CI.

What a pod needs seconds for is begun at once and awaited later: `stuck.py` makes all its cases together and each test
awaits its own. Nothing sleeps for a fixed time; every wait is a watch with a deadline (`Api.until`).
"""
