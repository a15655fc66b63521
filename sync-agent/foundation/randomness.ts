import { randomBytes } from 'node:crypto'

/** Randomness as a port, so that tests are deterministic. */
export interface Randomness {
  bytes(length: number): Uint8Array
}

/** The operating system's generator. */
export const systemRandomness: Randomness = { bytes: (length) => randomBytes(length) }
