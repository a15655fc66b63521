import { type EnvelopeBody, STREAM_OF_KIND, type StreamName } from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { SyncQuotas } from '../settings-sync.ts'
import type { AuditSink } from './audit-sink.ts'

export interface EgressQuotasDependencies {
  readonly records: Pick<Records, 'sync'>
  readonly clock: Clock
}

/** Why a class takes nothing more. */
export type QuotaReason = 'quota-envelopes' | 'quota-bytes'

/**
 * Keeps the lowest classes from filling the disk while the hub is away: what is new of a class over its quota is turned
 * away and counted, by class and by study. Audit and labels have no quota.
 */
export class EgressQuotas {
  readonly #dependencies: EgressQuotasDependencies
  #quotas: (() => SyncQuotas) | undefined

  constructor(dependencies: EgressQuotasDependencies) {
    this.#dependencies = dependencies
  }

  /** From now on the settings say how much may wait. */
  follow(quotas: () => SyncQuotas): void {
    this.#quotas = quotas
  }

  /** Why a stream takes nothing more now; `undefined` while it does. */
  full(stream: StreamName): QuotaReason | undefined {
    const quota = stream === 'audit' || stream === 'labels' ? undefined : this.#quotas?.()[stream]
    if (quota === undefined) return undefined
    const { envelopes, bytes } = this.#dependencies.records.sync.unsent(stream)
    if (envelopes >= quota.envelopes) return 'quota-envelopes'
    return bytes >= quota.bytes ? 'quota-bytes' : undefined
  }

  /** Turns a body away when its class is full, and counts it. In the caller's transaction. @returns true when it did. */
  reject(body: EnvelopeBody, studyId: number | null): boolean {
    const stream = STREAM_OF_KIND[body.kind]
    const reason = this.full(stream)
    if (reason === undefined) return false
    const { records, clock } = this.#dependencies
    const bytes = Buffer.byteLength(canonicalJson(body))
    records.sync.addRejection({ stream, kind: body.kind, reason, bytes, studyId, at: clock.now() })
    return true
  }
}

/** Tells the audit log what was turned away since the last time. */
export function reportRejections(records: Pick<Records, 'sync' | 'transaction'>, audit: AuditSink): void {
  const fresh = records.sync.rejections().filter((row) => row.bodies > row.reported)
  if (fresh.length === 0) return
  records.transaction(() => {
    for (const row of fresh) {
      records.sync.markReported(row)
      audit.record({
        event: 'egress.rejected',
        actor: { kind: 'system', id: 'egress' },
        subject: { kind: 'stream', id: row.stream },
        outcome: 'refused',
        codes: [row.reason, row.kind, `new-${row.bodies - row.reported}`, `all-${row.bodies}`],
      })
    }
  })
}
