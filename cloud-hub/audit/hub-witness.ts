import type { KeyObject } from 'node:crypto'
import { answerAddCheckpoint, createCosigner, type WitnessAnswer } from '@leadglass/sync-agent/audit-log'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { WITNESS_NAME } from './log-names.ts'
import { HubWitnessMemory } from './witness-memory.ts'

/** The hub as a witness of its sites' logs over HTTP (C2SP tlog-witness). */
export class HubWitness {
  readonly #memory: HubWitnessMemory
  readonly #key: KeyObject
  readonly #clock: Clock
  readonly #raise: (device: string, code: 'audit-forked') => void

  /** @param raise is told of a log that was signed by its key and does not continue what was cosigned. */
  constructor(
    database: Database.Database,
    key: KeyObject,
    clock: Clock,
    raise: (device: string, code: 'audit-forked') => void,
  ) {
    this.#memory = new HubWitnessMemory(database)
    this.#key = key
    this.#clock = clock
    this.#raise = raise
  }

  /** Answers the body of an `add-checkpoint`. */
  addCheckpoint(body: string): Promise<WitnessAnswer> {
    return answerAddCheckpoint(body, {
      memory: this.#memory,
      cosigner: () => createCosigner(WITNESS_NAME, this.#key, this.#clock.now() / 1000),
      onDecision: (origin, { status }) => {
        const device = /^leadglass\/(.+)\/audit$/.exec(origin ?? '')?.[1]
        // 409 alone is how a client learns what the witness knows; 422 is a signed log that contradicts itself.
        if (device !== undefined && status === 422) this.#raise(device, 'audit-forked')
      },
    })
  }
}
