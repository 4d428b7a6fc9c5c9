"""The sections of the settings: what each part of an installation can be told. Durations are in the unit their name ends with."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from hub.expectation import Expectation

__all__ = [
    "AuditSettings",
    "BrokerSettings",
    "CasesSettings",
    "ConnectorSettings",
    "DeliverySettings",
    "ErasureSettings",
    "JournalSettings",
    "KafkaSettings",
    "MetricsSettings",
    "ObservationSettings",
    "RegistrySettings",
    "Section",
    "SinkName",
    "SinkSettings",
    "WebSettings",
    "WorkerSettings",
]

Port = Annotated[int, Field(ge=0, le=65535)]
_Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
SinkName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,23}$")]
_SenderName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """`bootstrap_servers` empty: the embedded broker of this installation, started by `hub broker`, `up` or `demo`.

    `short_retention` lets a drill, never production, keep events for less than the rules look back: that of physical removal.
    """

    bootstrap_servers: str = ""
    partitions: Annotated[int, Field(ge=1, le=512)] = 12
    replication_factor: Annotated[int, Field(ge=1)] = 1
    retention_days: Annotated[int | float, Field(gt=0)] = 120
    short_retention: bool = False

    @field_validator("bootstrap_servers")
    @classmethod
    def _are_hosts_and_ports(cls, servers: str) -> str:
        for server in filter(None, servers.split(",")):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal():
                raise ValueError("must be host:port, several with commas between; empty for the embedded broker")
        return servers


class BrokerSettings(Section):
    """The embedded broker. `jars` names a folder of Kafka jars for machines that may download nothing; `check_seconds`: how often
    it looks for segments that are past their time.
    """

    port: Port = 8709
    controller_port: Port = 8710
    heap_megabytes: Annotated[int, Field(ge=192)] = 320
    java: str = ""
    jars: str = ""
    flush_every_message: bool = True
    check_seconds: Annotated[float, Field(gt=0)] = 300.0


class RegistrySettings(Section):
    """`url`: where others reach the subject service; empty: at its own host and port. `protected_reversal_days`: how long a
    marking as protected can be reversed before everything of the person is erased.
    """

    database_url: str = ""
    keyring_url: str = ""
    shred_list_copy: str = ""
    host: str = "127.0.0.1"
    port: Port = 8701
    url: str = ""
    protected_reversal_days: Annotated[int, Field(ge=0, le=90)] = 14


class ErasureSettings(Section):
    """What bounds how long bytes outlive a withdrawal (`hub.erasure_bounds`).

    `effect_seconds`: an effect that comes later is late, and alarms. `compaction_hours`: the longest that a compacted topic or a
    worker's changelog keeps an overwritten record; `compaction_lag_minutes`: the shortest, in which a worker that lost its
    partition notices (an hour, but in tests). `segment_hours`: topics with a retention begin a new file at least so often.
    `look_minutes`: how often the registry looks what is gone, and writes what makes quiet partitions begin a new file.
    `backup_days`: how long backups are kept, by whoever keeps them; `former_data_days`: how long the hub keeps what a restore put
    aside. `database_log_hours`: within so long PostgreSQL's write-ahead log is written over.
    """

    effect_seconds: Annotated[float, Field(gt=0)] = 60.0
    compaction_hours: Annotated[float, Field(gt=0)] = 24.0
    compaction_lag_minutes: Annotated[float, Field(ge=0)] = 60.0
    segment_hours: Annotated[float, Field(gt=0)] = 168.0
    look_minutes: Annotated[float, Field(gt=0)] = 60.0
    backup_days: Annotated[float, Field(ge=0)] = 30.0
    former_data_days: Annotated[float, Field(ge=0)] = 7.0
    database_log_hours: Annotated[float, Field(gt=0)] = 72.0


class DeliverySettings(Section):
    """`stale_after_seconds`: when delivery has not been able to look for withdrawals for so long, nothing of a youth is shown."""

    database_url: str = ""
    stale_after_seconds: Annotated[float, Field(ge=15)] = 60.0


class CasesSettings(Section):
    """The cases of a cooperation. `span_days`: of how many days before its start and its end an SSPF case's numbers are; no more
    than the longest window of the rules, as the worker holds nothing older. `contact_days`: for how long at most the way of
    contact of somebody who asks to be reached is kept.
    """

    span_days: Annotated[int, Field(ge=7, le=366)] = 28
    contact_days: Annotated[int, Field(ge=1, le=90)] = 30


class AuditSettings(Section):
    """The log of who saw and did what, and its signed checkpoints.

    `retention_years`: entries older than that may be let go of with `hub audit prune`; production keeps at least five
    (in practice as HSLF-FS 2016:40 4 kap. 9 §). A checkpoint is signed after so many entries or minutes.
    """

    database_url: str = ""
    retention_years: Annotated[int, Field(ge=1)] = 5
    checkpoint_entries: Annotated[int, Field(ge=1)] = 1000
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 60.0


class ObservationSender(Section):
    """Whose people send observations, `[web.observations.senders.NAME]`, and where to: the connector instance `intake`, which
    listens, as one of its partners, `partner`. `who`: roles, those that go by team with it (`team-member:outreach`).
    """

    title: _Title
    intake: str
    partner: str
    who: Annotated[tuple[str, ...], Field(min_length=1)]


class ObservationSettings(Section):
    """The observation form. `reception_…`: where a report of concern is made, which the form leads to before it asks anything."""

    reception_name: Annotated[str, Field(max_length=80)] = ""
    reception_phone: Annotated[str, Field(pattern=r"^(\+?[0-9][0-9 ()-]{1,24})?$")] = ""
    reception_email: Annotated[str, Field(pattern=r"^([^@\s?&]{1,64}@[A-Za-z0-9.-]{1,180})?$")] = ""
    senders: dict[_SenderName, ObservationSender] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _leads_to_somebody(self) -> Self:
        if self.senders and not self.reception_phone:
            raise ValueError(
                "reception_phone is needed with senders: the form first leads whoever must make a report of concern there"
            )
        return self


class WebSettings(Section):
    """`url`: where people reach the pages, behind a proxy for example; empty: at their own host and port.

    `undo_seconds` is how long at least a coded police notice can be taken back before its connector has it.
    """

    host: str = "127.0.0.1"
    port: Port = 8700
    url: str = ""
    undo_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    observations: ObservationSettings = ObservationSettings()


class WorkerSettings(Section):
    """`stall_limit_seconds`: a worker that stands still for longer, though there is something to do, ends to be started again.

    `dead_letter_share`: when more than this share of the last `dead_letter_records` records of a topic's partition are dead
    letters, it is not read on until somebody says so (`hub dlq resume`); 1 is no limit.
    """

    group: str = "hub-correlation"
    session_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    commit_interval_seconds: Annotated[float, Field(gt=0)] = 1.0
    stall_limit_seconds: Annotated[float, Field(ge=15)] = 90.0
    dead_letter_records: Annotated[int, Field(ge=10, le=10_000)] = 200
    dead_letter_share: Annotated[float, Field(gt=0, le=1)] = 0.5


class MetricsSettings(Section):
    """Every process serves `/metrics` on loopback; 0 picks a free port and `hub status` finds it."""

    host: str = "127.0.0.1"
    ports: dict[str, Port] = Field(default_factory=dict)


class JournalSettings(Section):
    """What each connector remembers of its messages, and for how long; the oldest go first.

    `days` and `most`: what was published. `letter_days`, `letters` and `letter_megabytes`: records of a source that were refused,
    and those of their bodies that may be kept (places only).
    """

    days: Annotated[int, Field(ge=1, le=366)] = 30
    most: Annotated[int, Field(ge=0)] = 200_000
    letter_days: Annotated[int, Field(ge=1, le=366)] = 14
    letters: Annotated[int, Field(ge=0)] = 10_000
    letter_megabytes: Annotated[float, Field(ge=0)] = 16.0


class ConnectorSettings(Section):
    """One instance of a connector; `source` is checked by the connector's own config model.

    `poll_seconds` is how often the source is asked, `directory_poll_seconds` how often the registry is: it bounds how long a
    withdrawal waits for this connector's receipt. `breaker_failures`: after so many failed readings in a row the source is left
    alone, each time for longer, up to `breaker_longest_seconds`; the statutory lane has no breaker. `expect`: when something new
    is expected of the source, instead of what its connector says; an empty list: never.
    """

    enabled: bool = True
    connector: str = ""
    agency: str
    poll_seconds: Annotated[float, Field(gt=0)] = 300.0
    directory_poll_seconds: Annotated[float, Field(gt=0)] = 5.0
    directory_stale_after_minutes: Annotated[float, Field(gt=0)] = 60.0
    breaker_failures: Annotated[int, Field(ge=1)] = 8
    breaker_longest_seconds: Annotated[float, Field(ge=1)] = 300.0
    expect: tuple[Expectation, ...] | None = None
    source: dict[str, Any] = Field(default_factory=dict)


class SinkSettings(Section):
    """A team's own system that is told of its tasks, `[sinks.NAME]`; teams.yaml names it at the team.

    `settings` are checked by the connector's own config model. `most_per_minute` bounds how fast errands are handed over, above
    all to a receiver that comes back after a while.
    """

    connector: str
    most_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 120
    settings: dict[str, Any] = Field(default_factory=dict)
