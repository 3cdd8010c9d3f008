"""Names that people choose, and what becomes of them in a cluster.

Names of objects are DNS-1123 labels (RFC 1123 as Kubernetes reads it); an app's is also its Service's name, so it
begins with a letter (RFC 1035). Lengths leave room for the suffixes of versions and pods.
"""

from __future__ import annotations

import re
import unicodedata

from cluster.names import MAX_LABEL, bounded, is_label
from tenants.rules.broken import Broken

TEAM_SLUG = (2, 24)
NAMESPACE_NAME = (1, 30)
OBJECT_NAME = (1, 40)
TITLE_MAX = 80
TOKEN_NAME_MAX = 60
LONGEST_TYPED = 1_000

# The cluster's own names and the portal's; a team's slug begins every name that it gets in the cluster.
RESERVED = frozenset({"default", "kube", "openshift", "kubernetes", "berth", "istio-system", "cert-manager"})
RESERVED_PREFIXES = ("kube-", "openshift-", "berth-")
# Pages stand at these addresses beside the objects.
RESERVED_OBJECTS = frozenset({"new"})


def team_slug(text: str) -> str:
    """A team's short name, 2 to 24 characters: begins all its namespaces' names, never changes."""
    slug = _label(text, *TEAM_SLUG)
    if slug in RESERVED or slug.startswith(RESERVED_PREFIXES):
        raise Broken(f"“{slug}” is reserved for the cluster itself: choose another name.")
    return slug


def team_name(text: str) -> str:
    """A team's title for people, 1 to 80 characters on one line."""
    return _title(text, TITLE_MAX, "Payments")


def plan_name(text: str) -> str:
    """A plan's short name in addresses, 1 to 24 characters; never changes."""
    name = _label(text, 1, 24)
    if name in RESERVED_OBJECTS:
        raise Broken(f"“{name}” is an address of its own here: choose another name.")
    return name


def plan_title(text: str) -> str:
    """A plan's title for people, 1 to 60 characters on one line."""
    return _title(text, 60, "Small")


def token_name(text: str) -> str:
    """What a token is for, 1 to 60 characters on one line."""
    return _title(text, TOKEN_NAME_MAX, "deploys from CI")


def namespace_name(text: str) -> str:
    """A namespace's short name in its team, 1 to 30 characters."""
    return _label(text, *NAMESPACE_NAME)


def app_name(text: str) -> str:
    """An app's name, 1 to 40 characters; a letter first, for it is its address in the cluster too."""
    name = _object(text)
    if not name[0].isalpha():
        raise Broken("Begin with a letter: the name is also the app's address in the cluster.")
    return name


def volume_name(text: str) -> str:
    """A volume's name, 1 to 40 characters."""
    return _object(text)


def secret_name(text: str) -> str:
    """A secret's name, 1 to 40 characters."""
    return _object(text)


def cluster_name(prefix: str, slug: str, name: str, *, mark: str = "") -> str:
    """The Namespace's name in the cluster, at most 63 characters; raises Broken for a long or reserved one.

    `mark` ends it where another team's namespace has the plain name: “a-b” + “c” and “a” + “b-c” make the same.
    """
    full = f"{prefix}{slug}-{name}"
    if len(full) > MAX_LABEL:
        left = MAX_LABEL - len(full) + len(name)
        raise Broken(f"“{full}” would have {len(full)} characters; at most {left} are left for the name.")
    if not is_label(full):
        raise Broken(f"“{full}” is no name in a cluster: small letters, digits and “-”.")
    if full in RESERVED or full.startswith(RESERVED_PREFIXES[:2]):
        raise Broken(f"“{full}” is reserved for the cluster itself: choose another name.")
    return bounded(full, f"-{mark}") if mark else full


def suggest(text: str, longest: int = TEAM_SLUG[1]) -> str:
    """The nearest valid name, for a hint; "" when nothing is left of it.

    >>> suggest("Payments & Co")
    'payments-co'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:longest].strip("-")


def _object(text: str) -> str:
    name = _label(text, *OBJECT_NAME)
    if name in RESERVED_OBJECTS:
        raise Broken(f"“{name}” is the address of a page here: choose another name.")
    return name


def _label(text: str, least: int, most: int) -> str:
    name = text.strip()
    if not name:
        raise Broken("Give a name.")
    if not least <= len(name) <= most:
        raise Broken(f"{least} to {most} characters, please; this has {len(name)}.")
    if not is_label(name):
        hint = suggest(name, most)
        nearest = f" “{hint}” would do." if len(hint) >= least else ""
        raise Broken(f"Small letters, digits and “-”, with a letter or digit at both ends.{nearest}")
    return name


def _title(text: str, most: int, example: str) -> str:
    if len(text) > LONGEST_TYPED:  # to compose a long run of combining marks takes the square of its length
        raise Broken(f"At most {most} characters, please; this has {len(text)}.")
    title = unicodedata.normalize("NFC", text).strip()
    if not title:
        raise Broken(f"Give a name, such as “{example}”.")
    if len(title) > most:
        raise Broken(f"At most {most} characters, please; this has {len(title)}.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in title):
        raise Broken("Letters, digits, spaces and signs only: there is an invisible character in it.")
    return title
