"""Every metric of the hub: one closed, commented list. Labels hold codes only, never a reference or an identifier."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "AUDIT_DAMAGED",
    "AUDIT_UNSIGNED",
    "AUDIT_WAITING",
    "CONNECTOR_BREAKER",
    "CONNECTOR_CAUGHT_UP",
    "CONNECTOR_KEPT",
    "CONNECTOR_LAST_SUCCESS",
    "CONNECTOR_LETTERS",
    "CONNECTOR_PAUSED_SINCE",
    "CONNECTOR_PERSONS",
    "CONNECTOR_POLLS",
    "CONNECTOR_RECORDS",
    "CONNECTOR_REMEMBERED",
    "CONNECTOR_REQUESTS",
    "CONNECTOR_UNCODED",
    "CONNECTOR_UNCODED_SINCE",
    "CONSENT_DECISIONS",
    "DELIVERY_CALLS",
    "DELIVERY_MESSAGES",
    "DELIVERY_OPEN_TASKS",
    "DELIVERY_OVERDUE_TASKS",
    "DELIVERY_WAITING_SINCE",
    "DIRECTORY_AGE",
    "ERASURES_LATE",
    "ERASURES_OPEN",
    "LEDGER_EVENTS",
    "OUTBOX_PENDING",
    "OUTBOX_STUCK",
    "PROCESS_UP",
    "PROTECTED_LATE",
    "REGISTRY_CONSENTS",
    "REGISTRY_MESSAGES",
    "REGISTRY_REQUESTS",
    "SINK_BREAKER",
    "SINK_LAST_SUCCESS",
    "SINK_OLDEST_WAITING",
    "SINK_PAUSED_SINCE",
    "SINK_REFUSED",
    "SINK_REQUESTS",
    "SINK_STOPPED_SINCE",
    "SINK_WAITING",
    "SOURCE_SILENT",
    "STATUTORY_ATTEMPTS",
    "STATUTORY_DAMAGED",
    "STATUTORY_MESSAGES",
    "STATUTORY_OLDEST_WAITING",
    "STATUTORY_PRESSING",
    "STATUTORY_REGISTERED",
    "STATUTORY_WAITING",
    "WEB_REQUESTS",
    "WEB_STREAMS",
    "WORKER_BATCH_SECONDS",
    "WORKER_FORM",
    "WORKER_HELD_BACK",
    "WORKER_IN_FLIGHT",
    "WORKER_LAG",
    "WORKER_LATE",
    "WORKER_PARTITIONS",
    "WORKER_PAUSED_SINCE",
    "WORKER_REBUILDING",
    "WORKER_RECOVERING",
    "WORKER_RESTORED",
    "WORKER_STALLED",
    "WORKER_TASKS",
]

# Every process
PROCESS_UP = Gauge("hub_process_started_seconds", "Unix time at which the process was ready.", ["process"])
CONSENT_DECISIONS = Counter(
    "hub_consent_decisions_total",
    "What consent answered where a team is told, permitted or the code that denied: at emission (the worker, each time a rule "
    "that holds looks for a team) and at opening (each time a page would show a task). What is kept out before that stands in "
    "hub_connector_gate_persons and, by reason, in hub_ledger_events; what the inbox refuses in hub_delivery_messages. To the "
    "installation's own programs only.",
    ["point", "decision"],
)
OUTBOX_PENDING = Gauge("hub_outbox_pending", "Messages written but not yet acknowledged by Kafka.", ["outbox"])
OUTBOX_STUCK = Gauge("hub_outbox_stuck", "1 when the oldest message of the outbox has not left it for ten minutes.", ["outbox"])

# Audit log (told by the registry, which signs its checkpoints)
AUDIT_UNSIGNED = Gauge("hub_audit_unsigned", "Entries of the audit log that no checkpoint was signed over yet.")
AUDIT_WAITING = Gauge("hub_audit_waiting", "Entries that wait on this machine's disk until the audit log's database answers.")
AUDIT_DAMAGED = Gauge("hub_audit_damaged", "1 when the audit log does not follow from its last checkpoint: hub audit verify.")

# Connectors (`hub connect NAME`)
CONNECTOR_RECORDS = Gauge(
    "hub_connector_records",
    "Records since the first start, from the durable ledger: handled (sound and about a person, whatever consent said), placed "
    "(about a place, published), unmapped, refused for a fault, secured. To the installation's own programs only, because they "
    "tell who has a reference: published (each revision once), unchanged, refused for want of consent. After a crash or "
    "an outage: uncertain, attempts to send again what Kafka may have had; overtaken, in doubt when something newer "
    "took its place; unconfirmed, in doubt still. At most so many records stand on Kafka beyond the published ones.",
    ["connector", "outcome", "reason"],
)
CONNECTOR_PERSONS = Gauge(
    "hub_connector_gate_persons",
    "Persons of the last whole day by what the gate decided, about: blurred at random, then a multiple of 5; 0: few or none.",
    ["connector", "outcome"],
)
CONNECTOR_POLLS = Counter(
    "hub_connector_polls_total",
    "Polls by result: ok, retry, rejected, stale, paused, open; lanes are events, statutory and directory.",
    ["connector", "lane", "result"],
)
CONNECTOR_CAUGHT_UP = Gauge(
    "hub_connector_caught_up",
    "1 when the last whole poll of the lane found nothing new (events: and the statutory lane was caught up when it began).",
    ["connector", "lane"],
)
CONNECTOR_KEPT = Gauge(
    "hub_connector_kept_batches",
    "Batches on disk, of a source that will not show them again, as of the last pull: more than one while Kafka is away.",
    ["connector"],
)
CONNECTOR_LETTERS = Gauge(
    "hub_connector_letters_waiting",
    "Records refused for what they are, about which nobody has done anything yet: `hub dlq list` shows them.",
    ["connector"],
)
CONNECTOR_UNCODED = Gauge(
    "hub_connector_uncoded_notices",
    "Police notices that wait for the statutory officer's code: `hub statutory uncoded` lists them.",
    ["connector"],
)
CONNECTOR_UNCODED_SINCE = Gauge(
    "hub_connector_uncoded_since_seconds",
    "Unix time since which the police notice waits that has waited longest for the statutory officer's code; 0 when none waits.",
    ["connector"],
)
CONNECTOR_REMEMBERED = Gauge(
    "hub_connector_remembered",
    "What a lane's cursor lists one by one, as of its last poll: messages that are done and that the source still shows.",
    ["connector", "lane"],
)
CONNECTOR_LAST_SUCCESS = Gauge("hub_connector_last_success_seconds", "Unix time of the last whole poll.", ["connector", "lane"])
CONNECTOR_BREAKER = Gauge(
    "hub_connector_breaker",
    "1 for the state of the circuit breaker of the connector's source: closed, open (left alone for a while) or half_open (one "
    "reading tries it).",
    ["connector", "state"],
)
CONNECTOR_PAUSED_SINCE = Gauge(
    "hub_connector_paused_since_seconds",
    "Unix time at which somebody paused the connector's events lane; 0 when it is not paused.",
    ["connector"],
)
CONNECTOR_REQUESTS = Counter(
    "hub_connector_requests_total", "Requests to the foreign system.", ["connector", "operation", "status"]
)
SOURCE_SILENT = Gauge(
    "hub_source_silent",
    "1 when a source has told nothing new by the time its calendar expects; 0 while it is paused.",
    ["connector"],
)
DIRECTORY_AGE = Gauge("hub_directory_age_seconds", "Age of the connector's copy of the subject directory.", ["connector"])

# Registry
REGISTRY_CONSENTS = Gauge(
    "hub_registry_consents", "Consents by state (not persons); to the installation's own programs only.", ["status"]
)
REGISTRY_REQUESTS = Counter("hub_registry_requests_total", "Subject service requests.", ["agency", "status"])
REGISTRY_MESSAGES = Counter(
    "hub_registry_messages_total",
    "Records of the erasure topic that the registry refused, since it started: dead_lettered.",
    ["topic", "outcome", "reason"],
)
ERASURES_OPEN = Gauge(
    "hub_erasures_open",
    "Withdrawals that wait: for their effect (nothing emitted or shown any more), for everybody's answer, for physical removal.",
    ["stage"],
)
ERASURES_LATE = Gauge(
    "hub_erasures_late", "Withdrawals that wait longer than configured, by stage: effect, answers, removal.", ["stage"]
)

# Worker
LEDGER_EVENTS = Gauge(
    "hub_ledger_events",
    "Records behind the committed offset, from the durable ledger: processed, duplicate, refused, dead_lettered.",
    ["topic", "outcome", "reason"],
)
WORKER_FORM = Gauge("hub_worker_form", "1 for the form in which the core runs: compiled (`hub compile`) or pure.", ["form"])
WORKER_IN_FLIGHT = Gauge("hub_worker_in_flight", "Records taken but not yet committed.")
WORKER_LAG = Gauge("hub_worker_lag", "Records on the topic behind the worker's read position.", ["topic"])
WORKER_LATE = Counter(
    "hub_worker_late_events_total",
    "Events that were told late and counted all the same, by the days since they occurred: more than 1, 7 or 28. "
    "Those older than every rule's window are refused: hub_ledger_events, too_old. To the installation's own programs only.",
    ["topic", "days"],
)
WORKER_RECOVERING = Gauge(
    "hub_worker_recovering",
    "1 while state is being restored, Kafka does not answer or a partition has no owner: no other figure is whole then.",
)
WORKER_RESTORED = Gauge(
    "hub_worker_restored_ratio",
    "Share of the changelog of the assigned partitions that has been read into the worker's folder; 1 when nothing is left.",
    ["table"],
)
WORKER_REBUILDING = Gauge(
    "hub_worker_rebuilding", "Partitions that are rebuilt from the topics: of them nothing is said until their ends.", ["table"]
)
WORKER_HELD_BACK = Counter("hub_worker_tasks_held_back_total", "Task messages not written because a partition was being rebuilt.")
WORKER_PARTITIONS = Gauge("hub_worker_partitions", "Partitions that this worker owns.", ["table"])
WORKER_PAUSED_SINCE = Gauge(
    "hub_worker_paused_since_seconds",
    "Unix time at which a partition of a topic was paused because too many of its records were dead letters; 0 when it is not. "
    "`hub dlq resume` lets it go on.",
    ["topic", "partition"],
)
WORKER_STALLED = Gauge(
    "hub_worker_stalled_seconds",
    "For how long nothing has moved that should; beyond a limit the worker ends, to be started again.",
)
WORKER_TASKS = Counter("hub_worker_tasks_total", "Task messages written.", ["team", "rule", "action"])
WORKER_BATCH_SECONDS = Histogram(
    "hub_worker_batch_seconds",
    "Seconds from taking a batch to its commit.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# Delivery
DELIVERY_MESSAGES = Gauge("hub_delivery_messages", "Task messages taken, from the inbox' own ledger.", ["topic", "outcome"])
DELIVERY_OPEN_TASKS = Gauge(
    "hub_delivery_open_tasks", "Open tasks by team and state; to the installation's own programs only.", ["team", "state"]
)
DELIVERY_OVERDUE_TASKS = Gauge("hub_delivery_overdue_tasks", "Open tasks past their respond-by.", ["team"])
DELIVERY_WAITING_SINCE = Gauge(
    "hub_delivery_waiting_since_seconds",
    "Unix time since which a part of delivery waits for its database or Kafka; 0 while it does not.",
    ["part"],
)
DELIVERY_CALLS = Counter(
    "hub_delivery_calls", "Reminders of tasks, and calls of those who come next, by team and step.", ["team", "step"]
)

# Sinks: teams' own systems that are told of tasks
SINK_WAITING = Gauge("hub_sink_waiting", "Errands that the receiver has not taken yet.", ["sink"])
SINK_OLDEST_WAITING = Gauge(
    "hub_sink_oldest_waiting_seconds", "Unix time of the oldest errand that waits; 0 while none does.", ["sink"]
)
SINK_REFUSED = Gauge("hub_sink_refused", "Errands that the receiver does not take: a person hands those tasks over.", ["sink"])
SINK_LAST_SUCCESS = Gauge("hub_sink_last_success_seconds", "Unix time at which the receiver last took an errand.", ["sink"])
SINK_STOPPED_SINCE = Gauge(
    "hub_sink_stopped_since_seconds",
    "Unix time since which a wrong address, secret or right stops the sink; 0 while none does.",
    ["sink"],
)
SINK_PAUSED_SINCE = Gauge(
    "hub_sink_paused_since_seconds", "Unix time at which somebody paused the sink; 0 while it is not.", ["sink"]
)
SINK_BREAKER = Gauge(
    "hub_sink_breaker", "1 for the state of the sink's circuit breaker: closed, open or half_open.", ["sink", "state"]
)
SINK_REQUESTS = Counter("hub_sink_requests_total", "Requests to a team's own system.", ["sink", "operation", "status"])

# Statutory lane
STATUTORY_MESSAGES = Gauge("hub_statutory_messages", "Messages in the statutory store.")
STATUTORY_DAMAGED = Gauge("hub_statutory_damaged", "Files of the statutory store that did not open at the last check.")
STATUTORY_OLDEST_WAITING = Gauge("hub_statutory_oldest_arrival_seconds", "Unix time of the oldest arrival in the store.")
STATUTORY_WAITING = Gauge(
    "hub_statutory_waiting",
    "Reports that no case system has registered, by stage: by_hand, untaken, taken; and escalated.",
    ["stage"],
)
STATUTORY_REGISTERED = Gauge("hub_statutory_registered", "Reports that the receiver's case system has registered.")
STATUTORY_PRESSING = Gauge(
    "hub_statutory_pressing", "Reports not registered whose legal clock (protect, decide) is near its last day or past it.",
    ["clock", "press"],
)  # fmt: skip
STATUTORY_ATTEMPTS = Counter(
    "hub_statutory_attempts_total", "Attempts at handing a report over, by receiver and result.", ["receiver", "result"]
)
PROTECTED_LATE = Gauge(
    "hub_protected_cases_late",
    "1 while a case of the manual lane has had no outcome for longer than its clock, told of from the next midnight on; never "
    "how many, nor of whom.",
)

# Web
WEB_STREAMS = Gauge("hub_web_streams", "Open pages that are told of changes as they happen.")
WEB_REQUESTS = Counter("hub_web_requests_total", "Page requests by route and status.", ["route", "status"])
