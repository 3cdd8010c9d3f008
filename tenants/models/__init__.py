"""Fields, constraints and `visible_to(user)`; no verbs: those are in `tenants.services`."""

from tenants.models.app import App, Release
from tenants.models.audit import AuditEntry, AuditHead, AuditLink
from tenants.models.cluster import ClusterState
from tenants.models.granting import Cause, Grant, Policy, QuotaRequest, QuotaStep, QuotaWant, Sample
from tenants.models.joining import Invitation, JoinMessage, JoinRequest, Transfer
from tenants.models.namespace import Namespace
from tenants.models.notice import Letter, Notice, NoticeChoice
from tenants.models.operation import Leader, Operation
from tenants.models.quota import Plan
from tenants.models.secret import Secret
from tenants.models.team import Membership, Role, Team
from tenants.models.user import ApiToken, StaffRole, User
from tenants.models.volume import Volume

__all__ = [
    "ApiToken",
    "App",
    "AuditEntry",
    "AuditHead",
    "AuditLink",
    "Cause",
    "ClusterState",
    "Grant",
    "Invitation",
    "JoinMessage",
    "JoinRequest",
    "Leader",
    "Letter",
    "Membership",
    "Namespace",
    "Notice",
    "NoticeChoice",
    "Operation",
    "Plan",
    "Policy",
    "QuotaRequest",
    "QuotaStep",
    "QuotaWant",
    "Release",
    "Role",
    "Sample",
    "Secret",
    "StaffRole",
    "Team",
    "Transfer",
    "User",
    "Volume",
]
