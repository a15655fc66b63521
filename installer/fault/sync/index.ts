import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstallerError } from '../../errors.ts'
import type { HarnessReport } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { seededRandom } from '../killer.ts'
import { away } from './away.ts'
import { control } from './control.ts'
import { crowd } from './crowd.ts'
import { disk } from './disk.ts'
import { network } from './network.ts'
import type { Part, SyncRow } from './part.ts'
import { kills, pauses } from './processes.ts'
import { refusals } from './refusals.ts'
import { reportOf } from './report.ts'
import { storm } from './storm.ts'

const PARTS: readonly Part[] = [network, kills, pauses, disk, refusals, away, crowd, storm, control]

/** Envelopes of a whole run, how long each fault lasts, and how many parts run side by side: most of the time is waiting. */
const LONG = { envelopes: 10_000, faultMs: 15_000, atOnce: 1 }
const QUICK = { envelopes: 3000, faultMs: 2500, atOnce: 3 }

/**
 * In the manner of Jepsen's checkers: real processes, one fault after another, and then the history of what was sealed
 * against the effects that the hub's tables hold.
 */
export const syncFault: Harness = {
  name: 'sync',
  summary:
    'faults of network, processes, disks and hub between the door and the hub: none lost, none doubled, in order',
  parts: PARTS,
  run: faultSync,
}

async function faultSync(options: HarnessOptions): Promise<HarnessReport> {
  const parts = PARTS.filter((part) => options.only === undefined || part.name === options.only)
  if (parts.length === 0) {
    throw new InstallerError('input-invalid', {
      message: `there is no part named "${options.only ?? ''}"`,
      effect: 'nothing was run',
      nextStep: `choose one of: ${PARTS.map((part) => part.name).join(', ')}`,
    })
  }
  const scale = options.quick === true ? QUICK : LONG
  const rowCount = parts.reduce((sum, part) => sum + part.rows, 0)
  const total = options.size ?? scale.envelopes
  const envelopes = Math.max(50, Math.ceil(total / Math.max(1, rowCount)))
  const faultMs = options.seconds === undefined ? scale.faultMs : options.seconds * 1000
  const root = await mkdtemp(join(tmpdir(), 'leadglass-fault-sync-'))
  const rows = new Map<Part, readonly SyncRow[]>()
  const queue = [...parts]
  const work = async (): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const folder = join(root, part.name)
      await mkdir(folder)
      // Numbers of its own for each part, so that a part alone meets what it met in the whole run.
      const random = seededRandom(options.seed + PARTS.indexOf(part))
      rows.set(part, await part.run({ progress: options.progress, random, envelopes, total, faultMs, folder }))
    }
  }
  try {
    await Promise.all(Array.from({ length: scale.atOnce }, work))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
  const inOrder = parts.flatMap((part) => rows.get(part) ?? [])
  return reportOf(inOrder, process.env.LEADGLASS_REQUIRE_PEERS === '1' && options.only === undefined)
}
