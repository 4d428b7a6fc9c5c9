package hub.bench;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** One youth's state, in the bytes that {@code job.py} describes. Changed in place. */
final class State {
  static final int ID_LENGTH = 26;
  static final Serde<State> SERDE =
      Serdes.serdeFrom((topic, state) -> state == null ? null : state.dump(), (topic, data) -> data == null ? null : load(data));

  private static final int KEPT = 16;
  private static final int HEAD_BYTES = 10;

  int count;
  int referrals;
  private int ids;
  private int events;
  private final byte[][] known = new byte[KEPT + 1][];
  private final long[] times = new long[KEPT + 1];
  private final byte[] severities = new byte[KEPT + 1];

  /** Whether it is one of the last ids. */
  boolean knows(byte[] id) {
    for (int at = 0; at < ids; at++) {
      if (Arrays.equals(known[at], id)) {
        return true;
      }
    }
    return false;
  }

  /** Takes an event in; what lies before {@code edge} leaves the front of the window. */
  void add(byte[] id, long occurred, byte severity, long edge) {
    known[ids++] = id;
    if (ids > KEPT) {
      System.arraycopy(known, 1, known, 0, --ids);
    }
    int first = 0;
    while (first < events && times[first] < edge) {
      first++;
    }
    forget(first);
    times[events] = occurred;
    severities[events++] = severity;
    if (events > KEPT) {
      forget(1);
    }
    count++;
  }

  /** How many of the window are at least so severe. */
  int atLeast(int severity) {
    int found = 0;
    for (int at = 0; at < events; at++) {
      if (severities[at] >= severity) {
        found++;
      }
    }
    return found;
  }

  private void forget(int number) {
    if (number > 0) {
      events -= number;
      System.arraycopy(times, number, times, 0, events);
      System.arraycopy(severities, number, severities, 0, events);
    }
  }

  private byte[] dump() {
    ByteBuffer out = ByteBuffer.allocate(HEAD_BYTES + ids * ID_LENGTH + events * (Long.BYTES + 1));
    out.putInt(count).putInt(referrals).put((byte) ids).put((byte) events);
    for (int at = 0; at < ids; at++) {
      out.put(known[at]);
    }
    for (int at = 0; at < events; at++) {
      out.putLong(times[at]);
    }
    return out.put(severities, 0, events).array();
  }

  private static State load(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data);
    State state = new State();
    state.count = in.getInt();
    state.referrals = in.getInt();
    state.ids = in.get();
    state.events = in.get();
    for (int at = 0; at < state.ids; at++) {
      in.get(state.known[at] = new byte[ID_LENGTH]);
    }
    for (int at = 0; at < state.events; at++) {
      state.times[at] = in.getLong();
    }
    in.get(state.severities, 0, state.events);
    return state;
  }
}
