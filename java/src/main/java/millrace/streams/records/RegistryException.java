package millrace.streams.records;

/** The registry didn't answer, or doesn't have what it was asked for. */
public final class RegistryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RegistryException(String message, Throwable cause) {
    super(message, cause);
  }
}
