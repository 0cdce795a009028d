/** What a folder of a store holds. */
export interface ObjectListing {
  readonly keys: readonly string[];
  /** Keys that end in a slash. */
  readonly folders: readonly string[];
}

/**
 * Where a lake keeps its objects: bytes under keys with slashes, each whole or absent. Errors are
 * `LAKE_UNAVAILABLE` where trying again may help, and `CONFIG_INVALID` where the store doesn't let
 * us in.
 */
export interface ObjectStore {
  /** An object's URL, as engines take it. */
  url(key: string): string;
  get(key: string): Promise<Buffer | undefined>;
  put(key: string, body: Uint8Array): Promise<void>;
  /**
   * Writes an object that isn't there; false where it is. After a lost answer, it may be there
   * because of this very call: the caller compares.
   */
  create(key: string, body: Uint8Array): Promise<boolean>;
  /** Writes a file of this machine as an object. */
  upload(key: string, path: string, bytes: number): Promise<void>;
  /** Without a failure where it isn't there. */
  delete(key: string): Promise<void>;
  /**
   * What is in a folder (its key ends in a slash), in the order of keys: all that is below it, or
   * with `folders` only down to the next slash. `startAfter`: what comes after that key.
   */
  list(
    folder: string,
    options?: { readonly startAfter?: string; readonly folders?: boolean },
  ): Promise<ObjectListing>;
  close(): void;
}
