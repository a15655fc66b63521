import { type RadiographUids, radiographUids, wrapRadiograph } from '../dicom/wrap-radiograph.ts'
import { renderPhantom } from './render-phantom.ts'
import { QA_PHANTOM_SIDE, QA_PIXEL_MM, type QaPhantomRequest, renderQaPhantom } from './render-qa-phantom.ts'

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

/** The constancy phantom as a Part 10 DX object of the body part PHANTOM. Deterministic. */
export function qaPhantomDicom(request: QaPhantomRequest): PhantomDicom {
  const state = `${request.contrast} ${request.blur} ${request.noise}`
  const facts = {
    studySeed: `leadglass constancy phantom ${request.seed} ${state}`,
    seriesNumber: 1,
    instanceNumber: 1,
    patientId: `PHANTOM-QA-${request.seed}`,
    patientName: `PHANTOM^LEADGLASS CONSTANCY ${request.seed}`,
    patientBirthDate: '',
    patientSex: 'O',
    patientAgeYears: null,
    view: 'AP',
    bodyPart: 'PHANTOM',
    spacing: [QA_PIXEL_MM, QA_PIXEL_MM],
    studyDate: '20260105',
    studyTime: '080000',
    accessionNumber: `PHANTOMQA${request.seed}`,
    studyDescription: 'PHANTOM constancy test, no patient',
    seriesDescription: 'PHANTOM, computed, no patient',
    imageComments: 'Computed phantom. Not a patient.',
    institutionName: '',
    manufacturer: 'Leadglass',
    modelName: 'PHANTOM GENERATOR',
    burnedInAnnotation: 'NO',
  } as const
  const pixels = { rows: QA_PHANTOM_SIDE, columns: QA_PHANTOM_SIDE, bitsStored: 12, values: renderQaPhantom(request) }
  return { bytes: wrapRadiograph(pixels, facts), ...radiographUids(facts) }
}
