import { type AuditEventInput, encodeEvent } from '@leadglass/sync-agent/audit-log'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { expect, it } from 'vitest'
import type { WaitingRevision } from '../records/index.ts'
import { settingsSchema } from '../settings.ts'
import { Pipeline, type PipelineDependencies } from './pipeline.ts'

const STUDY = '0123456789abcdef0123456789abcdef'

/** A queue of one revision that was tried so often; what is finished, recorded and tried. */
function queueOf(attempts: number, finishes: boolean) {
  const said: string[] = []
  let waiting: WaitingRevision | undefined = {
    revisionId: 7,
    studyId: 3,
    studyPseudonym: STUDY,
    attempts,
  } as WaitingRevision
  const dependencies: PipelineDependencies = {
    records: {
      transaction: <T>(work: () => T): T => work(),
      revisions: {
        finish: (id: number, state: string, reason: string) => {
          said.push(`finish ${id} ${state} ${reason}`)
          return finishes
        },
      },
    } as unknown as PipelineDependencies['records'],
    next: () => {
      const next = waiting
      waiting = undefined
      return next
    },
    process: async () => void said.push('processed'),
    audit: {
      record: (event: AuditEventInput, studyId) => {
        encodeEvent(event, 0)
        said.push([event.event, event.outcome, event.subject?.id, studyId, ...(event.codes ?? [])].join(' '))
      },
    },
    settings: () => settingsSchema.parse({}),
    clock: new ManualClock(0),
    logger: silentLogger,
    onChanged: () => undefined,
  }
  return { said, pipeline: new Pipeline(dependencies) }
}

it.each([
  [6, true, ['finish 7 failed too-many-attempts', `study.not-scored failure ${STUDY} 3 too-many-attempts`]],
  // Superseded or removed in the meantime: nothing was given up.
  [6, false, ['finish 7 failed too-many-attempts']],
  [5, true, ['processed']],
])('a revision tried %i times (still waiting: %s)', async (attempts, finishes, expected) => {
  const { said, pipeline } = queueOf(attempts, finishes)
  await pipeline.start()
  await pipeline.stop()
  expect(said).toEqual(expected)
})
