"""The kubeconfig of a running simcluster."""

_TEXT = """\
apiVersion: v1
kind: Config
current-context: simcluster
clusters:
- name: simcluster
  cluster:
    server: {url}
users:
- name: simcluster
  user:
    token: simcluster
contexts:
- name: simcluster
  context:
    cluster: simcluster
    user: simcluster
"""


def kubeconfig(url: str) -> str:
    """`url` as in http://127.0.0.1:8001."""
    return _TEXT.format(url=url)
