import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { encodeFileMeta } from '../../dimse/index.ts'
import { CR_IMAGE_STORAGE, instanceUid, type MadeObject, radiograph, studyUid } from '../../dimse/testing/objects.ts'
import { concat, writePart10 } from '../../imaging/dataset/index.ts'
import { type Settings, settingsSchema } from '../../settings.ts'
import { arrivalOf } from '../../testing/arrivals.ts'
import { temporaryRecords } from '../../testing/memory-records.ts'
import { type MoveRouter, type PriorArchive, PriorFetcher, PriorVault } from '../index.ts'

/** Two earlier chests and a hand of patient 1; another patient whose ID begins alike. */
export const MADE: readonly MadeObject[] = [
  { patient: 1, study: 1, series: 1, instance: 1, studyDate: '20260301' },
  { patient: 1, study: 1, series: 1, instance: 2, studyDate: '20260301' },
  { patient: 1, study: 2, series: 1, instance: 1, studyDate: '20250301' },
  { patient: 1, study: 3, series: 1, instance: 1, studyDate: '20251201', bodyPart: 'HAND' },
  { patient: 12, study: 4, series: 1, instance: 1, studyDate: '20251111' },
]

/** The study that comes now: a chest of patient 1. */
export const CURRENT = radiograph({ patient: 1, study: 9, series: 1, instance: 1, studyDate: '20260401' })

/** An archive that runs. */
export interface Archive {
  readonly port: number
  readonly aeTitle: string
  stop(): Promise<void>
}

/** Settings with one source and priors. */
export function settingsFor(
  archive: Pick<Archive, 'port' | 'aeTitle'>,
  retrieve: 'get' | 'move',
  priors: object,
): Settings {
  const { port, aeTitle } = archive
  return settingsSchema.parse({
    sources: [{ name: 'pacs', aeTitle, host: '127.0.0.1', port, retrieve }],
    priors: { maximum: 2, ...priors },
  })
}

/** A fetcher over a database and a folder of its own. */
export async function room(
  settings: () => Settings,
  archive: (router: MoveRouter) => PriorArchive,
  router: MoveRouter,
) {
  const held = temporaryRecords()
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-priors-'))
  const clock = new ManualClock(1_800_000_000_000)
  const audited: string[] = []
  const pressure = { mayWork: true }
  const note = (event: { event: string; codes?: readonly string[] }): void => {
    audited.push(`${event.event} ${event.codes?.join(' ') ?? ''}`)
  }
  const meta = {
    mediaStorageSopClassUid: CR_IMAGE_STORAGE,
    mediaStorageSopInstanceUid: instanceUid({ study: 9, series: 1, instance: 1 }),
    transferSyntaxUid: '1.2.840.10008.1.2.1',
  }
  const make = (): PriorFetcher =>
    new PriorFetcher({
      records: held.records,
      vault: new PriorVault({ folder, key: new Uint8Array(32).fill(5), randomness: systemRandomness }),
      archive: archive(router),
      readInstance: async () => concat(writePart10({ meta, dataSet: CURRENT })),
      encodeFileMeta: ({ sopClassUid, sopInstanceUid, transferSyntaxUid }) =>
        encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid }),
      settings,
      mayWork: () => pressure.mayWork,
      audit: { record: note, recordNow: note },
      clock,
      logger: silentLogger,
      onChanged: () => undefined,
    })
  held.records.transaction(() => held.records.intake.register(arrivalOf('1.1', { study: studyUid({ study: 9 }) })))
  return {
    held,
    folder,
    clock,
    audited,
    pressure,
    make,
    dispose: async () => {
      held.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
