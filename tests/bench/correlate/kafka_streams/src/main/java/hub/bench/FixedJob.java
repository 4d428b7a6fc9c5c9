package hub.bench;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The fixed job on the Processor API of Kafka Streams, started and ended as {@code engine.py} says. */
public final class FixedJob {
  private static final String STORE = "state";
  private static final int FRAME_BYTES = 5;
  private static final long CACHE_BYTES = 64L << 20;

  private FixedJob() {}

  /** Works off {@code --count} records of {@code --topic} and prints the figures. */
  public static void main(String[] arguments) throws Exception {
    Map<String, String> given = new HashMap<>();
    for (int at = 0; at < arguments.length; at += 2) {
      given.put(arguments[at].substring(2), arguments[at + 1]);
    }
    String name = given.get("run");
    Meter meter = new Meter(Long.parseLong(given.get("count")));
    Topology topology = topology(given.get("topic"), name + "-referrals", Integer.parseInt(given.get("youths")), meter);
    KafkaStreams streams = new KafkaStreams(topology, settings(name, given.get("broker"), given.get("folder")));
    streams.start();
    System.out.println(meter.line(name + "-referrals", name + "-" + STORE + "-changelog"));
    System.out.flush();
    Thread.currentThread().join(); // until it is killed: leaving its group is no part of the job
  }

  private static Topology topology(String topic, String referrals, int youths, Meter meter) {
    StoreBuilder<KeyValueStore<String, State>> store =
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(), State.SERDE)
            .withLoggingEnabled(Map.of())
            .withCachingEnabled();
    return new Topology()
        .addSource("events", new StringDeserializer(), new ByteArrayDeserializer(), topic)
        .addProcessor("job", () -> new Fold(new Job(youths), meter), "events")
        .addStateStore(store, "job")
        .addSink("referrals", referrals, new ByteArraySerializer(), new ByteArraySerializer(), "job");
  }

  private static Properties settings(String name, String broker, String folder) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, name);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, broker);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1_000);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
    settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.producerPrefix("acks"), "all");
    settings.put(StreamsConfig.producerPrefix("linger.ms"), "5");
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    return settings;
  }

  /** One task's: Kafka Streams makes one for each partition. */
  private static final class Fold implements Processor<String, byte[], byte[], byte[]> {
    private final Job job;
    private final Meter meter;
    private final SpecificDatumReader<FixedEvent> reader;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<String, State> store;
    private BinaryDecoder decoder;
    private FixedEvent reused;

    Fold(Job job, Meter meter) {
      this.job = job;
      this.meter = meter;
      SpecificData data = new SpecificData();
      data.setCustomCoders(true); // the generated reader, the quickest that Avro has
      reader = new SpecificDatumReader<>(FixedEvent.getClassSchema(), FixedEvent.getClassSchema(), data);
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> told) {
      meter.begin();
      FixedEvent event = decoded(told.value());
      if (event != null && job.admits(event)) {
        fold(told, event);
      }
      meter.done();
    }

    private void fold(Record<String, byte[]> told, FixedEvent event) {
      State state = store.get(told.key());
      if (state == null) {
        state = new State();
      }
      byte[] id = event.getEventId().getBytes(StandardCharsets.US_ASCII);
      Job.Outcome outcome = job.apply(state, event, id);
      if (outcome == Job.Outcome.DROPPED) {
        return;
      }
      store.put(told.key(), state);
      if (outcome == Job.Outcome.REFERRAL) {
        context.forward(new Record<>(job.referralKey(told.key(), id), told.value(), told.timestamp()));
      }
    }

    /** The event, or null where the bytes are damaged. */
    private FixedEvent decoded(byte[] value) {
      try {
        decoder = DecoderFactory.get().binaryDecoder(value, FRAME_BYTES, value.length - FRAME_BYTES, decoder);
        reused = reader.read(reused, decoder);
        return reused;
      } catch (Exception damaged) {
        return null;
      }
    }
  }
}
