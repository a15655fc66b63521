import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Service } from '../../foundation/index.ts'

/** What a link can suffer. */
export const LINK_FAULTS = ['latency', 'loss', 'reset', 'half-open', 'black-hole', 'slicing', 'trickle'] as const
export type LinkFault = (typeof LINK_FAULTS)[number]

const LATENCY_MS = 400
const TRICKLE_BYTES_PER_SECOND = 1000
const TRICKLE_TICK_MS = 50
/** One chunk in so many is lost, or brings a reset. */
const ONE_IN = 6

/** Counts of what the proxy did to connections. */
export interface LinkFaultCounts {
  /** Connections that were opened through it. */
  connections: number
  /** Chunks that were delayed, cut up, slowed down, swallowed, or answered with a reset. */
  touched: number
}

/** One direction of one connection: chunks in order, each passed on as the fault in force says. */
class Direction {
  readonly #from: Socket
  readonly #to: Socket
  readonly #proxy: LinkFaultProxy
  readonly #upstream: boolean
  #tail: Promise<void> = Promise.resolve()

  constructor(from: Socket, to: Socket, upstream: boolean, proxy: LinkFaultProxy) {
    this.#from = from
    this.#to = to
    this.#upstream = upstream
    this.#proxy = proxy
  }

  open(): void {
    this.#from.on('data', (chunk) => {
      this.#from.pause()
      this.#tail = this.#tail.then(() => this.#pass(chunk)).finally(() => this.#from.resume())
    })
  }

  async #pass(chunk: Buffer): Promise<void> {
    const { fault } = this.#proxy
    if (fault !== null) this.#proxy.counts.touched += 1
    switch (fault) {
      case null:
        return this.#write(chunk)
      case 'latency':
        await pause(LATENCY_MS * (0.5 + this.#proxy.random()))
        return this.#write(chunk)
      case 'loss':
        // TCP repairs what a network loses; a middle box that loses bytes for good ends in a reset.
        if (this.#proxy.random() * ONE_IN >= 1) return this.#write(chunk)
        await this.#write(chunk.subarray(0, Math.floor(chunk.length / 2)))
        return this.#reset()
      case 'reset':
        if (this.#proxy.random() * ONE_IN >= 1) return this.#write(chunk)
        return this.#reset()
      case 'half-open':
        // The far side has forgotten the connection: what it would say never comes, what is said to it is taken.
        return this.#upstream ? this.#write(chunk) : undefined
      case 'black-hole':
        return undefined
      case 'slicing':
        for (let at = 0; at < chunk.length && !this.#to.destroyed; at += 1)
          await this.#write(chunk.subarray(at, at + 1))
        return undefined
      case 'trickle': {
        const slice = (TRICKLE_BYTES_PER_SECOND * TRICKLE_TICK_MS) / 1000
        for (let at = 0; at < chunk.length && !this.#to.destroyed; ) {
          // A fault that is over lets the rest of the chunk go at once.
          const length = this.#proxy.fault === 'trickle' ? slice : chunk.length
          await this.#write(chunk.subarray(at, at + length))
          at += length
          if (at < chunk.length) await pause(TRICKLE_TICK_MS)
        }
      }
    }
  }

  async #write(chunk: Buffer): Promise<void> {
    if (this.#to.destroyed || this.#to.write(chunk)) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#to.off('drain', done).off('close', done)
        resolve()
      }
      this.#to.once('drain', done).once('close', done)
    })
  }

  #reset(): void {
    this.#from.resetAndDestroy()
    this.#to.resetAndDestroy()
  }
}

/**
 * A TCP proxy between devices and a broker that inflicts one fault at a time on every connection. New connections during
 * `half-open` and `black-hole` are accepted and hear nothing, as with a dead peer behind a live middle box.
 */
export class LinkFaultProxy implements Service {
  readonly #targetPort: number
  readonly #sockets = new Set<Socket>()
  readonly random: () => number
  readonly counts: LinkFaultCounts = { connections: 0, touched: 0 }
  #server: Server | undefined
  #port = 0
  /** The fault in force; null passes everything on. */
  fault: LinkFault | null = null

  /** @param random numbers in [0, 1); decides which chunks are lost. */
  constructor(targetPort: number, random: () => number) {
    this.#targetPort = targetPort
    this.random = random
  }

  /** Where devices connect to. */
  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    const server = createServer((client) => this.#join(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', () => resolve()))
    this.#port = (server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    this.reset()
    await closed
  }

  /** Ends every connection with a reset. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #join(client: Socket): void {
    this.counts.connections += 1
    const upstream = connect(this.#targetPort, '127.0.0.1')
    for (const [from, to, isUpstream] of [
      [client, upstream, true],
      [upstream, client, false],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => from.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      new Direction(from, to, isUpstream, this).open()
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
