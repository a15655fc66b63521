import { AUDIT_SUBJECTS, type AuditSubjectKind, recordedAuditEvent } from '../../event.ts'
import { AUDIT_EVENT_CODES } from '../../events.ts'
import type { FeedEntry, FeedSource } from '../feed-entry.ts'

export const SOURCE: FeedSource = {
  device: 'site-a-box-1',
  softwareVersion: '0.1.0',
  origin: 'leadglass/site-a-box-1/audit',
}

const IDS: Readonly<Partial<Record<AuditSubjectKind, string>>> = {
  model: 'chest-radiograph@1.0.0',
  release: 'chest-radiograph@1.0.0',
  setting: 'callers',
  destination: 'archive',
  stream: 'features',
  process: 'appliance',
  device: 'site-a-box-1',
  log: SOURCE.origin,
}
const SUBJECTS: readonly AuditSubjectKind[] = Object.keys(AUDIT_SUBJECTS).filter(
  (kind): kind is AuditSubjectKind => kind in AUDIT_SUBJECTS,
)
const ACTORS = [
  { kind: 'system', id: 'intake' },
  { kind: 'person', id: 'a'.repeat(16) },
  { kind: 'device', id: 'site-a-box-1' },
] as const
const OUTCOMES = ['success', 'refused', 'failure'] as const

/** One entry for each word of the vocabulary; kinds of actors, subjects and outcomes take turns. */
export function entriesOfAllEvents(): FeedEntry[] {
  return AUDIT_EVENT_CODES.map((event, index) => {
    const kind = SUBJECTS[index % SUBJECTS.length] ?? 'study'
    return {
      index,
      event: recordedAuditEvent.parse({
        schema: 'leadglass.audit-event/1',
        at: '2026-03-01T12:00:00Z',
        event,
        actor: ACTORS[index % 3] ?? ACTORS[0],
        subject: index % 7 === 0 ? null : { kind, id: IDS[kind] ?? '0123456789abcdef'.repeat(2) },
        outcome: OUTCOMES[index % 3] ?? 'success',
        codes: index % 2 === 0 ? [] : ['code-one', 'code-two'],
      }),
    }
  })
}
