import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Service } from '../../foundation/index.ts'

/** `mute`: what the server says is thrown away. `deaf`: nothing passes either way and nobody is told (half-open). */
export type FaultMode = 'pass' | 'mute' | 'deaf'

/** A TCP proxy that loses bytes on demand, between a client and a broker. */
export class FaultProxy implements Service {
  readonly #targetPort: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  mode: FaultMode = 'pass'

  constructor(targetPort: number) {
    this.#targetPort = targetPort
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.#port}`
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
    const upstream = connect(this.#targetPort, '127.0.0.1')
    for (const [from, to, mutes] of [
      [client, upstream, false],
      [upstream, client, true],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (chunk) => {
        if (this.mode === 'deaf' || (this.mode === 'mute' && mutes)) return
        to.write(chunk)
      })
      from.on('error', () => from.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}
