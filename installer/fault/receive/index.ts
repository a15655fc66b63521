import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstallerError } from '../../errors.ts'
import type { HarnessReport } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { callFaults } from './call-faults.ts'
import { fullDisk } from './full-disk.ts'
import type { FaultRow, Part } from './part.ts'
import { powerCut } from './power-cut.ts'
import { reportOf } from './report.ts'
import { tornTail } from './torn-tail.ts'

const PARTS: readonly Part[] = [callFaults, tornTail, fullDisk, powerCut]

/**
 * Everything that can go wrong under the receive path, on the real appliance: what it answered with 0000H it holds, byte
 * for byte, after its restart. The sender writes down each answer before anything else happens.
 */
export const receiveFault: Harness = {
  name: 'receive',
  summary: 'kill -9, EIO, ENOSPC, torn pages and power cuts while objects come in: acknowledged is recoverable',
  parts: PARTS,
  run: faultReceive,
}

async function faultReceive(options: HarnessOptions): Promise<HarnessReport> {
  const parts = PARTS.filter((part) => options.only === undefined || part.name === options.only)
  if (parts.length === 0) {
    throw new InstallerError('input-invalid', {
      message: `there is no part named "${options.only ?? ''}"`,
      effect: 'nothing was run',
      nextStep: `choose one of: ${PARTS.map((part) => part.name).join(', ')}`,
    })
  }
  const { progress, seed, full = false, rounds } = options
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-fault-receive-'))
  const rows: FaultRow[] = []
  try {
    for (const part of parts) rows.push(...(await part.run({ progress, seed, full, rounds, folder })))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return reportOf(rows, process.env.LEADGLASS_REQUIRE_PEERS === '1')
}
