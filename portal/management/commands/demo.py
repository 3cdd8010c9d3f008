"""`manage.py demo`: Berth with an example, in one process, on this machine alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import socket
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

import yaml
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal import embedded, seed
from simcluster.server import SimCluster
from tenants import migrations

HOST = "127.0.0.1"
NODES = 12
"""Of the simulated cluster: 96 cores and 384 GiB, more than the example is granted."""
# What a demo keeps in its folder: two databases, with what SQLite writes beside them, and how to reach its cluster.
DATABASES = ("berth.sqlite3", "cluster.state")
BESIDE = ("", "-journal", "-shm", "-wal")
KUBECONFIG = "kubeconfig"
# Which migrations made the database: one that was written anew since then would find tables that it does not know.
MIGRATIONS = "migrations.json"
# Locked while a demo runs: two of them with one database and one simulated cluster would spoil both.
LOCK = "lock"


class Command(BaseCommand):
    help = "Runs Berth with an example on this machine, beside a simulated cluster or with --cluster."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--cluster", default="", help="a kubeconfig: use that cluster instead of a simulated one")
        parser.add_argument("--reset", action="store_true", help="throw away what an earlier demo left, then start")
        parser.add_argument("--data", default="", help="the folder for what it keeps, instead of var/demo")
        parser.add_argument(
            "--bare", action="store_true", help="the people and their teams, without the example's apps"
        )
        parser.add_argument(
            "--speed", type=float, default=1.0, help="how much faster than life the simulated cluster is"
        )

    def handle(
        self, *, port: int, cluster: str, reset: bool, data: str, bare: bool, speed: float, **options: Any
    ) -> None:
        _check_port(port)
        folder = _folder(cluster, data)
        with _hold(folder):
            if reset:
                _throw_away(folder)
            _check_version(folder)
            self._run(folder, port=port, cluster=cluster, bare=bare, speed=speed)

    def _run(self, folder: Path, *, port: int, cluster: str, bare: bool, speed: float) -> None:
        settings.SITE_URL = f"http://{HOST}:{port}"
        settings.DATABASES["default"]["NAME"] = str(folder / "berth.sqlite3")
        connection.settings_dict["NAME"] = str(folder / "berth.sqlite3")
        simulated = self._simulate(folder, speed) if not cluster else None
        if cluster:
            settings.CLUSTERS = {"default": {"title": _title(Path(cluster)), "kubeconfig": cluster}}
        fresh = _migrate()
        stop = threading.Event()
        try:
            self._serve(port, stop, example=fresh and simulated is not None and not bare)
        finally:
            stop.set()
            if simulated is not None:
                simulated.stop()

    def _simulate(self, folder: Path, speed: float) -> SimCluster:
        simulated = SimCluster(state_path=folder / "cluster.state", speed=speed, nodes=NODES).start()
        kubeconfig = simulated.write_kubeconfig(folder / KUBECONFIG)
        settings.CLUSTERS = {"default": {"title": "harbor-1", "kubeconfig": str(kubeconfig)}}
        return simulated

    def _serve(self, port: int, stop: threading.Event, *, example: bool) -> None:
        people, made = seed.base()
        database = Path(connection.settings_dict["NAME"])

        def ready() -> None:
            self._greet(port, database, seed.CAST, seed.PASSWORD)
            if example:
                build = seed.Example(people, made, stop).build
                threading.Thread(target=build, name="example", daemon=True).start()

        embedded.serve(host=HOST, port=port, ready=ready)

    def _greet(self, port: int, database: Path, cast: dict[str, Any], password: str) -> None:
        self.stdout.write(f"\nBerth is at http://{HOST}:{port}\n\nSign in with the password “{password}” as")
        for name, (who, _) in cast.items():
            self.stdout.write(f"  {name:6} {who}")
        default = Path(settings.DATA_DIR) / "demo" / "berth.sqlite3"
        where = "" if database == default else f"BERTH_DATABASE={database} "
        self.stdout.write(f"\nA token for scripts: {where}.venv/bin/python manage.py issue_token alice")
        self.stdout.write(f"The API to read: http://{HOST}:{port}/api/docs/")
        mails = "Mails are printed here. " if settings.MAIL_IS_PRINTED else ""
        self.stdout.write(f"\n{mails}Stop with Ctrl-C; the next start keeps everything.\n")
        self.stdout.flush()


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = f"Port {port} is taken ({error.strerror}). Choose another: make demo PORT=8001"
            raise CommandError(why) from error


def _folder(cluster: str, data: str) -> Path:
    """Where this demo keeps its data: one folder for the simulated cluster and one per kubeconfig, unless named."""
    if cluster and not Path(cluster).is_file():
        raise CommandError(f"There is no kubeconfig at {cluster}.")
    name = f"demo-{hashlib.sha256(str(Path(cluster).resolve()).encode()).hexdigest()[:8]}" if cluster else "demo"
    folder = Path(data) if data else Path(settings.DATA_DIR) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _hold(folder: Path) -> IO[str]:
    """The folder's lock, for as long as it is open. Raises CommandError where another demo has it."""
    lock = (folder / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CommandError(
            f"A demo runs with the data in {folder} already. Stop it first,\n"
            "or give this one a port and data of its own: make demo PORT=8001 DATA=var/demo-8001"
        ) from error
    return lock


def _throw_away(folder: Path) -> None:
    """Deletes what an earlier demo left. Where anything else is in the folder, it is somebody's, and nothing goes."""
    ours = {KUBECONFIG, MIGRATIONS, LOCK, *(name + beside for name in DATABASES for beside in BESIDE)}
    found = sorted(folder.iterdir())
    others = [file.name for file in found if file.name not in ours or not file.is_file()]
    if others:
        raise CommandError(f"{folder} holds what no demo made ({others[0]}). Name a folder of the demo's own.")
    for file in found:
        if file.name != LOCK:
            file.unlink()


def _check_version(folder: Path) -> None:
    """Keeps beside the data what made its tables. Raises CommandError where that was another version of Berth."""
    kept, now = folder / MIGRATIONS, _migrations()
    if (folder / DATABASES[0]).exists():
        try:
            known = json.loads(kept.read_text())
        except (OSError, ValueError):
            known = {"": ""}  # older than this file
        if not known.items() <= now.items():
            raise CommandError(
                f"The demo’s data in {folder} are of another version of Berth, which this one cannot read.\n"
                "`make demo-reset` throws them away and starts afresh."
            )
    kept.write_text(json.dumps(now, indent=1))


def _migrations() -> dict[str, str]:
    """Name → digest of what each of Berth's migrations says, comments (when it was written) aside."""
    folder = Path(migrations.__path__[0])
    found = {}
    for file in sorted(folder.glob("[0-9]*.py")):
        said = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
        found[file.stem] = hashlib.sha256(said.encode()).hexdigest()
    return found


def _title(kubeconfig: Path) -> str:
    """What the kubeconfig calls the cluster of its current context, which is what people know it by."""
    known = yaml.safe_load(kubeconfig.read_text())
    try:
        contexts = {context["name"]: context["context"] for context in known["contexts"]}
        return str(contexts[known["current-context"]]["cluster"])
    except (KeyError, TypeError) as error:
        raise CommandError(f"{kubeconfig} is no kubeconfig with a current context.") from error


def _migrate() -> bool:
    """Brings the database up to date; True when it was new."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    fresh = not executor.loader.applied_migrations
    call_command("migrate", verbosity=0, skip_checks=True)
    return fresh
