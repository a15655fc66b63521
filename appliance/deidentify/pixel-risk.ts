import { type DataSet, text, texts } from '../imaging/dataset/index.ts'

/**
 * How likely identities stand in the pixels themselves.
 * - `declared`: the object says so, or carries an overlay in unused bits of its pixels.
 * - `risky-class`: ultrasound, secondary captures, photographs and screen shots often have them, whatever they declare.
 */
export type PixelRisk = 'none' | 'declared' | 'risky-class'

const BURNED_IN_ANNOTATION = 0x00280301
const CONVERSION_TYPE = 0x00080064
const IMAGE_TYPE = 0x00080008

const RISKY_CLASSES = [
  '1.2.840.10008.5.1.4.1.1.3', // Ultrasound Multi-frame (and retired forms)
  '1.2.840.10008.5.1.4.1.1.6', // Ultrasound (and retired and volume forms)
  '1.2.840.10008.5.1.4.1.1.7', // Secondary Capture, all
  '1.2.840.10008.5.1.4.1.1.77', // Visible light: endoscopy, microscopy, photography, ophthalmic
]

/** Digitised film, video and scanned documents (PS3.3 C.8.6.1). */
const RISKY_CONVERSIONS = new Set(['DV', 'DF', 'SD', 'SI', 'DRW', 'WSD', 'SYN'])

/** The risk class of an object as it came in. */
export function pixelRiskOf(dataSet: DataSet, sopClassUid: string): PixelRisk {
  const declared = text(dataSet, BURNED_IN_ANNOTATION)?.toUpperCase()
  if ((declared !== undefined && declared !== 'NO') || hasOverlayInPixels(dataSet)) return 'declared'
  if (RISKY_CLASSES.some((root) => sopClassUid === root || sopClassUid.startsWith(`${root}.`))) return 'risky-class'
  if (RISKY_CONVERSIONS.has(text(dataSet, CONVERSION_TYPE) ?? '')) return 'risky-class'
  return texts(dataSet, IMAGE_TYPE).some((value) => /SCREEN|CAPTURE/i.test(value)) ? 'risky-class' : 'none'
}

/** Old objects keep an overlay in high bits of the pixels: Overlay Rows without Overlay Data (PS3.5 8.1.2). */
function hasOverlayInPixels(dataSet: DataSet): boolean {
  for (const tag of dataSet.elements.keys())
    if (tag >>> 24 === 0x60 && (tag & 0xffff) === 0x0010 && !dataSet.elements.has((tag & 0xffff0000) + 0x3000))
      return true
  return false
}
