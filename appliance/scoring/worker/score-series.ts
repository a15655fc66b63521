import {
  applyValueMap,
  assembleVolume,
  type DataSet,
  decimals,
  decodeFrames,
  instanceFacts,
  labelsOnSource,
  modalityLut,
  prepareVolume,
  uid,
  type VolumeSlice,
} from '../../imaging/index.ts'
import { fits, fitsQuality } from '../fit.ts'
import { writeLabelMap } from '../label-maps.ts'
import type { WorkerLimits } from '../messages.ts'
import type { InstanceOutcome } from '../outcome.ts'
import type { LoadedModel } from './model-sessions.ts'
import { volumeRadiomics } from './radiomics.ts'
import { notScored, outcomeOfError, readObject } from './read-object.ts'
import { isUsable, runOrFail } from './score-file.ts'
import { sliceQuality } from './slice-quality.ts'

const SERIES_INSTANCE_UID = 0x0020000e
const IMAGE_POSITION = 0x00200032
const IMAGE_ORIENTATION = 0x00200037
const PIXEL_SPACING = 0x00280030

interface Slice extends VolumeSlice {
  readonly instance: number
  readonly path: string
}

/**
 * Scores every series of the files as one volume. The result stands with the slice in the middle; the other slices are
 * `part-of-volume`. A series with a slice that cannot be read, or whose slices are no volume, has no result: a volume
 * with a hole in it would be another patient's.
 * @throws {ModelFailure} when the runtime fails.
 */
export async function scoreSeries(
  model: LoadedModel,
  files: readonly string[],
  limits: WorkerLimits,
  labelMaps?: string,
): Promise<readonly InstanceOutcome[]> {
  const outcomes: InstanceOutcome[] = []
  const series = new Map<string, Slice[]>()
  const incomplete = new Set<string>()
  let bytesLeft = limits.maximumDecodedBytes
  for (const [instance, path] of files.entries()) {
    let name = ''
    try {
      const { dataSet, meta } = await readObject(path, limits)
      name = uid(dataSet, SERIES_INSTANCE_UID) ?? ''
      const fit = fits({ ...model.package.manifest.fit, age: undefined }, instanceFacts(dataSet))
      if (fit.kind === 'no-fit') {
        outcomes.push(notScored(instance, fit.reason))
        continue
      }
      const slice = await readSlice(dataSet, meta.transferSyntaxUid, { instance, path }, bytesLeft)
      bytesLeft -= slice.values.byteLength
      series.set(name, [...(series.get(name) ?? []), slice])
    } catch (error) {
      outcomes.push(outcomeOfError(instance, error))
      incomplete.add(name)
    }
  }
  // A file that says no series may belong to any of them.
  const anyIncomplete = incomplete.has('')
  for (const [name, slices] of series) {
    if (anyIncomplete || incomplete.has(name)) outcomes.push(...noVolume(slices, 'slice-missing'))
    else outcomes.push(...(await scoreVolume(model, slices, limits, labelMaps)))
    series.set(name, [])
  }
  return outcomes
}

async function readSlice(
  dataSet: DataSet,
  syntax: string,
  { instance, path }: Pick<Slice, 'instance' | 'path'>,
  maximumBytes: number,
): Promise<Slice> {
  const image = await decodeFrames(dataSet, syntax, { maximumBytes })
  return {
    instance,
    path,
    rows: image.rows,
    columns: image.columns,
    values: new Float32Array(applyValueMap(modalityLut(dataSet, image), image.pixels)),
    position: decimals(dataSet, IMAGE_POSITION),
    orientation: decimals(dataSet, IMAGE_ORIENTATION),
    spacing: decimals(dataSet, PIXEL_SPACING),
  }
}

async function scoreVolume(
  model: LoadedModel,
  slices: readonly Slice[],
  limits: WorkerLimits,
  labelMaps: string | undefined,
): Promise<readonly InstanceOutcome[]> {
  const assembly = assembleVolume(slices)
  if (assembly.kind === 'fault') return noVolume(slices, assembly.fault)
  const middle = slices[assembly.order[assembly.order.length >> 1] ?? 0]
  // The slice in the middle stands for the series, in its figures of quality too.
  const quality = middle === undefined ? {} : await sliceQuality(middle.path, limits)
  if (!fitsQuality(model.package.manifest.fit, quality)) {
    return slices.map(({ instance }) => ({ ...notScored(instance, 'no-fit-quality'), quality }))
  }
  const result = await runOrFail(model, prepareVolume(assembly.volume, model.package.manifest.preprocessing))
  const isGood = isUsable(result)
  const written =
    labelMaps === undefined || middle === undefined || result.labels === undefined || !isGood
      ? undefined
      : await writeLabelMap(labelMaps, middle.instance, {
          labels: labelsOnSource(assembly.volume, model.package.manifest.preprocessing, result.labels),
          size: assembly.volume.size,
          instances: assembly.order.map((position) => slices[position]?.instance ?? 0),
        })
  const { preprocessing, radiomics } = model.package.manifest
  const onSource = (): Uint8Array => labelsOnSource(assembly.volume, preprocessing, result.labels ?? new Uint8Array(0))
  const extra = isGood ? volumeRadiomics(radiomics, assembly.volume, onSource) : {}
  return slices.map(({ instance }) => {
    if (instance !== middle?.instance) return notScored(instance, 'part-of-volume')
    if (!isGood) return notScored(instance, 'not-finite')
    const { embedding } = result
    const map = written === undefined ? {} : { labelMap: written }
    return { kind: 'scored', instance, embedding, scores: [...result.scores], quality, ...map, ...extra }
  })
}

function noVolume(slices: readonly Slice[], detail: string): readonly InstanceOutcome[] {
  return slices.map(({ instance }) => notScored(instance, 'no-volume', detail))
}
