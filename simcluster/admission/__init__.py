"""Admission: what is defaulted, refused and counted before an object is stored.

`AdmittedStore` is the one door for creations, whether they come over HTTP or from a controller.
"""

from simcluster.admission.door import AdmittedStore

__all__ = ["AdmittedStore"]
