import type { Logger, Service } from '../foundation/index.ts'
import { readCheckpoint } from './checkpoint.ts'
import { parseVerifierKey } from './note-key.ts'
import { type PostCheckpoint, requestCosignature } from './witness-client.ts'

/** A witness answers in a line or two. */
const MAX_ANSWER_BYTES = 16 * 1024
const TIMEOUT_MS = 15_000

/** A witness that is asked: the address before `/add-checkpoint`, and its C2SP verifier key. */
export interface WitnessTarget {
  readonly url: string
  readonly key: string
}

/** The log that is shown to witnesses, and where their word is kept. */
export interface WitnessedSource {
  /** The newest signed checkpoint; `undefined` while there is none. */
  newest(): string | undefined
  proofFrom(oldSize: number, size: number): readonly Uint8Array[]
  /** Largest size that this witness has cosigned; 0 for none. */
  cosignedSize(witness: string): number
  /** Keeps a verified cosignature. @param at POSIX seconds. */
  keep(witness: string, size: number, lines: string, at: number): void
  /** The witness has seen another log under this name, or a longer one. Called at every round until it is settled. */
  diverged(witness: string, size: number): void
}

export interface WitnessRoundDependencies {
  readonly source: WitnessedSource
  readonly targets: () => readonly WitnessTarget[]
  readonly intervalMs: number
  readonly logger: Logger
  /** How a witness is reached; over HTTP unless told. */
  readonly post?: (url: string) => PostCheckpoint
}

/** Shows the newest checkpoint to every witness from time to time. One that is away is asked again at the next round. */
export class WitnessRound implements Service {
  readonly #dependencies: WitnessRoundDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(dependencies: WitnessRoundDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.round().finally(() => {
        this.#running = undefined
      })
    }, this.#dependencies.intervalMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** Asks every witness once. Never rejects: a witness that is away must not stop the log. */
  async round(): Promise<void> {
    for (const target of this.#dependencies.targets()) {
      await this.#ask(target).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.name : 'unknown'
        this.#dependencies.logger.warn('witness.away', { reason })
      })
    }
  }

  async #ask({ url, key }: WitnessTarget): Promise<void> {
    const { source, logger, post = postToWitness } = this.#dependencies
    const witness = parseVerifierKey(key)
    const note = source.newest()
    const size = note === undefined ? 0 : (readCheckpoint(note)?.size ?? 0)
    if (witness === undefined || note === undefined || source.cosignedSize(witness.name) >= size) return
    const oldSize = source.cosignedSize(witness.name)
    const proofFrom = (old: number): readonly Uint8Array[] => source.proofFrom(old, size)
    const outcome = await requestCosignature({ checkpointNote: note, proofFrom, oldSize, witness, post: post(url) })
    if (outcome.kind === 'cosigned') source.keep(witness.name, size, outcome.lines, outcome.at)
    else if (outcome.reason === 'diverged' || outcome.reason === 'witness-ahead') source.diverged(witness.name, size)
    else logger.warn('witness.refused', { reason: outcome.reason, status: outcome.status })
  }
}

/** Posts to a witness over HTTP (C2SP tlog-witness): no redirects, a bounded answer, a time limit. */
export function postToWitness(url: string): PostCheckpoint {
  return async (body) => {
    const answer = await fetch(`${url.replace(/\/+$/, '')}/add-checkpoint`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array> | Uint8Array[]) {
      bytes += part.length
      if (bytes > MAX_ANSWER_BYTES) throw new RangeError('the answer of the witness is too long')
      parts.push(part)
    }
    return { status: answer.status, body: Buffer.concat(parts).toString('utf8') }
  }
}
