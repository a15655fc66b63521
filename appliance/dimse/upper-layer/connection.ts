import type { Socket } from 'node:net'
import type { PduEvent } from './pdu.ts'
import { PduReader, type PduReaderLimits } from './pdu-reader.ts'

/** The user of a connection. Calls never overlap, and after `closed` there are none. */
export interface ConnectionUser {
  /** One event, in order. Its bytes are valid until this returns or its promise settles, unless `keepBytes` is called. While a returned promise is open, nothing further is handed out. */
  received(event: PduEvent): void | Promise<void>
  /** Reading stopped: malformed bytes, or `received` threw or rejected. */
  failed(error: unknown): void
  /** The timer set by `expectWithin` ran out while nothing was being worked on. */
  expired(): void
  /** The transport is gone and the last `received` has settled. `error` is what the socket said, if anything. */
  closed(error: Error | undefined): void
}

export interface ConnectionLimits extends PduReaderLimits {
  /** Received bytes that may wait here while the user is busy; above it the peer is held back by TCP. */
  readonly maxPendingBytes: number
  /** ARTIM (PS3.8 9.1.5), in milliseconds: how long to wait for the peer to close. */
  readonly artimTimeoutMs: number
}

/** Chunks that may wait whatever their size: a peer that sends single bytes must not fill memory with their handles. */
const MAX_PENDING_CHUNKS = 64
/** Answers that a peer may leave unread, in bytes. Answers are some 200 bytes each. */
const MAX_UNREAD_BYTES = 65_536

/** Smaller reads are left to the garbage collector. */
const WORTH_RELEASING_BYTES = 4096

/**
 * Gives the memory of a socket read back at once. Reads of 64 KiB, thousands a second, otherwise count as external
 * memory until the next full collection, and force one every few dozen objects: half of the processor time of
 * reception went there. Only memory that the chunk has to itself is released.
 */
function releaseMemory(chunk: Uint8Array): void {
  const { buffer } = chunk
  if (chunk.length < WORTH_RELEASING_BYTES || chunk.length !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/**
 * A transport connection that carries PDUs. It reads only as fast as its user works, so memory stays bounded by
 * `maxPendingBytes` and one socket read.
 */
export class Connection {
  readonly #socket: Socket
  readonly #limits: ConnectionLimits
  readonly #user: ConnectionUser
  readonly #reader: PduReader
  #timer: NodeJS.Timeout | undefined
  #busy = false
  #finishing = false
  #socketClosed = false
  #socketError: Error | undefined

  constructor(socket: Socket, limits: ConnectionLimits, user: ConnectionUser) {
    this.#socket = socket
    this.#limits = limits
    this.#user = user
    this.#reader = new PduReader(limits, releaseMemory)
  }

  /** Begins to read. */
  start(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', (error: Error) => {
      this.#socketError = error
    })
    this.#socket.on('close', () => {
      this.#socketClosed = true
      this.#closeWhenDone()
    })
  }

  /** True until the last PDU is sent or the transport is gone. */
  get open(): boolean {
    return !this.#finishing && !this.#socketClosed
  }

  /** Starts the one timer anew: `expired` is called after `ms`, unless `progress` is. */
  expectWithin(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#expire(), ms)
  }

  /** The peer did something that counts: the timer starts again. */
  progress(): void {
    this.#timer?.refresh()
  }

  /** Stops the timer. */
  expectNothing(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** The bytes of the event that is being handled stay in use after `received` has settled. */
  keepBytes(): void {
    this.#reader.keep()
  }

  /** Sends a whole PDU. A peer that leaves too many answers unread loses its connection. */
  send(pdu: Uint8Array): void {
    if (!this.open) return
    this.#socket.write(pdu)
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.destroy()
  }

  /**
   * Sends pieces that make up one PDU in one go, without copying them.
   * @returns a promise while the socket's buffer is full; it settles when there is room or the transport is gone.
   */
  sendPieces(pieces: readonly Uint8Array[]): Promise<void> | undefined {
    if (!this.open) return undefined
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
    return this.#socket.writableNeedDrain ? this.#drained() : undefined
  }

  /** Sends the last PDU; what still comes is dropped. The peer has until ARTIM to close (PS3.8 9.2, Sta13). */
  finish(pdu: Uint8Array, closeNow: boolean): void {
    if (!this.open) return
    this.#finishing = true
    if (closeNow) this.#socket.end(pdu)
    else this.#socket.write(pdu)
    this.#socket.resume()
    this.expectWithin(this.#limits.artimTimeoutMs)
  }

  /** Closes the transport at once. */
  destroy(): void {
    this.#finishing = true
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#finishing) return
    this.#reader.push(chunk)
    if (!this.#busy) this.#work()
    else if (
      this.#reader.pendingBytes > this.#limits.maxPendingBytes ||
      this.#reader.pendingChunks > MAX_PENDING_CHUNKS
    )
      this.#socket.pause()
  }

  #work(): void {
    try {
      while (!this.#finishing) {
        const event = this.#reader.next()
        if (event === undefined) break
        const working = this.#user.received(event)
        if (working !== undefined) {
          this.#busy = true
          working.then(
            () => this.#resume(() => this.#work()),
            (error: unknown) => this.#resume(() => this.#fail(error)),
          )
          return
        }
      }
      if (this.#socket.isPaused()) this.#socket.resume()
    } catch (error) {
      this.#fail(error)
    }
  }

  #resume(next: () => void): void {
    this.#busy = false
    this.progress()
    next()
    // What came before the peer closed has now been worked through.
    this.#closeWhenDone()
  }

  #fail(error: unknown): void {
    if (this.open) this.#user.failed(error)
    this.#finishing = true
  }

  #expire(): void {
    if (this.#finishing) this.#socket.destroy()
    else if (this.#busy) this.progress()
    else this.#user.expired()
  }

  #closeWhenDone(): void {
    if (!this.#socketClosed || this.#busy) return
    this.expectNothing()
    this.#finishing = true
    this.#user.closed(this.#socketError)
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.#socket.off('drain', settle)
        this.#socket.off('close', settle)
        resolve()
      }
      this.#socket.on('drain', settle)
      this.#socket.on('close', settle)
    })
  }
}
