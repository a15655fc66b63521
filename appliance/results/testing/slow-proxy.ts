import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Passes bytes between callers and a target: at once, late, or not at all. */
export class SlowProxy {
  readonly #target: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** How late each piece of an answer is passed on, in milliseconds; `Infinity` for never. */
  delayMs = 0

  constructor(target: number) {
    this.#target = target
    this.#server = createServer((caller) => {
      this.#join(caller)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(caller: Socket): void {
    const target = connect(this.#target, '127.0.0.1')
    for (const socket of [caller, target]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
      })
    }
    caller.on('data', (piece) => target.write(piece))
    caller.on('close', () => target.destroy())
    target.on('data', (piece) => {
      if (this.delayMs === Number.POSITIVE_INFINITY) return
      setTimeout(() => caller.write(piece), this.delayMs)
    })
    target.on('close', () => {
      if (this.delayMs !== Number.POSITIVE_INFINITY) setTimeout(() => caller.end(), this.delayMs)
    })
  }
}
