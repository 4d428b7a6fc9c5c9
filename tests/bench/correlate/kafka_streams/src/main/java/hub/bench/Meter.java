package hub.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Counts records and prints the line of figures that {@code engine.py} describes. Counted by one thread, read by another. */
final class Meter {
  private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final long SETTLE_MS = 1_700;
  private static final int WARM_SHARE = 4;

  private final long records;
  private long done;
  private Moment began;
  private Moment steady;
  private long before;
  private volatile Moment ended;

  Meter(long records) {
    this.records = records;
  }

  /** To be called before each record. */
  void begin() {
    if (began == null) {
      began = Moment.now();
    }
  }

  /** One more is worked off, whatever became of it. */
  void done() {
    done++;
    if (steady == null && done * WARM_SHARE >= records) {
      steady = Moment.now();
      before = done;
    }
    if (done == records) {
      ended = Moment.now();
    }
  }

  /** Waits for the last record and the commit behind it. */
  String line(String referrals, String changelog) throws InterruptedException, IOException {
    while (ended == null) {
      Thread.sleep(20);
    }
    Thread.sleep(SETTLE_MS);
    return String.format(
        Locale.ROOT,
        "{\"events\": %d, \"cpu_seconds\": %.3f, \"wall_seconds\": %.3f, \"steady_events\": %d, \"steady_cpu_seconds\": %.3f, "
            + "\"steady_wall_seconds\": %.3f, \"max_rss_mib\": %d, \"referrals\": \"%s\", \"changelog\": \"%s\"}",
        done,
        (SYSTEM.getProcessCpuTime() - began.cpu) / 1e9,
        (ended.wall - began.wall) / 1e9,
        done - before,
        (ended.cpu - steady.cpu) / 1e9,
        (ended.wall - steady.wall) / 1e9,
        peakMebibytes(),
        referrals,
        changelog);
  }

  private static long peakMebibytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
      }
    }
    throw new IOException("the system does not tell a process's memory");
  }

  /** Nanoseconds of the clock and of the process's processor time. */
  private record Moment(long wall, long cpu) {
    static Moment now() {
      return new Moment(System.nanoTime(), SYSTEM.getProcessCpuTime());
    }
  }
}
