"""Sinks with one fault each: what a case of the suite is there to find."""

from __future__ import annotations

from collections import Counter

from hub.connector import Delivered
from hub.contract.models import TaskState
from hub.errors import RejectedError, RetriableError
from tests.unit.testing.exemplary import Sink, checked, log, plain_client


class Numbering(Sink):
    """A repeat is known, and answered with another reference."""

    def deliver(self, errand):
        known = self.find(errand)
        return Delivered(f"{known}-again", known=True) if known else super().deliver(errand)


class Remembering(Sink):
    """Knows what it delivered, and not what it tried to."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.file = context.home / "done"
        self.file.parent.mkdir(exist_ok=True)

    def find(self, errand):
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return dict(line.split() for line in lines).get(errand.identity)

    def deliver(self, errand):
        known = self.find(errand)
        delivered = super().deliver(errand)
        if known is None:
            with self.file.open("a") as file:
                file.write(f"{errand.identity} {delivered.reference}\n")
        return delivered


class SigningIn(Remembering):
    """The same, behind a call of its own that comes first and changes nothing of an errand."""

    signed_in = False

    def deliver(self, errand):
        if not self.signed_in:
            self.ask("POST", "/token")
            self.signed_in = True
        return super().deliver(errand)


class Final(Sink):
    def check(self, response):
        if response.status_code == 503:
            raise RejectedError("answered 503")
        return checked(response)


class Stubborn(Sink):
    def check(self, response):
        if response.status_code == 422:
            raise RetriableError("answered 422")
        return checked(response)


class Refused(Sink):
    def check(self, response):
        if response.status_code == 403:
            raise RejectedError("answered 403")
        return checked(response)


class Trusting(Sink):
    def read(self, response):
        return response.json()


class Deaf(Sink):
    """Takes the word that a task is taken back for a repeat of the task."""

    def find(self, errand):
        return "r-1" if errand.state is TaskState.RECALLED else super().find(errand)


class Lumping(Sink):
    """Takes whatever the receiver has for its own."""

    def deliver(self, errand):
        for number in range(1, 6):
            earlier = errand.task_id[:-2] + f"{number:02x}"
            if earlier != errand.task_id and self.ask("GET", "/errands", params={"tag": f"{earlier}:{errand.state}"}):
                return Delivered("r-1", known=True)
        return super().deliver(errand)


class Silent(Sink):
    def deliver(self, errand):
        super().deliver(errand)
        return Delivered()


class Inventive(Sink):
    def deliver(self, errand):
        super().deliver(errand)
        return Delivered(errand.identity)


class Naming(Sink):
    def body(self, errand):
        return super().body(errand) | {"about": "y" + "0123456789abcdef" * 2}


class SecretInUrl(Sink):
    def find(self, errand):
        self.ask("GET", "/simulator/received", params={"key": self.context.secret("password")})
        return super().find(errand)


class SecretInLog(Sink):
    def find(self, errand):
        log.debug("asking with %s", self.context.secret("password"))
        return super().find(errand)


class Clinging(Sink):
    """Keeps a connection of which nobody knows."""

    def deliver(self, errand):
        delivered = super().deliver(errand)
        self.kept = plain_client(self.http.base_url, 5.0)
        self.kept.get("/simulator/received")
        return delivered


class Patient(Sink):
    """Counts its time anew at every byte."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.http = plain_client(config.url, config.timeout_seconds)


class LosingRecalls(Sink):
    """Takes trouble for delivered while a task is taken back."""

    def deliver(self, errand):
        try:
            return super().deliver(errand)
        except RetriableError:
            if errand.state is TaskState.REQUESTED:
                raise
            return Delivered("r-x")


class LookingForTasksOnly(Sink):
    """Of the word that takes a task back it knows only what this process has told."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.told: dict[str, str | None] = {}

    def find(self, errand):
        return super().find(errand) if errand.state is TaskState.REQUESTED else self.told.get(errand.identity)

    def deliver(self, errand):
        delivered = super().deliver(errand)
        self.told[errand.identity] = delivered.reference
        return delivered


class NeverCancelling(Sink):
    def deliver(self, errand):
        return Delivered("r-1", known=True) if errand.state is TaskState.CANCELLED else super().deliver(errand)


class GivingUp(Sink):
    """After some attempts it says that it has delivered."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.failed: Counter[str] = Counter()

    def deliver(self, errand):
        try:
            return super().deliver(errand)
        except RetriableError:
            self.failed[errand.identity] += 1
            if self.failed[errand.identity] > 5:
                return Delivered("r-1")
            raise
