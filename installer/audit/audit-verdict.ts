import type { HistoryFinding } from '@leadglass/sync-agent/audit-log'

/** What a verification says; every refusal names what is wrong and where. */
export type AuditVerdict =
  | {
      readonly verdict: 'verified'
      readonly what: 'log' | 'entry' | 'detail'
      readonly origin: string
      readonly size: number
      readonly root: string
      readonly cosignedBy: readonly string[]
      /** The event, when one entry was verified. */
      readonly entry: { readonly index: number; readonly event: unknown; readonly detail?: unknown } | null
      /** What a person should look at although every signature holds: times and processes. */
      readonly findings: readonly HistoryFinding[]
    }
  | { readonly verdict: 'refused'; readonly reason: string; readonly index: number | null; readonly meaning: string }
