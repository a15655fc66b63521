import { basename } from 'node:path'
import { wrapRadiograph } from '@leadglass/models'
import sharp from 'sharp'
import type { Radiograph } from './data-set.ts'

/** Said in every object, because few free radiographs come as DICOM. */
const PROVENANCE = 'NIH pixels, synthetic header'

/** The test patients are sent twice, as different studies: once to the shipped version, once to the trained one. */
export type Round = 'site' | 'before' | 'after'

const ROUND_LETTER: Readonly<Record<Round, string>> = { site: 'S', before: 'B', after: 'A' }

/** Accession number of a radiograph in a round; how the rehearsal finds its studies again. */
export function accessionOf(radiograph: Radiograph, round: Round): string {
  return `${ROUND_LETTER[round]}${basename(radiograph.file, '.png').replace('_', '-')}`
}

/**
 * Wraps one NIH image as a DX object: pixels as they are, header from the index. Names and numbers are made up from the
 * file name, so the same file gives the same object, byte for byte. The family name is a word that nothing else uses, so that a
 * scan for it finds it only where it leaked.
 */
export async function wrapForSending(radiograph: Radiograph, round: Round): Promise<Uint8Array> {
  const { data, info } = await sharp(radiograph.file).greyscale().raw().toBuffer({ resolveWithObject: true })
  const stem = basename(radiograph.file, '.png')
  return wrapRadiograph(
    { rows: info.height, columns: info.width, bitsStored: 8, values: new Uint8Array(data) },
    {
      studySeed: `nih/${round}/${stem}`,
      seriesNumber: 1,
      instanceNumber: 1,
      patientId: `NIH-${radiograph.patient}`,
      patientName: `LGREHEARSAL^NIH ${radiograph.patient}`,
      patientBirthDate: '',
      patientSex: radiograph.sex,
      patientAgeYears: radiograph.ageYears,
      view: radiograph.view,
      // The images were reduced to 256 pixels; a pixel now covers more of the detector.
      spacing: [
        (radiograph.spacing[0] * radiograph.originalSize.height) / info.height,
        (radiograph.spacing[1] * radiograph.originalSize.width) / info.width,
      ],
      studyDate: dayOf(radiograph),
      studyTime: '120000',
      accessionNumber: accessionOf(radiograph, round),
      studyDescription: PROVENANCE,
      seriesDescription: PROVENANCE,
      imageComments: PROVENANCE,
      institutionName: 'NIH Clinical Center',
      manufacturer: 'LEADGLASS',
      modelName: 'REHEARSAL',
      burnedInAnnotation: 'NO',
    },
  )
}

/** The set has no dates, only the order of follow-ups: one month apart, from 2015 on. */
function dayOf(radiograph: Radiograph): string {
  const month = radiograph.followUp % 12
  const year = 2015 + Math.floor(radiograph.followUp / 12)
  return `${year}${String(month + 1).padStart(2, '0')}15`
}
