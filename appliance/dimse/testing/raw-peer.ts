import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { PduEvent } from '../upper-layer/pdu.ts'
import { PduReader } from '../upper-layer/pdu-reader.ts'

const LIMITS = { maxDataBytes: 1_048_576, maxAssociateBytes: 1_048_576 }

/** The end of a connection on which a test says, byte by byte, what it likes. */
export class RawPeer {
  readonly socket: Socket
  readonly #reader = new PduReader(LIMITS)
  readonly #events: PduEvent[] = []
  #wake: () => void = () => {}
  #ended = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk)
      for (let event = this.#reader.next(); event !== undefined; event = this.#reader.next()) this.#events.push(event)
      this.#wake()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Calls a listener on this machine. */
  static async connect(port: number): Promise<RawPeer> {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    const peer = new RawPeer(socket)
    await once(socket, 'connect')
    return peer
  }

  send(...pieces: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(pieces))
  }

  /** The next PDU from the other side, or `closed`. */
  async next(): Promise<PduEvent | 'closed'> {
    while (this.#events.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#events.shift() ?? 'closed'
  }

  close(): void {
    this.socket.destroy()
  }
}

/** A listener on this machine that does to each caller what the test says. */
export async function rawListener(
  onCaller: (peer: RawPeer) => void | Promise<void>,
): Promise<{ port: number; close: () => Promise<void> }> {
  const peers: RawPeer[] = []
  const server: Server = createServer((socket) => {
    const peer = new RawPeer(socket)
    peers.push(peer)
    void onCaller(peer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      for (const peer of peers) peer.close()
      server.close()
      await once(server, 'close')
    },
  }
}
