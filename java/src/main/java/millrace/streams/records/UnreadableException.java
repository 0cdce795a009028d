package millrace.streams.records;

/** A record isn't what its frame says: nobody will ever be able to read it. */
public final class UnreadableException extends Exception {
  private static final long serialVersionUID = 1L;

  public UnreadableException(String message, Throwable cause) {
    super(message, cause);
  }
}
