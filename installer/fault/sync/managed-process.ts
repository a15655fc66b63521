import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { InstallerError } from '../../errors.ts'

const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 20_000
const RESTART_MS = 250

/** What is started, and what becomes of its lines. */
export interface ManagedProgram {
  readonly name: string
  /** Node's arguments, entry file included. */
  readonly nodeArguments: () => readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  /** Each JSON line on standard output, the ready line included. */
  readonly onLine?: (line: unknown) => void
}

/** A real process that is killed, stopped and continued, and that a supervisor starts again whenever it ended. */
export class ManagedProcess {
  readonly #program: ManagedProgram
  #child: ChildProcess | undefined
  #resting = true
  #supervision: Promise<void> | undefined
  /** Starts that ended before the process was ready. */
  failedStarts = 0
  starts = 0
  /** The last lines that it wrote to standard error. */
  readonly log: string[] = []

  constructor(program: ManagedProgram) {
    this.#program = program
  }

  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Starts it, waits until it is ready, and keeps it running from then on. @throws InstallerError `process-failed`. */
  async start(): Promise<void> {
    this.#resting = false
    await this.#startOnce()
    this.#supervision = this.#supervise()
  }

  /** Sends a signal to the process as it is now. @returns false when none is running. */
  signal(signal: NodeJS.Signals): boolean {
    return this.isRunning && this.#child?.kill(signal) === true
  }

  /** Ends it in order and lets it rest. @returns its exit status; null when it had to be killed. */
  async stop(): Promise<number | null> {
    this.#resting = true
    const late = setTimeout(() => this.signal('SIGKILL'), STOP_WITHIN_MS)
    this.signal('SIGCONT')
    this.signal('SIGTERM')
    await this.#ended()
    clearTimeout(late)
    await this.#supervision
    return this.#child?.exitCode ?? null
  }

  /** Ends it at this instant and lets it rest. */
  async end(): Promise<void> {
    this.#resting = true
    this.signal('SIGKILL')
    await this.#ended()
    await this.#supervision
  }

  /** A call, because the answer changes between two awaits. */
  #isResting(): boolean {
    return this.#resting
  }

  async #ended(): Promise<void> {
    const child = this.#child
    if (child !== undefined && this.isRunning) await once(child, 'exit')
  }

  async #supervise(): Promise<void> {
    for (;;) {
      await this.#ended()
      if (this.#isResting()) return
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
      if (this.#isResting()) return
      await this.#startOnce().catch(() => {
        // A kill that fell into a start is the harness's doing; a start that ended by itself is a failure.
        if (this.#child?.signalCode !== 'SIGKILL') this.failedStarts += 1
      })
    }
  }

  async #startOnce(): Promise<void> {
    const { name, nodeArguments, environment = {}, onLine } = this.#program
    const child = spawn(process.execPath, [...nodeArguments()], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '', ...environment },
    })
    this.#child = child
    this.starts += 1
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line)
      if (this.log.length > 200) this.log.shift()
    })
    const lines = createInterface({ input: child.stdout })
    const ready = new Promise<'ready'>((resolve) => {
      lines.on('line', (text) => {
        const line = parseLine(text)
        if ((line as { ready?: unknown } | undefined)?.ready === true) resolve('ready')
        if (line !== undefined) onLine?.(line)
      })
    })
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), READY_WITHIN_MS)
    const first = await Promise.race([ready, once(child, 'exit'), once(late.signal, 'abort')])
    clearTimeout(timer)
    if (first === 'ready') return
    // Not SIGKILL: that would look like a kill of the harness's own.
    child.kill('SIGABRT')
    throw new InstallerError('process-failed', {
      message: `${name} was not ready: ${this.log.slice(-3).join(' | ')}`,
      effect: 'the histories cannot be compared',
      nextStep: 'read the message; every process must start on whatever a fault has left',
    })
  }
}

/** A line of a killed process may be cut off. */
function parseLine(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
