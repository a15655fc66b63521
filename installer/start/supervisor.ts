import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { InstallerError } from '../errors.ts'

/** How one service process is started. */
export interface ProcessSpecification {
  readonly name: 'hub' | 'agent' | 'appliance'
  /** Arguments for Node: permission flags, the entry, its own arguments. */
  readonly nodeArguments: readonly string[]
  readonly logFile: string
  /** Holds the process id while the process runs, for people and for fault tests. */
  readonly pidFile: string
  readonly environment: Readonly<Record<string, string>>
}

/** Restart after 250 ms, doubled to 8 s while it keeps failing; one that stayed up for 5 s starts over at 250 ms. */
const RESTART = { firstMs: 250, longestMs: 8_000, steadyAfterMs: 5_000 }
const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 20_000

/**
 * Keeps one process running: starts it, waits for its ready line (`{"ready":true,...}` on standard output), restarts it
 * when it ends by itself, and ends it with SIGTERM on `stop`. What it logs goes to a file, never to the terminal.
 */
export class SupervisedProcess {
  readonly #specification: ProcessSpecification
  readonly #onRestart: (name: string) => void
  #child: ChildProcess | undefined
  #log: WriteStream | undefined
  #stopping = false
  #delayMs = RESTART.firstMs
  #restartTimer: NodeJS.Timeout | undefined

  constructor(specification: ProcessSpecification, onRestart: (name: string) => void) {
    this.#specification = specification
    this.#onRestart = onRestart
  }

  /** Starts the process. Resolves with its ready line. */
  async start(): Promise<Readonly<Record<string, unknown>>> {
    this.#log = createWriteStream(this.#specification.logFile, { flags: 'a', mode: 0o600 })
    return this.#spawn()
  }

  /** Ends the process and waits for its end; after 20 s it is killed. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restartTimer)
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await ended
      clearTimeout(killer)
    }
    await rm(this.#specification.pidFile, { force: true })
    this.#log?.end()
  }

  async #spawn(): Promise<Readonly<Record<string, unknown>>> {
    const startedAt = Date.now()
    const child = spawn(process.execPath, [...this.#specification.nodeArguments], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.#specification.environment },
      // A group of its own: Ctrl-C in the terminal reaches only this supervisor, which then stops its children in order.
      detached: true,
    })
    this.#child = child
    if (this.#log !== undefined) child.stderr.pipe(this.#log, { end: false })
    const ready = this.#readyLine(child)
    child.once('exit', () => {
      if (!this.#stopping) this.#scheduleRestart(Date.now() - startedAt)
    })
    if (child.pid !== undefined) await writeFileAtomically(this.#specification.pidFile, String(child.pid))
    return ready
  }

  #scheduleRestart(livedMs: number): void {
    this.#delayMs = livedMs > RESTART.steadyAfterMs ? RESTART.firstMs : this.#delayMs
    this.#restartTimer = setTimeout(() => {
      this.#onRestart(this.#specification.name)
      // A restart that fails ends the process again, and its exit schedules the next try.
      this.#spawn().catch(() => undefined)
    }, this.#delayMs)
    this.#delayMs = Math.min(this.#delayMs * 2, RESTART.longestMs)
  }

  #readyLine(child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
    const { name, logFile } = this.#specification
    return new Promise((resolve, reject) => {
      const fail = (code: 'process-failed' | 'not-ready-in-time', message: string): void => {
        clearTimeout(timer)
        void lastLines(logFile).then((lines) =>
          reject(
            new InstallerError(code, {
              message: `${message}${lines}`,
              effect: 'the instance is not complete and was stopped',
              nextStep: `read ${logFile}, mend the cause, and start again; nothing that was stored is lost`,
            }),
          ),
        )
      }
      const timer = setTimeout(
        () => fail('not-ready-in-time', `the ${name} was not ready after ${READY_WITHIN_MS / 1000} s`),
        READY_WITHIN_MS,
      )
      child.once('exit', (code, signal) => fail('process-failed', `the ${name} ended (${signal ?? code})`))
      if (child.stdout === null) return
      createInterface({ input: child.stdout }).on('line', (line) => {
        const facts = parseReadyLine(line)
        if (facts === undefined) return
        clearTimeout(timer)
        resolve(facts)
      })
    })
  }
}

function parseReadyLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'ready' in value ? { ...value } : undefined
  } catch {
    return undefined
  }
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-3).join('\n    ')
  return lines === '' ? '' : `; its last words:\n    ${lines}`
}
