import type { RecordedAuditEvent } from '../event.ts'

/** One leaf of the log on its way to a repository. What it says of a study or a person are pseudonyms, as in the log. */
export interface FeedEntry {
  /** Place in the log, from 0: with `origin` it names the entry, so a repository can tell what came twice. */
  readonly index: number
  readonly event: RecordedAuditEvent
}

/** The box, or the hub, that tells. */
export interface FeedSource {
  readonly device: string
  readonly softwareVersion: string
  /** Name of the log: `leadglass/<device>/audit`. */
  readonly origin: string
}

/**
 * Outcome indicator, PS3.15 A.5.2 and RFC 3881 5.1.4: 0 success, 4 minor failure, 8 serious failure. A refusal is what was
 * meant to happen, so it is the minor one.
 */
export const OUTCOME_INDICATOR = { success: '0', refused: '4', failure: '8' } as const

/** Code system of what the standards have no code for: kinds of subjects and the words of the vocabulary. */
export const OWN_CODE_SYSTEM = '99LEADGLASS'
