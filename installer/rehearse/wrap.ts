import { basename } from 'node:path'
import { wrapRadiograph } from '@leadglass/models'
import sharp from 'sharp'
import type { Radiograph } from './data-set.ts'

/** Said in every object, because few free radiographs come as DICOM. */
const PROVENANCE = 'NIH pixels, synthetic header'

/**
 * Wraps one NIH image as a DX object: pixels as they are, header from the index. Names and numbers are made up from the
 * file name, so the same file gives the same object, byte for byte.
 */
export async function wrapForSending(radiograph: Radiograph): Promise<Uint8Array> {
  const { data, info } = await sharp(radiograph.file).greyscale().raw().toBuffer({ resolveWithObject: true })
  const stem = basename(radiograph.file, '.png')
  return wrapRadiograph(
    { rows: info.height, columns: info.width, bitsStored: 8, values: new Uint8Array(data) },
    {
      studySeed: `nih/${stem}`,
      seriesNumber: 1,
      instanceNumber: 1,
      patientId: `NIH-${radiograph.patient}`,
      patientName: `REHEARSAL^NIH ${radiograph.patient}`,
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
      accessionNumber: `R${stem.replace('_', '')}`.slice(0, 16),
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
