import { askCatalogue, type CatalogueEntry, type DeviceFacts } from './device-catalogue.ts'
import type { LineJudge, LineVerdict } from './line-verdict.ts'
import type { FrameLine, MaskBox, NativePixels } from './messages.ts'
import type { PixelDoubt, PixelReader } from './pixel-reader.ts'

/** How likely identities stand in an object's pixels, by its header alone. */
export type HeaderRisk = 'low' | 'high'

/** Why a person must look before an object's pixels may leave. */
export type HoldReason = PixelDoubt | 'unknown-device' | 'text-remains' | 'too-small'

/** How many lines there were of each kind; texts themselves are PHI and stay out of reports. */
export type LineCounts = Readonly<Partial<Record<LineVerdict, number>>>

/** What became of an object's pixels. */
export type PixelOutcome =
  | { readonly kind: 'clean'; readonly counts: LineCounts }
  /** The pixels lie natively in `target`; nothing outside the boxes has changed. */
  | {
      readonly kind: 'masked'
      readonly target: string
      readonly pixels: NativePixels
      readonly boxes: readonly MaskBox[]
      readonly device: string | null
      readonly counts: LineCounts
    }
  | {
      readonly kind: 'hold'
      readonly reason: HoldReason
      /** Where text was found: what a person may begin with. */
      readonly proposed: readonly MaskBox[]
      readonly counts: LineCounts
    }

/** An object whose pixels are to leave. */
export interface PixelObject {
  /** De-identified PS3.10 file in the reader's work folder. */
  readonly file: string
  /** Gives a new path in the work folder each time. */
  readonly newTarget: () => string
  readonly risk: HeaderRisk
  readonly device: DeviceFacts
  readonly judge: Pick<LineJudge, 'judge'>
  readonly catalogue: readonly CatalogueEntry[]
}

/** Rounds of masking and reading again; letters that one round uncovers (half a word beside a box) go in the next. */
const ROUNDS = 3

/** In pictures up to this many pixels a side letters have five rows: where some are found, others are missed. */
const THUMBNAIL_SIDE = 128

/** Up to this many a side whole lines are missed: that nothing was found says nothing. */
const ILLEGIBLE_SIDE = 64

/** Letters reach over the box in which they were found: at least so many pixels, and a share of the height of a line. */
const MARGIN = 2
const MARGIN_SHARE = 0.6

/**
 * The three layers for objects that leave (PS3.15 E.3.1): the header's risk, the catalogue of devices, and reading every
 * frame. Whatever can be read and is not safe is masked, and every frame read again; any doubt, and an unknown device of
 * a risky class, is a person's decision.
 */
export async function cleanPixels(
  object: PixelObject,
  reader: Pick<PixelReader, 'read' | 'mask'>,
): Promise<PixelOutcome> {
  const { file, judge, risk } = object
  const known = askCatalogue(object.catalogue, object.device)
  const text = await reader.read(file)
  if (text.kind === 'doubt') return { kind: 'hold', reason: text.reason, proposed: [], counts: {} }
  const counts = countsOf(text.lines, judge)
  const catalogued = known.kind === 'known' ? known.boxes.map((box): MaskBox => ({ frame: null, box })) : []
  const found = unsafeBoxes(text.lines, judge)
  let boxes: MaskBox[] = [...catalogued, ...found]
  const side = Math.max(object.device.rows, object.device.columns)
  if (side <= ILLEGIBLE_SIDE || (side <= THUMBNAIL_SIDE && found.length > 0))
    return { kind: 'hold', reason: 'too-small', proposed: boxes, counts }
  const mustLook = risk === 'high' && known.kind === 'unknown'
  const look = (proposed: readonly MaskBox[]): PixelOutcome => ({
    kind: 'hold',
    reason: 'unknown-device',
    proposed,
    counts,
  })
  if (boxes.length === 0) return mustLook ? look(boxes) : { kind: 'clean', counts }
  for (let round = 0; round < ROUNDS; round += 1) {
    const target = object.newTarget()
    const masked = await reader.mask(file, target, boxes)
    if (masked.kind === 'doubt') return { kind: 'hold', reason: masked.reason, proposed: boxes, counts }
    const left = unsafeBoxes(masked.lines, judge)
    // A person begins with boxes that leave nothing to be read.
    if (left.length === 0 && mustLook) return look(boxes)
    const device = known.kind === 'known' ? known.entry : null
    if (left.length === 0) return { kind: 'masked', target, pixels: masked.pixels, boxes, device, counts }
    boxes = [...boxes, ...left]
  }
  return { kind: 'hold', reason: 'text-remains', proposed: boxes, counts }
}

/** Where the lines stand that may not leave, with a margin. */
export function unsafeBoxes(lines: readonly FrameLine[], judge: Pick<LineJudge, 'judge'>): MaskBox[] {
  return lines
    .filter(({ text, confidence }) => judge.judge(text, confidence) !== 'safe')
    .map(({ frame, box }) => {
      const margin = Math.max(MARGIN, Math.ceil(MARGIN_SHARE * Math.min(box.width, box.height)))
      const left = Math.max(0, box.left - margin)
      const top = Math.max(0, box.top - margin)
      const width = box.left + box.width + margin - left
      return { frame, box: { left, top, width, height: box.top + box.height + margin - top } }
    })
}

/** How many lines there are of each verdict. */
export function countsOf(lines: readonly FrameLine[], judge: Pick<LineJudge, 'judge'>): LineCounts {
  const counts: Partial<Record<LineVerdict, number>> = {}
  for (const { text, confidence } of lines) {
    const verdict = judge.judge(text, confidence)
    counts[verdict] = (counts[verdict] ?? 0) + 1
  }
  return counts
}
