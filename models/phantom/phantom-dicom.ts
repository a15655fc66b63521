import { type RadiographUids, radiographUids, wrapRadiograph } from '../dicom/wrap-radiograph.ts'
import { renderPhantom } from './render-phantom.ts'

/** Which phantom object: `index` counts patients, from 1. */
export interface PhantomDicomRequest {
  readonly seed: number
  readonly index: number
  /** 512 unless told: half a megabyte of pixels. */
  readonly rows?: number
  readonly columns?: number
  /** 12 unless told. */
  readonly bits?: number
  readonly view?: 'PA' | 'AP' | 'LL'
  /** YYYYMMDD; 20260105 unless told. */
  readonly studyDate?: string
  readonly opacity?: number
}

/** A phantom as a DICOM object, and its UIDs. */
export interface PhantomDicom extends RadiographUids {
  readonly bytes: Uint8Array
}

/** A whole Part 10 DX object that says at every turn that it is a phantom. Deterministic. */
export function phantomDicom(request: PhantomDicomRequest): PhantomDicom {
  const { seed, index, rows = 512, columns = 512, bits = 12 } = request
  const opacity = request.opacity === undefined ? {} : { opacity: request.opacity }
  const drawn = renderPhantom({ seed: seed * 1_000_003 + index, rows, columns, bits, ...opacity })
  const facts = {
    studySeed: `leadglass phantom ${seed} ${index}`,
    seriesNumber: 1,
    instanceNumber: 1,
    patientId: `PHANTOM-${index}`,
    patientName: `PHANTOM^LEADGLASS ${index}`,
    patientBirthDate: '19700101',
    patientSex: 'O',
    patientAgeYears: 56,
    view: request.view ?? 'PA',
    spacing: [360 / rows, 360 / columns],
    studyDate: request.studyDate ?? '20260105',
    studyTime: '080000',
    accessionNumber: `PHANTOM${index}`,
    studyDescription: 'PHANTOM study, no patient',
    seriesDescription: 'PHANTOM, computed, no patient',
    imageComments: 'Computed phantom. Not a patient.',
    institutionName: '',
    manufacturer: 'Leadglass',
    modelName: 'PHANTOM GENERATOR',
    burnedInAnnotation: 'NO',
  } as const
  const values = bits === 8 ? Uint8Array.from(drawn) : drawn
  const bytes = wrapRadiograph({ rows, columns, bitsStored: bits, values }, facts)
  return { bytes, ...radiographUids(facts) }
}
