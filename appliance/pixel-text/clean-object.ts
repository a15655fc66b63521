import { readFile } from 'node:fs/promises'
import type { PixelRisk, StudyIdentifiers } from '../deidentify/index.ts'
import type { DataSet } from '../imaging/index.ts'
import { cleanPixels, type HoldReason, type LineCounts, unsafeBoxes } from './clean-pixels.ts'
import { cleanedFile } from './cleaned-file.ts'
import { CATALOGUE_VERSION, catalogueWith, type SiteDevice } from './known-devices.ts'
import { LineJudge } from './line-verdict.ts'
import type { MaskBox } from './messages.ts'
import { deviceFactsOf, hasPixels, pixelTokensOf, showsFace } from './object-facts.ts'
import type { PixelReader } from './pixel-reader.ts'

/** What a site decides about pixels that leave. */
export interface PixelRules {
  /** Volumes of heads may leave although a face can be made of them. */
  readonly exportHeads: boolean
  /** Words that may stand in pixels; lower case. */
  readonly safeWords: readonly string[]
  readonly devices: readonly SiteDevice[]
}

/** A de-identified object and what is known of the one that it was made of. */
export interface LeavingObject {
  /** PS3.10 file in the reader's work folder. */
  readonly file: string
  readonly newTarget: () => string
  /** PHI: of the original; its pixels need not be there. */
  readonly original: DataSet
  readonly identifiers: StudyIdentifiers
  readonly risk: PixelRisk
}

/** Why an object waits for a person. */
export type ObjectHold = HoldReason | 'recognisable-features'

/** What became of an object that is to leave. `chunks`: the file, instead of the one that was given. */
export type CleanedObject =
  | { readonly kind: 'without-pixels' }
  | {
      readonly kind: 'cleaned'
      readonly chunks: readonly Uint8Array[]
      readonly masked: number
      readonly device: string | null
      readonly counts: LineCounts
      readonly catalogue: string
    }
  | {
      readonly kind: 'hold'
      readonly reason: ObjectHold
      readonly proposed: readonly MaskBox[]
      readonly counts: LineCounts
      readonly catalogue: string
    }

/** The whole way of one object's pixels out of the box: nothing that was not read, or doubted, gets a file. */
export async function cleanObject(
  object: LeavingObject,
  reader: Pick<PixelReader, 'read' | 'mask'>,
  rules: PixelRules,
): Promise<CleanedObject> {
  const { file, newTarget, original, identifiers, risk } = object
  if (!hasPixels(original)) return { kind: 'without-pixels' }
  const catalogue = CATALOGUE_VERSION
  const outcome = await cleanPixels(
    {
      file,
      newTarget,
      risk: risk === 'none' ? 'low' : 'high',
      device: deviceFactsOf(original),
      judge: new LineJudge(pixelTokensOf(identifiers, original), rules.safeWords),
      catalogue: catalogueWith(rules.devices),
    },
    reader,
  )
  const { counts } = outcome
  if (outcome.kind === 'hold') return { ...outcome, catalogue }
  const boxes = outcome.kind === 'masked' ? outcome.boxes : []
  if (!rules.exportHeads && showsFace(original))
    return { kind: 'hold', reason: 'recognisable-features', proposed: boxes, counts, catalogue }
  const bytes = await readFile(file)
  if (outcome.kind === 'clean')
    return { kind: 'cleaned', chunks: cleanedFile(bytes, undefined), masked: 0, device: null, counts, catalogue }
  const { target, pixels, device } = outcome
  const chunks = cleanedFile(bytes, { description: pixels, bytes: await readFile(target) })
  return { kind: 'cleaned', chunks, masked: boxes.length, device, counts, catalogue }
}

/** What became of an object with the boxes of a person. */
export type ReleasedObject =
  | { readonly kind: 'cleaned'; readonly chunks: readonly Uint8Array[] }
  /** Something of the study's own, or of its form, can still be read: in these boxes. */
  | { readonly kind: 'text-remains'; readonly found: readonly MaskBox[] }
  | { readonly kind: 'unreadable' }

/**
 * Masks an object by a person's boxes and reads it again. Words that mean nothing and letters that cannot be made out are the
 * person's judgement, who has looked; what is found to identify is not.
 */
export async function releaseObject(
  { file, newTarget, original, identifiers }: LeavingObject,
  boxes: readonly MaskBox[],
  reader: Pick<PixelReader, 'mask'>,
  rules: PixelRules,
): Promise<ReleasedObject> {
  const judge = new LineJudge(pixelTokensOf(identifiers, original), rules.safeWords)
  let target = newTarget()
  let masked = await reader.mask(file, target, boxes)
  if (masked.kind === 'doubt' && masked.reason === 'texture') {
    target = newTarget()
    masked = await reader.mask(file, target, boxes, false)
  }
  if (masked.kind === 'doubt') return { kind: 'unreadable' }
  const identifying = masked.lines.filter(({ text, confidence }) => {
    const verdict = judge.judge(text, confidence)
    return verdict === 'identifier' || verdict === 'pattern'
  })
  if (identifying.length > 0) return { kind: 'text-remains', found: unsafeBoxes(identifying, judge) }
  const pixels = boxes.length === 0 ? undefined : { description: masked.pixels, bytes: await readFile(target) }
  return { kind: 'cleaned', chunks: cleanedFile(await readFile(file), pixels) }
}
