package millrace.streams.gate;

/** A record that leaves the gate. */
public record GateOutput(String topic, int partition, byte[] value) {}
