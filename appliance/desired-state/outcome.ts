import type { ReportedPart } from '@leadglass/sync-agent/contract'

/** The hub, as the audit log, the versions of the settings and the versions of the rules name it. */
export const HUB = { kind: 'system', id: 'hub' } as const

/** What became of one section. */
export type Outcome = Pick<ReportedPart, 'state' | 'reason'>

export const applied: Outcome = { state: 'applied', reason: null }
export const rejected = (reason: string): Outcome => ({ state: 'rejected', reason })
export const waiting = (reason: string): Outcome => ({ state: 'waiting', reason })
