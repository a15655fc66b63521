import {
  type AuditDetail,
  type AuditEventInput,
  type AuditLog,
  commitmentTo,
  DETAIL_SALT_BYTES,
} from '@leadglass/sync-agent/audit-log'
import { type AuditLeaf, auditLeaf } from '@leadglass/sync-agent/contract'
import { canonicalJson, type Randomness, systemRandomness } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { AuditSink } from './audit-sink.ts'
import type { EgressDoor } from './door.ts'

/** The appliance's log: every leaf that is appended is sealed for the hub in the same transaction. */
export class AuditTrail implements AuditSink {
  readonly #log: AuditLog
  readonly #door: EgressDoor
  readonly #records: Pick<Records, 'transaction' | 'details'>
  readonly #randomness: Randomness

  constructor(
    log: AuditLog,
    door: EgressDoor,
    records: Pick<Records, 'transaction' | 'details'>,
    randomness: Randomness = systemRandomness,
  ) {
    this.#log = log
    this.#door = door
    this.#records = records
    this.#randomness = randomness
  }

  record(event: AuditEventInput, studyId?: number, detail?: AuditDetail): void {
    const first = this.#log.size
    const { index, leaf } = this.#append(event, studyId, detail)
    // The log may say first that the clock leapt: the hub gets every leaf.
    for (let at = first; at < index; at += 1) this.#seal(at, this.#log.leaf(at) ?? new Uint8Array(0), null)
    this.#seal(index, leaf, studyId ?? null)
  }

  recordNow(event: AuditEventInput, studyId?: number, detail?: AuditDetail): void {
    this.#records.transaction(() => {
      this.record(event, studyId, detail)
    })
  }

  #seal(index: number, leaf: Uint8Array, studyId: number | null): void {
    const body: AuditLeaf = auditLeaf.parse({
      kind: 'audit-leaf',
      index,
      leaf: Buffer.from(leaf).toString('base64'),
    })
    this.#door.seal(body, studyId)
  }

  #append(event: AuditEventInput, studyId?: number, detail?: AuditDetail): ReturnType<AuditLog['append']> {
    if (detail === undefined) return this.#log.append(event)
    const salt = this.#randomness.bytes(DETAIL_SALT_BYTES)
    const appended = this.#log.append({ ...event, commitment: commitmentTo(detail, salt) })
    this.#records.details.insert(appended.index, studyId ?? null, { salt, detail: canonicalJson(detail) })
    return appended
  }
}
