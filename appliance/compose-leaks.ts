import type { Clock, Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import { type GuardedOutput, HeldIdentities, LeakAlarms } from './leak-scan/index.ts'
import type { Records } from './records/index.ts'

/** What watches over the process's own output is made of. */
export interface LeakParts {
  readonly output: Pick<GuardedOutput, 'know' | 'onLeak'>
  readonly records: Records
  readonly audit: AuditSink
  readonly clock: Clock
}

/** Studies that are known from the start: those that came last. */
const RECENT_STUDIES = 1000
/** A study that is known is looked at again when no more instances of it came for so long. */
const SETTLED_MS = 2000

/** Tells the output whom the studies are about, and raises an alarm when a line named one of them. */
export function composeLeaks({ output, records, audit, clock }: LeakParts): {
  readonly service: Service
  /** A study has grown or changed: its identifiers may be others. */
  readonly onChanged: (studyId: number) => void
  /** The verifier kept something of a study in. In the caller's transaction. */
  readonly onLeak: LeakAlarms['raise']
} {
  const identities = new HeldIdentities(records.database)
  const alarms = new LeakAlarms({ records, audit, clock })
  const seen = new Set<number>()
  const timers = new Map<number, NodeJS.Timeout>()
  const know = (studyId: number): void => {
    const identity = identities.of(studyId)
    if (identity !== undefined) output.know(identity)
  }
  return {
    service: {
      start: async () => {
        for (const identity of identities.recent(RECENT_STUDIES).reverse()) output.know(identity)
        output.onLeak((studyId) => alarms.aboutLine(studyId))
      },
      stop: async () => {
        for (const timer of timers.values()) clearTimeout(timer)
        timers.clear()
        alarms.flush()
      },
    },
    onChanged: (studyId) => {
      if (!seen.has(studyId)) {
        // The first instance of a study, of which there are few; each further one only defers the next look.
        if (seen.size >= RECENT_STUDIES) seen.clear()
        seen.add(studyId)
        know(studyId)
        return
      }
      timers.get(studyId)?.refresh()
      if (timers.has(studyId)) return
      const look = (): void => {
        timers.delete(studyId)
        know(studyId)
      }
      timers.set(studyId, setTimeout(look, SETTLED_MS).unref())
    },
    onLeak: (place, studyId) => alarms.raise(place, studyId),
  }
}
