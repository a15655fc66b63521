import { type AcknowledgedState, type SyncPolicy, SyncPolicyFile } from '@leadglass/sync-agent/exchange'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { SyncSettings } from '../settings-sync.ts'
import type { AuditSink } from './audit-sink.ts'
import type { EpochProver } from './epoch-prover.ts'
import type { EpochRoller } from './epoch-roller.ts'
import { reportRejections } from './quotas.ts'
import { SyncWindows } from './sync-windows.ts'

export interface SyncErrandsDependencies {
  readonly records: Pick<Records, 'sync' | 'transaction'>
  readonly audit: AuditSink
  readonly roller: EpochRoller
  readonly prover: EpochProver
  /** Absent before there are settings: nothing is limited then. */
  readonly settings: () => SyncSettings | undefined
  readonly policyPath: string
  readonly clock: Clock
}

/** What the door does for the way to the hub, besides relaying: epochs and their proofs, quotas, bandwidth and windows. */
export class SyncErrands {
  readonly #dependencies: SyncErrandsDependencies
  readonly #file: SyncPolicyFile
  readonly #windows = new SyncWindows()
  #written: string | undefined

  constructor(dependencies: SyncErrandsDependencies) {
    this.#dependencies = dependencies
    this.#file = new SyncPolicyFile(dependencies.policyPath)
  }

  /** Takes what the hub said about epochs; before its watermarks are believed. */
  taken(state: AcknowledgedState): void {
    const { roller, prover } = this.#dependencies
    roller.heed(state.watermarks)
    for (const answer of state.epochs ?? []) prover.take(answer)
  }

  /** One pass. @returns streams that are not to be relayed now. */
  async pass(): Promise<SyncPolicy['shut']> {
    const { records, audit, roller, prover } = this.#dependencies
    roller.pass()
    prover.pass()
    reportRejections(records, audit)
    const policy = this.#policy()
    const text = JSON.stringify(policy)
    if (text !== this.#written) {
      await this.#file.write(policy)
      this.#written = text
    }
    return policy.shut
  }

  #policy(): SyncPolicy {
    const { settings, clock } = this.#dependencies
    const current = settings()
    return {
      schema: 'leadglass.sync-policy/1',
      bytesPerSecond: current?.bytesPerSecond ?? null,
      shut: current === undefined ? [] : this.#windows.shut(current, clock.now()),
    }
  }
}
