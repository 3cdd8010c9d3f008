"""What a release or an audit line changed, in words: `image 1.4.0 → 1.5.0`, `2 variables changed`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster import images
from tenants import rules
from tenants.models import AuditEntry

Change = Mapping[str, Any]

PLURALS = {
    "env": "variables",
    "secret_env": "variables from secrets",
    "secret_files": "secret files",
    "volumes": "volumes",
    "health": "health check settings",
    "secret_versions": "secret versions",
}
SINGLES = {
    "env": "variable",
    "secret_env": "variable from a secret",
    "secret_files": "secret at",
    "volumes": "volume at",
    "health": "health check",
    "secret_versions": "new value of",
}
NAMES = {
    "image": "Image",
    "port": "Port",
    "cpu": "CPU of a pod",
    "memory": "Memory of a pod",
    "replicas": "Replicas",
    "pull_secret": "Registry login",
    "command": "Command",
    "args": "Arguments",
    "name": "Name",
    "description": "Description",
    "discoverable": "Found by everybody",
    "viewers_read_logs": "Viewers read logs",
    "role": "Role",
    "email": "E-mail address",
    "time_zone": "Time zone",
    "language": "Language",
    "theme": "Light or dark",
    "mails_paused": "Mails paused",
}


SAID: Mapping[str, Callable[[Any], str]] = {
    "cpu": lambda raw: rules.say_cpu(int(raw)),
    "memory": lambda raw: rules.say_bytes(int(raw)),
    "secret_versions": lambda raw: f"version {raw}",
}


DEEDS = {
    "create": "Created",
    "edit": "Changed",
    "delete": "Deleted",
    "release": "Released",
    "roll_back": "Rolled back",
    "refresh_secrets": "Took new secrets for",
    "set": "Set",
    "add": "Added a",
    "change": "Changed the role of a",
    "remove": "Removed a",
    "leave": "Left as",
    "revoke": "Revoked",
    "resend": "Sent again",
    "ask": "Sent",
    "reply": "Answered",
    "accept": "Accepted",
    "decline": "Declined",
    "withdraw": "Withdrew",
    "save": "Saved",
    "live": "Put live",
    "repaired": "Repaired",
    "pause": "Paused",
    "resume": "Resumed",
}
# What a verb alone does not say.
WHOLE_DEEDS = {
    "team.quota": "Set labels and ceilings of",
    "session.end": "Ended the",
    "cluster.strays": "Found strays in",
}
# Of a request for more quota, or of a namespace's limits.
QUOTA_DEEDS = {
    "draft": "Wrote",
    "edit": "Changed",
    "discard": "Deleted",
    "submit": "Sent",
    "comment": "Wrote about",
    "approve_first": "Approved, first of two,",
    "approve": "Approved",
    "approve_part": "Approved in part",
    "ask_changes": "Asked for changes of",
    "reject": "Rejected",
    "withdraw": "Withdrew",
    "confirm": "Applied",
    "expire": "Ended",
    "lower": "Lowered the quota of",
    "reclaim": "Gave unused quota back of",
    "go_back": "Took a raise of quota back of",
}
# What people do with their own account.
OWN_DEEDS = {
    "account.create": "Signed up",
    "account.sign_in": "Signed in",
    "account.sign_out": "Signed out",
    "account.edit": "Changed their profile",
    "account.password": "Changed their password",
    "account.delete": "Deleted their account",
    "email.add": "Added an e-mail address",
    "email.confirm": "Confirmed an e-mail address",
    "email.remove": "Removed an e-mail address",
    "email.main": "Chose another main e-mail address",
    "second_factor.add": "Added a second factor",
    "second_factor.remove": "Removed a second factor",
    "session.end": "Ended sessions",
    "notices.choose": "Chose what to be told of",
}
REFUSALS = {
    "team.edit": "change the team",
    "team.delete": "delete the team",
    "team.join": "join teams",
    "members.manage": "manage members",
    "joining.read": "see invitations and requests",
    "requests.adopt": "answer requests",
    "invitation.accept": "accept an invitation that is not theirs",
    "namespaces.create": "create namespaces",
    "namespaces.delete": "delete namespaces",
    "namespaces.pause": "pause namespaces",
    "apps.write": "change apps",
    "apps.delete": "delete apps",
    "logs.read": "read logs",
    "volumes.write": "claim volumes",
    "volumes.delete": "delete volumes",
    "secrets.write": "set secrets",
    "secrets.delete": "delete secrets",
    "tokens.create": "make tokens with a token",
    "quota.request": "ask for quota",
    "quota.comment": "see requests for quota",
    "quota.decide": "decide on requests for quota",
    "policies.read": "see policies",
    "policies.edit": "change policies and plans",
    "team.create": "create teams with this token",
    "team.read": "read with this token",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of a comparison; `old` or `new` is "" where it is not there."""

    group: str
    name: str
    old: str
    new: str


