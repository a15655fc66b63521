import { MANUFACTURERS } from '@leadglass/models'
import type { AcquisitionFacts } from '@leadglass/sync-agent/contract'
import { type DataSet, decimal, decimals, integer, text } from '../imaging/dataset/index.ts'

/**
 * What of a header is counted, on the standard features: words of closed lists and figures of the acquisition. Nothing of
 * it leaves but as a count of eleven or more.
 */
export function driftMetadata(original: DataSet, acquisition: AcquisitionFacts): Record<string, string | number> {
  const { modality, view, sex, ageDecade } = acquisition
  const photometric = text(original, 0x00280004)
  const figures: Readonly<Record<string, number | undefined>> = {
    'metadata.kvp': decimal(original, 0x00180060),
    'metadata.bits-stored': integer(original, 0x00280101),
    // Pixel Spacing, else Imager Pixel Spacing (PS3.3 10.7.1.1 and C.8.11.7): the same distance of rows.
    'metadata.pixel-spacing': decimals(original, 0x00280030)[0] ?? decimals(original, 0x00181164)[0],
    'metadata.deviation-index': decimal(original, 0x00181413),
  }
  return {
    'metadata.modality': modality,
    'metadata.view': view,
    'metadata.sex': sex,
    'metadata.age-decade': ageDecade === null ? 'unknown' : String(ageDecade),
    'metadata.manufacturer': manufacturerClass(text(original, 0x00080070)),
    'metadata.photometric': photometric?.startsWith('MONOCHROME') ? photometric : 'other',
    ...Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)),
  }
}

/** The maker that a manufacturer's name begins with or holds as a word; `other` for every other text. */
function manufacturerClass(name: string | undefined): (typeof MANUFACTURERS)[number] {
  if (name === undefined || name.trim() === '') return 'unknown'
  const words = name.toLowerCase().split(/[^a-z]+/)
  return MANUFACTURERS.find((maker) => words.includes(maker)) ?? 'other'
}
