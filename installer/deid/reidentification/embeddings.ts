import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { defaultScoringLimits, ScoringPool, workerCodeRoots } from '@leadglass/appliance/scoring'
import { readPackage } from '@leadglass/models'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { InstallerError } from '../../errors.ts'
import type { Radiograph } from '../../rehearse/data-set.ts'
import { wrapForSending } from '../../rehearse/wrap.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')
const TIMEOUT_MS = 600_000

/**
 * The embeddings of radiographs as the product makes them: wrapped as DX objects, through the pixel workers and the
 * shipped package. In the order of the images.
 * @throws {InstallerError} `input-invalid` when an image is not scored.
 */
export async function embeddingsOf(radiographs: readonly Radiograph[], packageFolder: string): Promise<Float64Array[]> {
  const work = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-embeddings-')))
  const model = await readPackage(packageFolder)
  const pool = new ScoringPool({
    workers: 2,
    codeRoots: workerCodeRoots(PROGRAM_ROOT),
    workFolder: work,
    modelsFolder: dirname(packageFolder),
    clock: systemClock,
    logger: silentLogger,
    limits: defaultScoringLimits,
  })
  await pool.start()
  try {
    const files = radiographs.map((_, index) => join(work, `${index}.dcm`))
    for (const [index, radiograph] of radiographs.entries())
      await writeFile(files[index] ?? '', await wrapForSending(radiograph, 'site'))
    const halves = [files.slice(0, files.length / 2), files.slice(files.length / 2)]
    const jobs = halves.map((half, index) =>
      pool.score({ jobId: `half-${index}`, packageFolder, model: model.model, files: half, timeoutMs: TIMEOUT_MS }),
    )
    return (await Promise.all(jobs)).flatMap((outcome) => {
      if (outcome.kind === 'failed') throw notScored(outcome.reason)
      return outcome.instances.map((instance) => {
        if (instance.kind === 'not-scored') throw notScored(instance.reason)
        return Float64Array.from(instance.embedding)
      })
    })
  } finally {
    await pool.stop()
    await rm(work, { recursive: true, force: true })
  }
}

function notScored(reason: string): InstallerError {
  return new InstallerError('input-invalid', {
    message: `an image of the data set was not scored: ${reason}`,
    effect: 'nothing was measured',
    nextStep: 'name a data set of frontal chest radiographs',
  })
}
