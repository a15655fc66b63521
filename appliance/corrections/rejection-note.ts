import { DataSetError, parsePart10, sequence, text, uid } from '../imaging/dataset/index.ts'
import { REJECTION_TITLES, type RejectionTitle } from './vocabulary.ts'

/** Key Object Selection Document Storage (PS3.4 B.5). */
export const KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59'

/** More references than a study can have instances are no note but an attack. */
const MOST_REFERENCES = 100_000

/** What a Key Object Selection is. */
export type KeyObject =
  | { readonly kind: 'rejection'; readonly title: RejectionTitle; readonly rejects: readonly string[] }
  | { readonly kind: 'other' }

/**
 * Reads a Key Object Selection. It is a rejection note when its Document Title (0040,A043) is one of those of IHE IOCM;
 * what it rejects is listed in the Current Requested Procedure Evidence Sequence (0040,A375) under its own study: a
 * document over several studies is stored once in each (PS3.3 C.17.6.2.1).
 * Never throws for what an object holds: bytes that are no whole data set reject nothing.
 */
export function readKeyObject(file: Uint8Array): KeyObject {
  try {
    const { dataSet, truncated } = parsePart10(file)
    if (truncated) return { kind: 'other' }
    const [concept] = sequence(dataSet, 0x0040a043)
    if (concept === undefined || text(concept, 0x00080102) !== 'DCM') return { kind: 'other' }
    const code = text(concept, 0x00080100) ?? ''
    const title = Object.hasOwn(REJECTION_TITLES, code) ? REJECTION_TITLES[code] : undefined
    if (title === undefined) return { kind: 'other' }
    const ownStudy = uid(dataSet, 0x0020000d)
    const rejects = new Set<string>()
    for (const study of sequence(dataSet, 0x0040a375)) {
      if (ownStudy === undefined || uid(study, 0x0020000d) !== ownStudy) continue
      for (const series of sequence(study, 0x00081115)) {
        for (const reference of sequence(series, 0x00081199)) {
          const sop = uid(reference, 0x00081155)
          if (sop !== undefined && /^[0-9.]{1,64}$/.test(sop)) rejects.add(sop)
          if (rejects.size > MOST_REFERENCES) return { kind: 'other' }
        }
      }
    }
    return { kind: 'rejection', title, rejects: [...rejects] }
  } catch (cause) {
    if (cause instanceof DataSetError) return { kind: 'other' }
    throw cause
  }
}
