import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstallerError } from '../../errors.ts'
import type { HarnessReport } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { attacks } from './attacks.ts'
import { authority } from './authority.ts'
import { calls } from './calls.ts'
import type { Part, UpdateRow } from './part.ts'
import { reportOf } from './report.ts'
import { steps } from './steps.ts'

const PARTS: readonly Part[] = [attacks, authority, steps, calls]

/** Every attack on the way of a model to the box, one check each, and every place where a power cut can fall. */
export const updatesFault: Harness = {
  name: 'updates',
  summary: 'attacks on repository, kit, clock and keys; kill -9 and disk errors in updates and publications',
  parts: PARTS,
  run: faultUpdates,
}

async function faultUpdates(options: HarnessOptions): Promise<HarnessReport> {
  const parts = PARTS.filter((part) => options.only === undefined || part.name === options.only)
  if (parts.length === 0) {
    throw new InstallerError('input-invalid', {
      message: `there is no part named "${options.only ?? ''}"`,
      effect: 'nothing was run',
      nextStep: `choose one of: ${PARTS.map((part) => part.name).join(', ')}`,
    })
  }
  const { progress, full = false } = options
  const root = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-fault-updates-')))
  const rows: UpdateRow[] = []
  try {
    for (const part of parts) {
      const folder = join(root, part.name)
      await mkdir(folder)
      rows.push(...(await part.run({ progress, full, folder })))
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
  return reportOf(rows, process.env.LEADGLASS_REQUIRE_PEERS === '1')
}
