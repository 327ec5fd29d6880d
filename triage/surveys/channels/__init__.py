"""How messages leave: `smtp.py`, `sms.py`, and `mailbox.py` for development."""

from triage.surveys.channels.undeliverable import Undeliverable

__all__ = ["Undeliverable"]
