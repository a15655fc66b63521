import { type KeyObject, sign } from 'node:crypto'
import {
  type DeviceId,
  type ReportedDocument,
  reportedChain,
  reportedChanges,
  reportedStatement,
} from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import type { EgressDoor } from '../egress/index.ts'
import type { Records } from '../records/index.ts'

/** Every so many reports the whole state goes, so that nobody depends on an endless chain. */
const FULL_EVERY = 64

export interface ReporterDependencies {
  readonly device: DeviceId
  /** The key of the device's audit log, which the hub has pinned. */
  readonly key: KeyObject
  readonly records: Pick<Records, 'desired' | 'transaction'>
  readonly door: Pick<EgressDoor, 'seal'>
}

/** Reports the state of this device as signed differences, through the same door as everything that leaves. */
export class StateReporter {
  readonly #dependencies: ReporterDependencies

  constructor(dependencies: ReporterDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Seals what changed since the last report; nothing when nothing did. In one transaction with the place in the chain.
   * @param atLeast the number under which the hub asked for the whole state; 0 when it did not.
   * @returns true when something was reported.
   */
  report(document: ReportedDocument, atLeast: number): boolean {
    const { device, key, records, door } = this.#dependencies
    return records.transaction(() => {
      const before = records.desired.reported()
      const isAsked = atLeast > (before?.version ?? 0)
      const changes = reportedChanges(before?.document, document)
      if (before !== undefined && !isAsked && Object.keys(changes).length === 0) return false
      const version = Math.max((before?.version ?? 0) + 1, atLeast)
      const full = before === undefined || isAsked || version % FULL_EVERY === 0
      const previous = before === undefined ? null : sha256Hex.parse(before.chain)
      const chain = reportedChain(device, version, previous, document)
      const signature = sign(null, reportedStatement(device, version, chain), key).toString('base64')
      const told = full ? document : changes
      door.seal({ kind: 'reported-state', version, full, previous, chain, changes: told, signature })
      records.desired.setReported({ version, chain, document })
      return true
    })
  }
}
