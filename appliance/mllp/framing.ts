/** MLLP (HL7 v2.9 appendix to chapter 2, Minimal Lower Layer Protocol release 1): <VT> message <FS><CR>. */
const START_BLOCK = 0x0b
const END_BLOCK = 0x1c
const CARRIAGE_RETURN = 0x0d

/** What came out of bytes from a peer. After `violation` the connection is of no more use. */
export type Framed =
  | { readonly kind: 'message'; readonly bytes: Buffer }
  | { readonly kind: 'violation'; readonly code: 'no-start-block' | 'too-large' | 'end-block-malformed' }

/** Takes messages out of a byte stream, whatever pieces it comes in. */
export class BlockReader {
  readonly #maximumBytes: number
  #pieces: Buffer[] = []
  #bytes = 0
  #endSeen = false

  /** @param maximumBytes largest message, without framing. */
  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes
  }

  /** The messages that are whole now, in order; at most one violation, at the end. */
  push(piece: Uint8Array): Framed[] {
    this.#pieces.push(Buffer.from(piece))
    this.#bytes += piece.length
    this.#endSeen ||= piece.includes(END_BLOCK)
    const first = this.#pieces.length === 1
    // A message that drips in byte by byte is put together once, when its end is there.
    if (!first && !this.#endSeen && this.#bytes <= this.#maximumBytes) return []
    const framed: Framed[] = []
    let held = Buffer.concat(this.#pieces)
    for (;;) {
      // White space between blocks is what some senders put after the trailer.
      let blank = 0
      while (held[blank] === CARRIAGE_RETURN || held[blank] === 0x0a) blank += 1
      held = held.subarray(blank)
      const end = held.indexOf(END_BLOCK)
      const violation = this.#violationOf(held, end)
      if (violation !== undefined) return [...framed, violation]
      if (end < 0 || end + 1 >= held.length) {
        this.#keep(held, end >= 0)
        return framed
      }
      framed.push({ kind: 'message', bytes: held.subarray(1, end) })
      held = held.subarray(end + 2)
    }
  }

  #violationOf(held: Buffer, end: number): Framed | undefined {
    if (held.length === 0) return undefined
    if (held[0] !== START_BLOCK) return { kind: 'violation', code: 'no-start-block' }
    if ((end < 0 ? held.length : end) - 1 > this.#maximumBytes) return { kind: 'violation', code: 'too-large' }
    const next = end < 0 ? undefined : held[end + 1]
    if (next !== undefined && next !== CARRIAGE_RETURN) return { kind: 'violation', code: 'end-block-malformed' }
    return undefined
  }

  #keep(held: Buffer, endSeen: boolean): void {
    this.#pieces = held.length === 0 ? [] : [held]
    this.#bytes = held.length
    this.#endSeen = endSeen
  }
}

/** A message in its block. */
export function blockOf(message: string): Buffer {
  return Buffer.concat([Buffer.of(START_BLOCK), Buffer.from(message, 'utf8'), Buffer.of(END_BLOCK, CARRIAGE_RETURN)])
}
