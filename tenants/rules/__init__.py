"""Every limit of the domain, once: pure functions `rule(text) → clean value` that raise `Broken(message)`.

Forms and serializers use them field by field; the services ask again for the whole, so that no door can forget one.
"""

from tenants.rules.account import device, person_name, time_zone, time_zones
from tenants.rules.broken import Broken
from tenants.rules.environment import env, env_name, env_value, words
from tenants.rules.images import image, registry_host
from tenants.rules.names import (
    app_name,
    cluster_name,
    namespace_name,
    plan_name,
    plan_title,
    secret_name,
    suggest,
    team_name,
    team_slug,
    token_name,
    volume_name,
)
from tenants.rules.network import HEALTH_KINDS, health_path, health_period, health_start, port
from tenants.rules.paths import ACCESS_MODES, access_mode, mount_path, storage_class, unique_paths
from tenants.rules.people import INVITEES_MAX, description, email, invitee, invitees, message, note, reason
from tenants.rules.quantities import (
    REPLICAS_MAX,
    cpu,
    memory,
    number,
    replicas,
    say_bytes,
    say_cpu,
    storage,
    whole,
)
from tenants.rules.release import clean_release
from tenants.rules.secrets import (
    OPAQUE,
    REGISTRY_KEY,
    REGISTRY_LOGIN,
    login_values,
    registry_login,
    registry_user,
    secret_key,
    secret_type,
    secret_values,
)
from tenants.rules.tokens import DAYS_MAX, token_days

__all__ = [
    "ACCESS_MODES",
    "DAYS_MAX",
    "HEALTH_KINDS",
    "INVITEES_MAX",
    "OPAQUE",
    "REGISTRY_KEY",
    "REGISTRY_LOGIN",
    "REPLICAS_MAX",
    "Broken",
    "access_mode",
    "app_name",
    "clean_release",
    "cluster_name",
    "cpu",
    "description",
    "device",
    "email",
    "env",
    "env_name",
    "env_value",
    "health_path",
    "health_period",
    "health_start",
    "image",
    "invitee",
    "invitees",
    "login_values",
    "memory",
    "message",
    "mount_path",
    "namespace_name",
    "note",
    "number",
    "person_name",
    "plan_name",
    "plan_title",
    "port",
    "reason",
    "registry_host",
    "registry_login",
    "registry_user",
    "replicas",
    "say_bytes",
    "say_cpu",
    "secret_key",
    "secret_name",
    "secret_type",
    "secret_values",
    "storage",
    "storage_class",
    "suggest",
    "team_name",
    "team_slug",
    "time_zone",
    "time_zones",
    "token_days",
    "token_name",
    "unique_paths",
    "volume_name",
    "whole",
    "words",
]
