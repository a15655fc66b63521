import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A screen that nobody looks at (Xvfb), for programs that need one. */
export class Display {
  readonly #program: string
  #server: ChildProcess | undefined
  #name = ''

  constructor(program: string) {
    this.#program = program
  }

  /** What DISPLAY is to be. */
  get name(): string {
    return this.#name
  }

  /** Starts it and waits until it takes programs. The server itself chooses a number that is free. */
  async start(): Promise<void> {
    const server = spawn(this.#program, ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    this.#server = server
    const told = server.stdio[3]
    if (told === null || told === undefined) throw new Error('the display has no way to tell its number')
    const first = await Promise.race([once(told, 'data'), once(server, 'exit').then(() => undefined)])
    if (first === undefined) throw new Error('the display ended before it was ready')
    this.#name = `:${String(first[0]).trim()}`
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }
}
