"""Fields, constraints and `visible_to(user)`; no verbs: those are in `tenants.services`."""

from tenants.models.app import App, Release
from tenants.models.audit import AuditEntry
from tenants.models.cluster import ClusterState
from tenants.models.namespace import Namespace
from tenants.models.operation import Leader, Operation
from tenants.models.quota import Plan
from tenants.models.secret import Secret
from tenants.models.team import ApiToken, Membership, Role, StaffRole, Team, User
from tenants.models.volume import Volume

__all__ = [
    "ApiToken",
    "App",
    "AuditEntry",
    "ClusterState",
    "Leader",
    "Membership",
    "Namespace",
    "Operation",
    "Plan",
    "Release",
    "Role",
    "Secret",
    "StaffRole",
    "Team",
    "User",
    "Volume",
]
