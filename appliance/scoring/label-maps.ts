import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { InstanceOutcome, LabelMap, LabelMapNote, ScoringOutcome } from './outcome.ts'

/** Below the work folder; the only place that a pixel worker may write in. */
export const LABEL_MAPS_FOLDER = 'label-maps'

/** Makes the folder anew; what a killed run left in it is nobody's. */
export async function clearLabelMaps(workFolder: string): Promise<void> {
  const folder = join(workFolder, LABEL_MAPS_FOLDER)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** Where the maps of one job lie: a name that no other job has. */
export function labelMapsPrefix(workFolder: string): string {
  return join(workFolder, LABEL_MAPS_FOLDER, randomUUID())
}

/** In the worker: writes a map, and says what was written. An array of megabytes has no place in a message. */
export async function writeLabelMap(
  prefix: string,
  instance: number,
  { labels, size, instances }: Omit<LabelMap, 'instance'>,
): Promise<LabelMapNote> {
  await writeFile(pathOf(prefix, instance), labels, { mode: 0o600 })
  return { sha256: digestOf(labels), size: [...size], instances: [...instances] }
}

/**
 * In the pool: reads the maps of a job. The worker has read hostile files, so nothing is read but plain files under the
 * names that the pool chose, of exactly the size that was told; a map that is not what was told is a failure of the job.
 */
export async function collectLabelMaps(prefix: string, outcome: ScoringOutcome): Promise<ScoringOutcome> {
  if (outcome.kind === 'failed') return outcome
  const labelMaps: LabelMap[] = []
  for (const one of outcome.instances) {
    if (one.kind !== 'scored' || one.labelMap === undefined) continue
    const labels = fitsJob(one.labelMap, outcome.instances) ? await readMap(prefix, one) : undefined
    if (labels === undefined) return { kind: 'failed', reason: 'crashed', detail: 'a label map is not what was told' }
    const { size, instances } = one.labelMap
    labelMaps.push({ instance: one.instance, size, instances, labels })
  }
  return { ...outcome, labelMaps }
}

/** Deletes what a job wrote, and everything else that begins like it. */
export async function dropLabelMaps(prefix: string): Promise<void> {
  const names = await readdir(dirname(prefix)).catch(() => [])
  const own = names.filter((name) => name.startsWith(basename(prefix)))
  for (const name of own) await rm(join(dirname(prefix), name), { recursive: true, force: true })
}

/** Every slice of a map is a file of the job of its own. */
function fitsJob({ size, instances }: LabelMapNote, outcomes: readonly InstanceOutcome[]): boolean {
  const known = instances.every((instance) => instance < outcomes.length)
  return known && instances.length === size[0] && new Set(instances).size === instances.length
}

async function readMap(
  prefix: string,
  { instance, labelMap }: Extract<InstanceOutcome, { kind: 'scored' }>,
): Promise<Uint8Array | undefined> {
  const expected = (labelMap?.size ?? []).reduce((product, side) => product * side, 1)
  let file: Awaited<ReturnType<typeof open>> | undefined
  try {
    file = await open(pathOf(prefix, instance), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const facts = await file.stat()
    if (!facts.isFile() || facts.size !== expected) return undefined
    const labels = new Uint8Array(await file.readFile())
    return digestOf(labels) === labelMap?.sha256 ? labels : undefined
  } catch {
    return undefined
  } finally {
    await file?.close()
  }
}

function pathOf(prefix: string, instance: number): string {
  return `${prefix}-${instance}`
}
