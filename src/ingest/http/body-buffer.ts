const FIRST_BYTES = 64 * 1024;

/** A request's body while it is read and worked on; used again for other bodies. */
export class BodyBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /** The body, until the buffer is used again. */
  get body(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  add(chunk: Buffer): void {
    if (this.length + chunk.length > this.bytes.length) {
      const next = Buffer.allocUnsafeSlow((this.length + chunk.length) * 2);
      this.bytes.copy(next, 0, 0, this.length);
      this.bytes = next;
    }
    this.length += chunk.copy(this.bytes, this.length);
    free(chunk);
  }
}

/**
 * Gives the memory of a chunk back now. It lies outside of the heap: left to the garbage collector,
 * a busy door would collect the whole heap every second only to be rid of it. A chunk that is less
 * than its memory shares it with others.
 */
function free({ buffer, byteOffset, length }: Buffer): void {
  if (byteOffset !== 0 || length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
}
