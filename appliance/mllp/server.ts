import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import { type Answer, acknowledgementOf } from './acknowledgement.ts'
import { Hl7Error } from './errors.ts'
import { BlockReader, blockOf } from './framing.ts'
import { type MergeOfMessage, readMerges } from './merge-message.ts'
import { type Hl7Message, parseMessage } from './message.ts'

const MOST_CONNECTIONS = 16
const IDLE_MS = 300_000

/** Who sent a message, as the message and the connection say. */
export interface Hl7Sender {
  readonly application: string
  readonly facility: string
  readonly address: string
}

/** Whether merges were taken. `refused` contradicts what is in force; the code tells how. */
export type MergeReceipt = { readonly kind: 'recorded' } | { readonly kind: 'refused'; readonly message: string }

export interface MllpServerDependencies {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  readonly maximumBytes: number
  /** Whether an address may connect at all. */
  readonly mayConnect: (address: string) => boolean
  /** Whether a sender may say anything. */
  readonly maySend: (sender: Hl7Sender) => boolean
  /** Records merges; when this returns they are on disk. */
  readonly record: (merges: readonly MergeOfMessage[], controlId: string) => MergeReceipt
  /** A message of an unknown sender was turned away, or a connection was. */
  readonly onRejected: (why: 'address' | 'sender') => void
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** Listens for merges over MLLP. An AA goes out only after the merge is on disk; nothing of a message is logged. */
export class MllpServer {
  readonly #dependencies: MllpServerDependencies
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(dependencies: MllpServerDependencies) {
    this.#dependencies = dependencies
  }

  /** The port in use; 0 before the start. */
  get port(): number {
    const address = this.#server?.address()
    return address === null || address === undefined || typeof address === 'string' ? 0 : address.port
  }

  async start(): Promise<void> {
    const { host, port } = this.#dependencies
    const server = createServer((socket) => {
      this.#accept(socket)
    })
    server.maxConnections = MOST_CONNECTIONS
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        server.off('error', reject)
        resolve()
      })
    })
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  #accept(socket: Socket): void {
    const { mayConnect, onRejected, maximumBytes, logger } = this.#dependencies
    const address = socket.remoteAddress ?? ''
    if (!mayConnect(address)) {
      socket.destroy()
      onRejected('address')
      return
    }
    this.#sockets.add(socket)
    const reader = new BlockReader(maximumBytes)
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {
      logger.info('mllp.connection-lost')
    })
    socket.on('data', (piece) => {
      for (const framed of reader.push(piece)) {
        if (framed.kind === 'violation') {
          logger.warn('mllp.violation', { code: framed.code })
          socket.destroy()
          return
        }
        // A sender that reads no answers is not read from either: its answers would pile up here.
        if (!socket.write(blockOf(this.#answer(framed.bytes, address)))) socket.pause()
      }
    })
    socket.on('drain', () => socket.resume())
  }

  #answer(bytes: Uint8Array, address: string): string {
    const { clock, randomness, logger } = this.#dependencies
    let message: Hl7Message | undefined
    let answer: Answer
    try {
      message = parseMessage(bytes)
      answer = this.#carryOut(message, address)
    } catch (cause) {
      if (cause instanceof Hl7Error) answer = { code: 'AR', condition: cause.condition, text: cause.message }
      else {
        logger.error('mllp.failed', { code: (cause as { code?: string } | null)?.code ?? 'unknown' })
        answer = { code: 'AE', condition: '207', text: 'the message could not be recorded; send it again' }
      }
    }
    logger.info('mllp.answered', { code: answer.code, condition: answer.condition ?? '' })
    const time = new Date(clock.now()).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
    return acknowledgementOf(message, answer, { time, controlId: Buffer.from(randomness.bytes(8)).toString('hex') })
  }

  #carryOut(message: Hl7Message, address: string): Answer {
    const { maySend, record, onRejected } = this.#dependencies
    const value = (field: number): string => message.header.field(field)[0]?.[0]?.trim() ?? ''
    if (!maySend({ application: value(3), facility: value(4), address })) {
      onRejected('sender')
      throw new Hl7Error('sender-unknown')
    }
    const receipt = record(readMerges(message), value(10))
    if (receipt.kind === 'recorded') return { code: 'AA' }
    return { code: 'AE', condition: '205', text: receipt.message }
  }
}
