import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { CurrentSettings } from '../settings.ts'

/** What everything that follows deliveries works with. */
export interface DeliveryDependencies {
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** Something about a study's deliveries is otherwise than before. */
  readonly onChanged: (studyId: number) => void
}

/** The code of whatever was thrown, for a log line. */
export function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}
