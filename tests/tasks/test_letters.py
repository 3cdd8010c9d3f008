"""Letters: each leaves once, later when the mail server is away, and nothing of it stays behind."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.db import connections, transaction
from django.utils import timezone
from pytest_django import Settings

from tenants import letters
from tenants.models import Letter
from tests.processes.stack import free_port

pytestmark = pytest.mark.django_db(transaction=True)


class Server:
    """A mail server that answers RCPT or DATA as it is told, and keeps what it took."""

    def __init__(self) -> None:
        self.rcpt = self.data = "250 OK"
        self.taken: list[Any] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data.startswith("250"):
            self.taken.append(envelope)
        return self.data


@pytest.fixture
def server(settings: Settings) -> Any:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield handler
    controller.stop()


def write(to: str = "zoe@example.com") -> Letter:
    context = {"title": "Hello", "text": "token-canary", "path": "/"}
    return letters.write(to=to, kind="test", subject="Hello", template="mail/notice", context=context)


def again(letter: Letter) -> Letter:
    """The pause is over; a worker gets it once more."""
    Letter.objects.filter(pk=letter.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    return sent(letter)


def sent(letter: Letter) -> Letter:
    letters.send(letter.pk)
    letter.refresh_from_db()
    return letter


def test_a_letter_that_left_is_wiped(server: Server) -> None:
    letter = sent(write())
    assert letter.sent_at is not None
    assert letter.sealed is None
    (envelope,) = server.taken
    assert envelope.rcpt_tos == ["zoe@example.com"]
    assert f"Message-ID: <{letter.pk}@127.0.0.1>".encode() in envelope.content


def test_it_waits_encrypted(server: Server) -> None:
    assert b"token-canary" not in bytes(write().sealed or b"")


def test_a_second_delivery_sends_nothing(server: Server) -> None:
    letter = sent(write())
    sent(letter)
    assert len(server.taken) == 1


def test_eight_workers_send_it_once(server: Server) -> None:
    letter = write()

    def work(_: int) -> None:
        try:
            letters.send(letter.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(server.taken) == 1


def test_letter_of_a_worker_that_died_is_taken_over_later(server: Server) -> None:
    letter = write()
    assert letters._claim(letter.pk) is not None
    assert sent(letter).sent_at is None
    Letter.objects.filter(pk=letter.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    assert sent(letter).sent_at is not None


@pytest.mark.parametrize("trouble", ["451 4.7.1 Come back later", "452 Full"])
def test_it_waits_for_a_mail_server_that_asks_for_patience(server: Server, trouble: str) -> None:
    server.rcpt = trouble
    letter = sent(write())
    assert letter.given_up_at is None
    assert letter.error == trouble
    assert letter.not_before is not None
    assert letter.not_before > timezone.now() + timedelta(seconds=letters.PAUSE_FIRST - 5)
    server.rcpt = "250 OK"
    assert again(letter).sent_at is not None


def test_it_waits_for_a_mail_server_that_is_away(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    letter = sent(write())
    assert (letter.given_up_at, letter.sent_at) == (None, None)
    assert "refused" in letter.error


@pytest.mark.parametrize("field", ["rcpt", "data"])
def test_a_refusal_for_good_is_kept_without_the_letter(server: Server, field: str) -> None:
    setattr(server, field, "550 5.1.1 No such person")
    letter = sent(write())
    assert letter.given_up_at is not None
    assert letter.sealed is None
    assert letter.error == "550 5.1.1 No such person"


def test_it_is_given_up_after_a_day_of_trying(server: Server) -> None:
    server.rcpt = "451 Later"
    letter = write()
    for _ in range(letters.ATTEMPTS_MAX):
        again(letter)
    assert letter.given_up_at is not None
    assert sum(letters.pause(attempt) for attempt in range(1, letters.ATTEMPTS_MAX)) > 24 * 3600


def test_wrong_credentials_are_berths_trouble(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not letters._refused_for_good(smtplib.SMTPAuthenticationError(535, b"No"))
    assert not letters._refused_for_good(smtplib.SMTPSenderRefused(553, b"No", "berth@localhost"))


def test_a_letter_to_nobody_goes_nowhere_and_is_over(server: Server) -> None:
    letter = sent(write(to=""))
    assert letter.sent_at is not None
    assert server.taken == []


def test_another_seal_key_ends_it(settings: Settings) -> None:
    letter = write()
    settings.SEAL_KEY = "another"
    assert "SEAL_KEY" in sent(letter).error


def test_nothing_is_written_by_what_is_rolled_back() -> None:
    with transaction.atomic():
        write()
        transaction.set_rollback(True)
    assert not Letter.objects.exists()
    assert mail.outbox == []


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """What went to the broker."""
    found: list[Any] = []

    def send_task(name: str, args: list[str], **options: Any) -> None:
        found.append(args[0])

    monkeypatch.setattr("celery.current_app.send_task", send_task)
    return lambda: found


def test_what_was_published_and_lost_is_published_again(published: Callable[[], list[Any]]) -> None:
    letter = write()
    assert letters.redrive() == 0
    Letter.objects.update(created_at=timezone.now() - timedelta(seconds=10))
    assert letters.redrive() == 1
    assert letters.redrive() == 0
    assert published() == [str(letter.pk)] * 2


def test_old_letters_are_forgotten_and_waiting_ones_are_not() -> None:
    over, waiting, fresh = sent(write()), write(), sent(write())
    Letter.objects.filter(pk__in=(over.pk, waiting.pk)).update(created_at=timezone.now() - timedelta(days=31))
    assert letters.forget() == 1
    assert set(Letter.objects.all()) == {waiting, fresh}
