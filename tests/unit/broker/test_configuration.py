from __future__ import annotations

import pytest

from hub.broker.configuration import BrokerConfig, broker_config, java_options, render_properties
from hub.errors import ConfigError
from tests.support import PRODUCTION, make_settings


def properties_of(config: BrokerConfig) -> dict[str, str]:
    return dict(line.split("=", 1) for line in render_properties(config, 8709, 8710).splitlines())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "kafka.example", "localhost", ""])
def test_anything_but_a_loopback_address_is_refused(tmp_path, host):
    with pytest.raises(ConfigError) as refused:
        BrokerConfig(folder=tmp_path, host=host)
    assert refused.value.code == "not_loopback"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "::1"])
def test_loopback_addresses_are_taken_and_nothing_else_is_listened_on(tmp_path, host):
    listeners = properties_of(BrokerConfig(folder=tmp_path, host=host))["listeners"].split(",")
    bracketed = f"[{host}]" if ":" in host else host
    assert listeners == [f"BROKER://{bracketed}:8709", f"CONTROLLER://{bracketed}:8710"]


def test_production_must_name_its_brokers(tmp_path):
    with pytest.raises(ConfigError, match=r"kafka\.bootstrap_servers") as refused:
        broker_config(make_settings(tmp_path, **PRODUCTION))
    assert refused.value.code == "production"


def test_an_installation_with_other_brokers_runs_none_of_its_own(tmp_path):
    with pytest.raises(ConfigError) as refused:
        broker_config(make_settings(tmp_path, kafka={"bootstrap_servers": "kafka.example:9092"}))
    assert refused.value.code == "other_brokers"


def test_its_own_address_written_out_is_not_another_broker(tmp_path):
    settings = make_settings(tmp_path, kafka={"bootstrap_servers": "127.0.0.1:9999"}, broker={"port": 9999})
    assert broker_config(settings).port == 9999


def test_a_port_that_nobody_could_know_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"broker\.port"):
        broker_config(make_settings(tmp_path, broker={"port": 0}))


def test_settings_reach_the_broker(tmp_path):
    config = broker_config(make_settings(tmp_path, broker={"heap_megabytes": 400, "flush_every_message": False}))
    assert (config.folder, config.port, config.controller_port) == (tmp_path / "data" / "broker", 8709, 8710)
    assert "-Xmx400m" in java_options(config.heap_megabytes)
    assert "log.flush.interval.messages" not in properties_of(config)


def test_every_append_is_flushed_when_asked(tmp_path):
    config = BrokerConfig(folder=tmp_path, flush_every_message=True)
    assert properties_of(config)["log.flush.interval.messages"] == "1"


def test_one_node_asks_for_one_replica_everywhere_and_makes_no_topic_by_itself(tmp_path):
    properties = properties_of(BrokerConfig(folder=tmp_path))
    replicas = {key: value for key, value in properties.items() if key.endswith(("replication.factor", "min.isr"))}
    assert len(replicas) == 6
    assert set(replicas.values()) == {"1"}
    assert properties["auto.create.topics.enable"] == "false"


def test_nobody_can_make_it_take_much_memory_or_hold_up_readers_for_long(tmp_path):
    properties = properties_of(BrokerConfig(folder=tmp_path))
    assert int(properties["message.max.bytes"]) <= 2**20
    assert int(properties["socket.request.max.bytes"]) <= 8 * 2**20
    assert int(properties["transaction.max.timeout.ms"]) <= 60_000
