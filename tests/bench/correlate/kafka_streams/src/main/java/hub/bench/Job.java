package hub.bench;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/** What is done with one event: the kernel of {@code job.py} in Java. */
final class Job {
  /** What became of an event. */
  enum Outcome {
    DROPPED,
    KEPT,
    REFERRAL
  }

  private static final Set<String> TYPES = Set.of("SCHOOL_ABSENCE", "RISK_OBSERVATION");
  private static final int YOUTH_KEY_LENGTH = 34;
  private static final int MOST_SEVERE = 10;
  private static final long AHEAD_MS = 300_000;
  private static final long WINDOW_MS = 30L * 86_400_000;
  private static final int SEVERE = 3;
  private static final int SEVERE_NEEDED = 3;
  private static final int EVERY = 8;
  private static final int UNCONSENTED_EVERY = 100;

  private final Map<String, Set<String>> consents = new HashMap<>();
  private final MessageDigest digest = sha256();

  Job(int youths) {
    for (int number = 0; number < youths; number++) {
      boolean one = number % UNCONSENTED_EVERY == UNCONSENTED_EVERY - 1;
      consents.put(youthKey(number), one ? Set.of("health") : Set.of("health", "education"));
    }
  }

  /** Whether the event may be kept at all, whatever is known of its youth. */
  boolean admits(FixedEvent event) {
    if (!TYPES.contains(event.getEventType())
        || event.getSeverity() < 0
        || event.getSeverity() > MOST_SEVERE
        || event.getOccurredAt() > event.getRecordedAt() + AHEAD_MS
        || event.getEventId().length() != State.ID_LENGTH
        || event.getYouthKey().length() != YOUTH_KEY_LENGTH) {
      return false;
    }
    Set<String> agreed = consents.get(event.getYouthKey());
    return agreed != null && agreed.containsAll(event.getConsentScope());
  }

  /** Folds an event that was admitted; {@code id} is its id in ASCII. */
  Outcome apply(State state, FixedEvent event, byte[] id) {
    if (state.knows(id)) {
      return Outcome.DROPPED;
    }
    state.add(id, event.getOccurredAt(), (byte) event.getSeverity(), event.getOccurredAt() - WINDOW_MS);
    if (state.count % EVERY != 0 || state.atLeast(SEVERE) < SEVERE_NEEDED) {
      return Outcome.KEPT;
    }
    state.referrals++;
    return Outcome.REFERRAL;
  }

  /** Sixteen bytes that a repeat of the same referral has too. */
  byte[] referralKey(String key, byte[] id) {
    digest.update(key.getBytes(StandardCharsets.US_ASCII));
    return Arrays.copyOf(digest.digest(id), 16);
  }

  private String youthKey(int number) {
    byte[] found = digest.digest(Integer.toString(number).getBytes(StandardCharsets.US_ASCII));
    return "y_" + HexFormat.of().formatHex(found, 0, 16);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }
}