def sentence(changes: Sequence[Change], rolled_back_to: int | None = None) -> str:
    """One line for a ledger. No changes: the first release."""
    if rolled_back_to:
        return f"back to v{rolled_back_to}"
    if not changes:
        return "first release"
    groups: dict[str, list[Change]] = {}
    for change in changes:
        field = str(change["field"])
        group = field.partition(".")[0]
        groups.setdefault(group if group in PLURALS else field, []).append(change)
    told = [_group(name, members) for name, members in groups.items()]
    return ", ".join(told) if len(told) <= 3 else f"{', '.join(told[:2])} and {len(told) - 2} more"


def differences(changes: Sequence[Change]) -> list[Difference]:
    """Every change as a row, grouped by what it is about."""
    rows = []
    for change in changes:
        group, _, key = str(change["field"]).partition(".")
        name = f"{SINGLES[group].capitalize()} {key}" if group in SINGLES else _name(str(change["field"]))
        rows.append(Difference(group, name, value(group, change["old"]), value(group, change["new"])))
    return rows


def value(group: str, raw: Any) -> str:
    """A value with its unit; "" for what is not there."""
    if raw is None or raw == "":
        return ""
    if group in SAID:
        return SAID[group](raw)
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if isinstance(raw, (list, tuple)):
        return " ".join(str(word) for word in raw)
    return str(raw)


def deed(entry: AuditEntry) -> str:
    """An audit line's action in words: `app.release` → `Released app payments-dev/checkout`."""
    noun, _, verb = entry.action.partition(".")
    if entry.action == "account.sign_in" and entry.outcome == "denied":
        return f"Was not signed in: {entry.target}"
    if entry.action in ("token.use", "limit.hold"):
        held = f"Was slowed down by the {entry.target}"
        return held if entry.action == "limit.hold" else "Came with a token that does not work"
    if entry.outcome == "denied":
        return f"May not {REFUSALS.get(entry.action, entry.action)}: {entry.target}"
    if entry.action in OWN_DEEDS and (entry.target_noun, entry.target_id) == ("user", str(entry.actor_id)):
        return OWN_DEEDS[entry.action]
    if noun == "quota" and verb in QUOTA_DEEDS:
        return f"{QUOTA_DEEDS[verb]} {entry.target.rpartition('/')[2]}"
    words = WHOLE_DEEDS.get(entry.action) or DEEDS.get(verb, verb.replace("_", " ").capitalize())
    target = entry.target if entry.target.startswith(f"{noun} ") else f"{noun} of {entry.target}"
    return f"{words} {target}"


def _group(name: str, members: Sequence[Change]) -> str:
    if name == "image":
        return _image(str(members[0]["old"]), str(members[0]["new"]))
    if name not in PLURALS:
        change = members[0]
        words = _name(name)
        old, new = value(name, change["old"]) or "none", value(name, change["new"]) or "none"
        return f"{words if words[:2].isupper() else words[0].lower() + words[1:]} {old} → {new}"
    if len(members) == 1:
        key = str(members[0]["field"]).partition(".")[2]
        done = "added" if members[0]["old"] is None else "removed" if members[0]["new"] is None else "changed"
        return f"new value of {key}" if name == "secret_versions" else f"{SINGLES[name]} {key} {done}"
    return f"{len(members)} {PLURALS[name]} changed"


def _name(field: str) -> str:
    """The field in words; of one that is in words already, the first letter large."""
    return NAMES.get(field, field[:1].upper() + field[1:])


def _image(old: str, new: str) -> str:
    """Only tags or digests where the name is the same."""
    before, after = images.split(old), images.split(new)
    if before.name != after.name:
        return f"image → {new}"
    if before.version == after.version:
        return f"image {after.version} by another digest"
    return f"image {before.version} → {after.version}"
