"""What the embedded broker is told: its ports, memory and properties; and where it refuses to be used at all."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from hub.errors import ConfigError
from hub.settings import Settings

__all__ = ["DATA_FOLDER", "META_FILE", "BrokerConfig", "broker_config", "java_options", "render_properties"]

DATA_FOLDER = "kafka"  # relative to the broker's folder, which is its working directory: no path needs escaping
META_FILE = f"{DATA_FOLDER}/meta.properties"
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """One embedded broker. `folder` takes its data, log and pid; port 0 means any free one, chosen at the start."""

    folder: Path
    host: str = _LOOPBACK
    port: int = 0
    controller_port: int = 0
    heap_megabytes: int = 320
    flush_every_message: bool = False
    check_seconds: float = 300.0
    java: str = ""
    jars: str = ""

    def __post_init__(self) -> None:
        if not _is_loopback(self.host):
            raise ConfigError(
                f"the embedded broker has neither users nor encryption and listens on loopback only, not on {self.host}: "
                "for more than one machine run a Kafka cluster and set kafka.bootstrap_servers",
                code="not_loopback",
            )


def broker_config(settings: Settings) -> BrokerConfig:
    """The broker of this installation.

    Raises ConfigError in production, which needs brokers with TLS, users and replicas, and where other brokers are set.
    """
    own = f"{_LOOPBACK}:{settings.broker.port}"
    if settings.environment == "production":
        raise ConfigError(
            'environment = "production" must set kafka.bootstrap_servers to a cluster with TLS: the embedded broker has '
            "neither users, encryption nor replicas",
            code="production",
        )
    if settings.kafka.bootstrap_servers not in ("", own):
        raise ConfigError(
            "kafka.bootstrap_servers is set, so this installation uses those brokers; empty it to run the embedded one",
            code="other_brokers",
        )
    if settings.broker.port == 0:
        raise ConfigError("broker.port must be a number that the other processes know, not 0", code="no_port")
    return BrokerConfig(
        folder=settings.data / "broker",
        port=settings.broker.port,
        controller_port=settings.broker.controller_port,
        heap_megabytes=settings.broker.heap_megabytes,
        flush_every_message=settings.broker.flush_every_message,
        check_seconds=settings.broker.check_seconds,
        java=settings.broker.java,
        jars=settings.broker.jars,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name is whatever a resolver says today


def render_properties(config: BrokerConfig, port: int, controller_port: int) -> str:
    """The text of `server.properties` of a single node that is broker and controller."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    listeners = f"BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}"
    properties = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"{host}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "BROKER",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listeners": listeners,
        "advertised.listeners": listeners,
        "log.dirs": DATA_FOLDER,
        # A misspelt topic must fail, not appear with the wrong partition count.
        "auto.create.topics.enable": "false",
        # One node: every replica count is one.
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # One machine's groups are few; fifty partitions of each internal topic would only cost memory and start-up time.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "1",
        # After a kill the node must first see its own earlier life expire: 4 s, not 9, and still above a busy machine's pauses.
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "1000",
        # A machine that was off over a long holiday goes on where it stopped.
        "offsets.retention.minutes": str(90 * 24 * 60),
        # A worker that starts or dies must not wait for others to join.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # What nobody of ours comes near is refused before it takes memory; topics set their own, smaller limit.
        "message.max.bytes": str(1024 * 1024),
        "socket.request.max.bytes": str(8 * 1024 * 1024),
        # A transaction that its producer left open holds up all who read committed records.
        "transaction.max.timeout.ms": "60000",
        # Memory: the cleaner alone would take 128 MB of the heap.
        "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
        # How long bytes outlive their time: retention and compaction are looked at so often, deleted files go a while later.
        "log.retention.check.interval.ms": str(round(config.check_seconds * 1000)),
        "log.cleaner.backoff.ms": str(round(min(15.0, config.check_seconds) * 1000)),
        "log.segment.delete.delay.ms": str(round(min(60.0, config.check_seconds) * 1000)),
        "log.index.size.max.bytes": str(1024 * 1024),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "4",
    }
    if config.flush_every_message:
        # With one replica an acknowledgement means "in this machine's memory" unless every append is flushed.
        properties["log.flush.interval.messages"] = "1"
    return "".join(f"{key}={value}\n" for key, value in properties.items())


def java_options(heap_megabytes: int) -> list[str]:
    """Options of the Java process: small, quick to start, and dead rather than half alive when memory runs out."""
    return [
        f"-Xmx{heap_megabytes}m",
        "-Xss512k",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:MaxMetaspaceSize=128m",
        "-XX:ReservedCodeCacheSize=64m",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",  # leaves no file in the temporary folder
        "-Djava.awt.headless=true",
        "-Djava.io.tmpdir=tmp",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    ]
