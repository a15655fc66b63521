import { type DataSet, integer, integers, sequence, text, uid } from '../imaging/dataset/index.ts'

/**
 * Whether frames, segments and references of a segmentation fit each other: a functional group for each frame, numbered
 * segments, dimension values for each dimension, sources that are listed.
 */
export function checkSegmentation(dataSet: DataSet): string | undefined {
  const groups = sequence(dataSet, 0x52009230)
  if (groups.length !== Number(text(dataSet, 0x00280008))) return 'frames-count'
  const numbers = sequence(dataSet, 0x00620002).map((item) => integer(item, 0x00620004))
  if (numbers.some((number, place) => number !== place + 1)) return 'segments-order'
  const axes = sequence(dataSet, 0x00209222).length
  const listed = listedInstances(dataSet, 0x0008114a)
  const seen = new Set<string>()
  for (const group of groups) {
    const [identification] = sequence(group, 0x0062000a)
    const [content] = sequence(group, 0x00209111)
    const number = identification === undefined ? undefined : integer(identification, 0x0062000b)
    if (number === undefined || !numbers.includes(number)) return 'segment-unknown'
    const place = content === undefined ? [] : integers(content, 0x00209157)
    if (place.length !== axes || place.some((value) => value < 1)) return 'dimension-values'
    if (seen.has(place.join())) return 'dimension-values'
    seen.add(place.join())
    const sources = sequence(group, 0x00089124).flatMap((item) => sequence(item, 0x00082112))
    if (sources.length === 0 || !sources.every((one) => listed.has(uid(one, 0x00081155) ?? '')))
      return 'source-not-listed'
  }
  return undefined
}

/** Whether a presentation speaks only of images that it lists, on layers that it has. */
export function checkPresentation(dataSet: DataSet): string | undefined {
  const listed = listedInstances(dataSet, 0x00081140)
  const layers = new Set(sequence(dataSet, 0x00700060).map((item) => text(item, 0x00700002)))
  const annotations = sequence(dataSet, 0x00700001)
  const areas = [...annotations, ...sequence(dataSet, 0x0070005a), ...sequence(dataSet, 0x00283110)]
  const images = areas.flatMap((item) => sequence(item, 0x00081140)).map((item) => uid(item, 0x00081155) ?? '')
  if (!images.every((image) => listed.has(image))) return 'source-not-listed'
  return annotations.every((item) => layers.has(text(item, 0x00700002))) ? undefined : 'layer-unknown'
}

function listedInstances(dataSet: DataSet, tag: number): ReadonlySet<string> {
  const items = sequence(dataSet, 0x00081115).flatMap((series) => sequence(series, tag))
  return new Set(items.flatMap((item) => uid(item, 0x00081155) ?? []))
}
