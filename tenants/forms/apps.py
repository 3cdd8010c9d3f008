"""Forms of an app: sections that together make a ReleaseSpec, each usable alone for one page of an app."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

import msgspec
from django import forms
from django.utils.functional import cached_property

from tenants import rules
from tenants.forms.fields import DomainForm, RowsField, RuleField, obeyed, pairs
from tenants.models import Namespace, Secret, Volume
from tenants.releases import Health, ReleaseSpec, SecretFolder, SecretKey, VolumeAt

MIB = 1 << 20
# Sizes of one pod that most apps do with: name → millicores, bytes.
SIZES = {"small": (250, 256 * MIB), "medium": (500, 512 * MIB), "large": (1000, 2048 * MIB)}
REACH = (("nobody", "Nobody: it works in the background"), ("namespace", "Apps in its namespace"))
# Folded sections of a page → their fields.
FOLDED = {
    "health": ("health_kind", "health_path", "health_period", "health_start", "liveness"),
    "volumes": ("volumes",),
    "secrets": ("secret_files",),
    "command": ("command", "args"),
    "login": ("pull_secret",),
}
HEALTH = (("http", "Ask a path by HTTP"), ("tcp", "Open the port"), ("none", "No check"))


class SpecForm(DomainForm):
    """Base of the sections: `spec(base)` answers the release with what this form says."""

    aliases = {"health": "health_kind"}

    @property
    def unfolded(self) -> set[str]:
        """The folded sections that a form which comes back shows open: what was typed there, or is wrong."""
        touched = {*self.errors, *self.changed_data} if self.is_bound else set()
        return {section for section, fields in FOLDED.items() if touched.intersection(fields)}

    def spec(self, base: ReleaseSpec) -> ReleaseSpec:
        """Call when valid. Fields that the form lacks stay as in `base`."""
        for section in reversed(type(self).__mro__):
            fill = section.__dict__.get("fill")
            if fill is not None:
                base = fill(self, base)
        return base


class ImageSection(SpecForm):
    image = RuleField(
        rules.image,
        label="Image",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "autocomplete": "off", "placeholder": "registry.example/shop:1.4.0"}
        ),
        error_messages={"required": "Give an image, such as registry.example/shop:1.4.0."},
    )

    def fill(self, base: ReleaseSpec) -> ReleaseSpec:
        return msgspec.structs.replace(base, image=self.cleaned_data["image"])


class LoginSection(SpecForm):
    pull_secret = forms.ChoiceField(label="Login to the registry", required=False)

    def fill(self, base: ReleaseSpec) -> ReleaseSpec:
        return msgspec.structs.replace(base, pull_secret=self.cleaned_data["pull_secret"])


class ReachSection(SpecForm):
    port = RuleField(rules.port, label="Port", required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    reach = forms.ChoiceField(label="Who reaches it", choices=REACH, initial="namespace", widget=forms.RadioSelect)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reach") == "namespace" and data.get("port") is None and "port" not in self.errors:
            self.add_error("port", "Give the port that it listens on, such as 8080, or choose “Nobody”.")
        return data

    def fill(self, base: ReleaseSpec) -> ReleaseSpec:
        data = self.cleaned_data
        return msgspec.structs.replace(base, port=data["port"] if data["reach"] == "namespace" else None)


class SizeSection(SpecForm):
    size = forms.ChoiceField(
        label="Size of one pod",
        choices=[*((name, name.capitalize()) for name in SIZES), ("custom", "Custom")],
        initial="small",
        widget=forms.RadioSelect,
    )
    cpu = RuleField(rules.cpu, label="CPU", required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    memory = RuleField(rules.memory, label="Memory", required=False)
    replicas = RuleField(rules.replicas, label="Replicas", widget=forms.TextInput(attrs={"inputmode": "numeric"}))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        size = data.get("size")
        if size in SIZES:
            data["cpu"], data["memory"] = SIZES[size]
            for name in ("cpu", "memory"):
                self.errors.pop(name, None)
        for name, example in (("cpu", "0.25"), ("memory", "512 MiB")):
            if size == "custom" and data.get(name) is None and name not in self.errors:
                self.add_error(name, f"How much, such as {example}?")
        return data

    def fill(self, base: ReleaseSpec) -> ReleaseSpec:
        data = self.cleaned_data
        return msgspec.structs.replace(base, cpu=data["cpu"], memory=data["memory"], replicas=data["replicas"])


class EnvironmentSection(SpecForm):
    env = RowsField("name", "value", label="Environment")
    secret_env = RowsField("name", "ref", label="From secrets")
    secret_files = RowsField("secret", "path", label="Secrets as files")
    volumes = RowsField("volume", "path", label="Volumes")

    def clean_env(self) -> dict[str, str]:
        return obeyed(rules.env, pairs(self.cleaned_data["env"]))

    def clean_secret_env(self) -> dict[str, SecretKey]:
        chosen: dict[str, SecretKey] = {}
        for name, ref in pairs(self.cleaned_data["secret_env"]):
            if not name or not ref:
                raise forms.ValidationError(f"Give {name or 'the variable'} both a name and a key of a secret.")
            if name in chosen:
                raise forms.ValidationError(f"“{name}” stands here twice: keep one of them.")
            secret, _, key = ref.partition("/")
            chosen[name] = SecretKey(secret, key)
        return chosen

    def clean_secret_files(self) -> tuple[SecretFolder, ...]:
        return tuple(SecretFolder(*row) for row in self._mounts("secret_files", "secret"))

    def clean_volumes(self) -> tuple[VolumeAt, ...]:
        return tuple(VolumeAt(*row) for row in self._mounts("volumes", "volume"))

    def fill(self, base: ReleaseSpec) -> ReleaseSpec:
        data = self.cleaned_data
        names = ("env", "secret_env", "secret_files", "volumes")
        return msgspec.structs.replace(base, **{name: data[name] for name in names})

    def _mounts(self, field: str, noun: str) -> list[tuple[str, str]]:
        rows = pairs(self.cleaned_data[field])
        for name, path in rows:
            if not name:
                raise forms.ValidationError(f"Choose the {noun} for {path}, or clear the path.")
            obeyed(rules.mount_path, path)
        return [(name, path.strip()) for name, path in rows]


class RunSection(SpecForm):
    health_kind = forms.ChoiceField(label="Health check", choices=HEALTH, initial="http")
    health_path = RuleField(rules.health_path, label="Path", required=False, initial="/")
    health_period = RuleField(rules.health_period, label="Ask every", initial="5")
    health_start = RuleField(rules.health_start, label="Time to start", initial="60")
    liveness = forms.BooleanField(label="Restart a pod that fails it", required=False)
    command = forms.CharField(label="Command", required=False)
    args = forms.CharField(label="Arguments", required=False)

    def clean_command(self) -> tuple[str, ...]:
        return _words(self.cleaned_data["command"])

    def clean_args(self) -> tuple[str, ...]:
        return _words(self.cleaned_data["args"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("health_kind") == "http" and not data.get("health_path") and "health_path" not in self.errors:
            self.add_error("health_path", "Give the path to ask, such as /healthz, or choose another check.")
        return data

    def fill(self, base: ReleaseSpec) -> ReleaseSpec:
        data = self.cleaned_data
        kind: Any = data["health_kind"] if base.port is not None else "none"
        health = Health(
            kind=kind,
            path=data["health_path"] or "/",
            period=data["health_period"],
            start_seconds=data["health_start"],
            liveness=data["liveness"] and kind != "none",
        )
        return msgspec.structs.replace(base, health=health, command=data["command"], args=data["args"])


class InNamespaceForm(SpecForm):
    """Knows the secrets and volumes that the namespace has, once a page shows what the selects offer."""

    def __init__(self, *args: Any, namespace: Namespace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._namespace = namespace
        if "pull_secret" in self.fields:
            self.fields["pull_secret"].choices = self._logins  # type: ignore[attr-defined]

    @property
    def secret_names(self) -> list[str]:
        return [secret.name for secret in self._secrets if secret.type == rules.OPAQUE]

    @property
    def secret_keys(self) -> list[str]:
        return [f"{s.name}/{key}" for s in self._secrets if s.type == rules.OPAQUE for key in sorted(s.keys)]

    @cached_property
    def volume_names(self) -> list[str]:
        volumes = Volume.objects.filter(namespace=self._namespace, deleting_since=None)
        return list(volumes.values_list("name", flat=True))

    @cached_property
    def _secrets(self) -> list[Secret]:
        return list(Secret.objects.filter(namespace=self._namespace, deleting_since=None))

    def _logins(self) -> list[tuple[str, str]]:
        logins = [secret.name for secret in self._secrets if secret.type == rules.REGISTRY_LOGIN]
        return [("", "none"), *zip(logins, logins, strict=True)]


# The bases fill the release from right to left: the health check needs the port.
class NewAppForm(
    InNamespaceForm, RunSection, EnvironmentSection, SizeSection, ReachSection, LoginSection, ImageSection
):
    name = RuleField(rules.app_name, label="Name")


class DeployForm(InNamespaceForm, LoginSection, ImageSection):
    """Another image, everything else as it is."""


class ScaleForm(SizeSection):
    """Size and number of pods."""


class ConfigurationForm(InNamespaceForm, RunSection, EnvironmentSection, ReachSection, LoginSection):
    """Variables, files, volumes, port, health check, command and the login to the registry."""


def initial_of(spec: ReleaseSpec) -> dict[str, Any]:
    """What the forms show of a release."""
    fits = (name for name, size in SIZES.items() if size == (spec.cpu, spec.memory))
    return {
        "image": spec.image,
        "pull_secret": spec.pull_secret,
        "port": "" if spec.port is None else str(spec.port),
        "reach": "nobody" if spec.port is None else "namespace",
        "size": next(fits, "custom"),
        "cpu": f"{spec.cpu / 1000:g}",
        "memory": rules.say_bytes(spec.memory),
        "replicas": str(spec.replicas),
        "env": list(spec.env.items()),
        "secret_env": [(name, f"{ref.secret}/{ref.key}") for name, ref in spec.secret_env.items()],
        "secret_files": [(folder.secret, folder.path) for folder in spec.secret_files],
        "volumes": [(mount.volume, mount.path) for mount in spec.volumes],
        "health_kind": spec.health.kind,
        "health_path": spec.health.path,
        "health_period": str(spec.health.period),
        "health_start": str(spec.health.start_seconds),
        "liveness": spec.health.liveness,
        "command": shlex.join(spec.command),
        "args": shlex.join(spec.args),
    }


def _words(text: str) -> tuple[str, ...]:
    """As a shell reads it: quotes keep words together, nothing else is special."""
    try:
        words: Iterable[str] = shlex.split(text)
    except ValueError:
        raise forms.ValidationError("A quote is not closed.") from None
    return obeyed(rules.words, list(words))
