"""A Kubernetes API server for demos and tests: the real wire protocol over plain HTTP on loopback.

It imports nothing of Berth's other packages. Its behavior is held to the real API server by one contract suite.
"""
