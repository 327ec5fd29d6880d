"""The error of an address to which nothing will ever be sent again."""

from triage.surveys.suppression import BOUNCE, Reason


class Undeliverable(Exception):
    """The recipient does not exist (`bounce`), or wants nothing (`opt_out`), in the other side's words."""

    def __init__(self, words: str, reason: Reason = BOUNCE) -> None:
        super().__init__(words)
        self.reason = reason
