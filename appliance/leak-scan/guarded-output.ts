import { createLogger, type Logger } from '@leadglass/sync-agent/foundation'
import type { HeldIdentity } from './held-identities.ts'
import { LineGuard } from './line-guard.ts'

/** Told of a line that was withheld: the study that it named. Called when the line is written, so it must not log. */
export type LeakListener = (studyId: number) => void

const MOST_PENDING = 65_536
/** Told when somebody listens at last. */
const MOST_UNHEARD = 1000

/** What a process writes to standard error. */
type Write = (text: string) => void

/**
 * Everything that a process writes to standard error: its own log, what libraries print, and its crash output. Each line
 * passes the guard first.
 */
export class GuardedOutput {
  readonly #guard = new LineGuard()
  readonly #process: string
  readonly #write: Write
  #unheard: number[] = []
  #listener: LeakListener | undefined
  #pending = ''
  #stop: (() => void) | undefined

  /** @param write standard error as it was before `start`, unless told. */
  constructor(process: string, write: Write = writeToStandardError) {
    this.#process = process
    this.#write = write
  }

  /** A logger whose lines pass the guard. */
  logger(): Logger {
    return createLogger(this.#process, { write: (text) => this.#lines(text) })
  }

  /** From now on lines are held against this study. */
  know(identity: HeldIdentity): void {
    this.#guard.know(identity)
  }

  /** Whom to tell of withheld lines; of those before now too. */
  onLeak(listener: LeakListener): void {
    this.#listener = listener
    for (const studyId of this.#unheard) listener(studyId)
    this.#unheard = []
  }

  /** Takes over standard error, and the output of a crash. */
  start(): void {
    if (this.#stop !== undefined) return
    const { stderr } = process
    const before = stderr.write.bind(stderr)
    stderr.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      this.#loose(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))
      const done = rest.find((one): one is () => void => typeof one === 'function')
      done?.()
      return true
    }
    const crashed = (cause: unknown): void => {
      this.crash(cause)
      process.exit(1)
    }
    process.on('uncaughtException', crashed).on('unhandledRejection', crashed)
    this.#stop = () => {
      stderr.write = before
      process.off('uncaughtException', crashed).off('unhandledRejection', crashed)
    }
  }

  /** Gives standard error back. */
  stop(): void {
    if (this.#pending !== '') this.#lines(`${this.#pending}\n`)
    this.#pending = ''
    this.#stop?.()
    this.#stop = undefined
  }

  /** Writes what is known of a crash without its message: kind, code, and places in the code. */
  crash(cause: unknown): void {
    this.logger().error('process.crashed', crashFields(cause))
  }

  /** What comes in pieces that are no lines. */
  #loose(text: string): void {
    const joined = this.#pending + text
    const end = joined.lastIndexOf('\n') + 1
    this.#pending = joined.slice(end)
    if (end > 0) this.#lines(joined.slice(0, end))
    if (this.#pending.length > MOST_PENDING) {
      this.#lines(`${this.#pending}\n`)
      this.#pending = ''
    }
  }

  #lines(text: string): void {
    const lines = text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n')
    for (const one of lines) {
      const { line, finding } = this.#guard.pass(one)
      this.#write(`${line}\n`)
      if (finding === undefined) continue
      if (this.#listener !== undefined) this.#listener(finding.owner)
      else if (this.#unheard.length < MOST_UNHEARD) this.#unheard.push(finding.owner)
    }
  }
}

/** Captured before anything takes standard error over. */
const writeToStandardError: Write = ((write) => (text: string) => {
  write(text)
})(process.stderr.write.bind(process.stderr))

const FRAME = /(?:file:\/\/)?([\w./@+-]+\.[cm]?[jt]s:\d+:\d+)\)?$/
const MOST_FRAMES = 12

/** Of an error only what the code itself gives; messages of libraries repeat what they were given. */
function crashFields(cause: unknown): Readonly<Record<string, string>> {
  if (!(cause instanceof Error)) return { code: 'unknown', name: typeof cause, at: '' }
  const { code } = cause as { code?: unknown }
  const frames = (cause.stack ?? '').split('\n').flatMap((line) => {
    const place = /^\s+at /.test(line) ? FRAME.exec(line)?.[1] : undefined
    return place === undefined ? [] : [place.split('/').slice(-3).join('/')]
  })
  return {
    code: typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : 'unknown',
    name: /^\w{1,64}$/.test(cause.name) ? cause.name : 'Error',
    at: frames.slice(0, MOST_FRAMES).join(' '),
  }
}
