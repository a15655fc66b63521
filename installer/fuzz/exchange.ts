import { createConnection } from 'node:net'

/** Both directions of one connection. */
export interface Exchange {
  readonly sent: Buffer
  readonly received: Buffer
  /** True when the listener ended its side in order, so that nothing of what it said can be missing. */
  readonly complete: boolean
}

/** After so long without a byte from the listener we hang up, unless told: many conversations matter more than each one's last word. */
const SILENCE_MS = 60
/** A listener that keeps sending is a finding of its own. */
const LONGEST_MS = 20_000

/**
 * Calls the listener, sends the pieces one write each, and hears what it says until it closes or falls silent.
 * @throws when there is no connection, or no end.
 */
export function exchange(port: number, pieces: readonly Uint8Array[], silenceMs = SILENCE_MS): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    let complete = false
    let refused: Error | undefined
    let connected = false
    const silence = setTimeout(() => socket.destroy(), LONGEST_MS)
    const longest = setTimeout(() => {
      refused = new Error(`a connection did not end within ${LONGEST_MS} ms`)
      socket.destroy()
    }, LONGEST_MS)
    const hangUpSoon = (): void => {
      clearTimeout(silence)
      hangUp = setTimeout(() => socket.destroy(), silenceMs)
    }
    let hangUp: NodeJS.Timeout | undefined
    socket.on('connect', () => {
      connected = true
      for (const piece of pieces) socket.write(piece)
      socket.write(new Uint8Array(0), hangUpSoon)
    })
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk)
      hangUp?.refresh()
      // The acceptor waits for the requester to close (PS3.8 9.2, Sta13).
      if (isOver(chunk)) socket.end()
    })
    socket.on('end', () => {
      complete = true
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A listener may close while we still write, and what it said last is then lost (RFC 9293 3.10.7.4); only a call
      // that nobody takes is a failure.
      complete = false
      if (!connected) refused = error
    })
    socket.on('close', () => {
      for (const timer of [silence, longest, hangUp]) clearTimeout(timer)
      if (refused !== undefined) reject(refused)
      else resolve({ sent: Buffer.concat(pieces), received: Buffer.concat(received), complete })
    })
  })
}

/** True when the bytes end with A-RELEASE-RP or A-ASSOCIATE-RJ, which are ten bytes long (PS3.8 9.3.4, 9.3.7). */
function isOver(chunk: Buffer): boolean {
  const last = chunk.subarray(-10)
  return last.length === 10 && (last[0] === 6 || last[0] === 3) && last.readUInt32BE(2) === 4
}
