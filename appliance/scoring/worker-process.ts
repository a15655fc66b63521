import { type ChildProcess, spawn } from 'node:child_process'
import { type WorkerReply, type WorkerRequest, workerReply } from './messages.ts'

/** How a worker ended. `stderr` is the last of what it wrote there; it has never seen a name. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** What a worker process tells its owner. */
export interface WorkerEvents {
  onReply(reply: WorkerReply): void
  /** Once, after the process has gone; also when it could not be started. */
  onExit(exit: WorkerExit): void
}

const STDERR_KEPT = 2000

/** One child process. It starts in the constructor's `launch`, and ends by `kill` or by itself, once. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #events: WorkerEvents
  #stderr = ''
  #gone = false

  private constructor(child: ChildProcess, events: WorkerEvents) {
    this.#child = child
    this.#events = events
  }

  /** Starts a worker with an empty environment, a message channel, and nothing else to hold on to. */
  static launch(args: readonly string[], workFolder: string, events: WorkerEvents): WorkerProcess {
    const child = spawn(process.execPath, args, {
      env: {},
      cwd: workFolder,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    const worker = new WorkerProcess(child, events)
    worker.#listen()
    return worker
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends a request. A worker that is going away drops it; its exit tells the owner. */
  send(request: WorkerRequest): void {
    if (this.#child.connected) this.#child.send(request, () => undefined)
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
      const parsed = workerReply.safeParse(message)
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
