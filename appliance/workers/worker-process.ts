import { type ChildProcess, spawn } from 'node:child_process'
import type { z } from 'zod'

/** How a worker ended. `stderr` is the last of what it wrote there; it has never seen a name. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** What a worker process tells its owner. */
export interface WorkerEvents<Reply> {
  onReply(reply: Reply): void
  /** Once, after the process has gone; also when it could not be started. */
  onExit(exit: WorkerExit): void
}

const STDERR_KEPT = 2000

/**
 * One child process. It starts in `launch`, and ends by `kill` or by itself, once. What it says is believed only as far as
 * the schema of its replies goes: it has read hostile files.
 */
export class WorkerProcess<Request, Reply> {
  readonly #child: ChildProcess
  readonly #reply: z.ZodType<Reply>
  readonly #events: WorkerEvents<Reply>
  #stderr = ''
  #gone = false

  private constructor(child: ChildProcess, reply: z.ZodType<Reply>, events: WorkerEvents<Reply>) {
    this.#child = child
    this.#reply = reply
    this.#events = events
  }

  /** Starts a worker with an empty environment, a message channel, and nothing else to hold on to. */
  static launch<Request, Reply>(
    args: readonly string[],
    workFolder: string,
    reply: z.ZodType<Reply>,
    events: WorkerEvents<Reply>,
  ): WorkerProcess<Request, Reply> {
    const child = spawn(process.execPath, args, {
      env: {},
      cwd: workFolder,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    const worker = new WorkerProcess<Request, Reply>(child, reply, events)
    worker.#listen()
    return worker
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends a request. A worker that is going away drops it; its exit tells the owner. */
  send(request: Request): void {
    if (this.#child.connected) this.#child.send(request as object, () => undefined)
  }

  /** Ends the process at once, whatever it is doing. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #listen(): void {
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
    })
    this.#child.on('message', (message) => {
      const parsed = this.#reply.safeParse(message)
      if (parsed.success) this.#events.onReply(parsed.data)
      else this.kill()
    })
    this.#child.on('error', () => this.#end(null, null))
    this.#child.on('close', (code, signal) => this.#end(code, signal))
  }

  #end(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#gone) return
    this.#gone = true
    this.#events.onExit({ code, signal, stderr: this.#stderr })
  }
}
