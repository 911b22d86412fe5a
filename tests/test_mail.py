"""Mail: to the log by default, by SMTP where the settings say so."""

from __future__ import annotations

import logging
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_string
from email.policy import default

import pytest

from core.mail import Mail, mailer_of, send_by_smtp
from core.settings import load_settings

MAIL = Mail("ann@example.com", "Grüße", "Hello Ann,\n\nhttps://x.example/reset/abc\n", "Nørth Märkets")


class _Conversation(socketserver.StreamRequestHandler):
    """The server's side of SMTP (RFC 5321), as much as a mail needs."""

    def handle(self) -> None:
        said: list[str] = self.server.said  # type: ignore[attr-defined]
        self._say("220 test")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            said.append(line)
            if line.upper().startswith("EHLO"):
                self._say("250 test")
            elif line.upper() == "DATA":
                self._say("354 go on")
                while (line := self.rfile.readline().decode("utf-8").rstrip("\r\n")) != ".":
                    said.append(line)
                self._say("250 taken")
            elif line.upper() == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("550 no" if "refused@" in line else "250 fine")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def smtp() -> Iterator[socketserver.TCPServer]:
    """A mail server that remembers what was said to it in `said`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation) as server:
        server.daemon_threads = True
        server.said = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _settings(server: socketserver.TCPServer) -> dict[str, str]:
    return {
        "mail": "smtp",
        "smtp_url": f"smtp://127.0.0.1:{server.server_address[1]}",
        "mail_from": "Yard <yard@x.example>",
    }


def test_by_default_mail_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        mailer_of(load_settings({}))(MAIL)
    assert "ann@example.com" in caplog.text
    assert "https://x.example/reset/abc" in caplog.text


def test_smtp_carries_it(smtp: socketserver.TCPServer) -> None:
    send_by_smtp(load_settings({}, **_settings(smtp)), MAIL)
    said: list[str] = smtp.said  # type: ignore[attr-defined]
    assert any(line.lower().startswith("mail from:<yard@x.example>") for line in said)
    assert any(line.lower() == "rcpt to:<ann@example.com>" for line in said)
    start = next(at for at, line in enumerate(said) if line.upper() == "DATA") + 1
    message = message_from_string("\n".join(said[start:]), policy=default)
    assert message["Subject"] == "Grüße"
    assert str(message["From"]) == "Nørth Märkets <yard@x.example>"
    assert "https://x.example/reset/abc" in message.get_content()


def test_a_line_break_in_a_subject_cannot_add_headers(smtp: socketserver.TCPServer) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline|control"):
        send_by_smtp(load_settings({}, **_settings(smtp)), Mail("a@x.example", "Hi\nBcc: all@x.example", "text"))


def test_what_cannot_be_sent_is_logged_and_stops_nobody(
    smtp: socketserver.TCPServer, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    mailer_of(load_settings({}, **_settings(smtp)))(Mail("refused@x.example", "Hi", "text"))
    for thread in set(threading.enumerate()) - before:
        if thread.name == "mail":
            thread.join(timeout=10)
    assert "a mail to refused@x.example was not sent" in caplog.text
