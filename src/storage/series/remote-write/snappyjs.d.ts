declare module "snappyjs" {
  /** One block, without frames. */
  export function compress(bytes: Uint8Array): Uint8Array;
}
