"""A real SMTP server for tests, whose answers are scripted by recipient."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from threading import Lock

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """What arrived, in order; ``answers`` holds what a recipient is answered instead of 250.

    ``on_mail`` is called with the number of mails taken so far, before the client hears "250":
    the moment in which a mail has left but nobody has written that down.
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.on_mail: Callable[[int], None] = lambda count: None
        self._lock = Lock()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked[address] += 1
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        with self._lock:
            self.mails.append(message_from_bytes(envelope.content))
            count = len(self.mails)
        self.on_mail(count)
        return "250 OK"

    def recipients(self) -> list[str]:
        """Who got mail, in order."""
        return [mail["To"] for mail in self.mails]

    def message_ids(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(mail["Message-ID"] for mail in self.mails)


class OnFreePort(Controller):
    """Listens where the kernel has room; aiosmtpd's first knock goes to that port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running(server: MailServer) -> Iterator[int]:
    """Let a server listen on a free port of this machine; yields the port."""
    controller = OnFreePort(server, hostname="127.0.0.1", port=0, ready_timeout=30)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
