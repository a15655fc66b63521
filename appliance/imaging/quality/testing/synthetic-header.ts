import type { RadiographFacts } from '@leadglass/models'

/** A header around the shared NIH pixels, which come without one. It says so itself; `seed` makes the study its own. */
export function syntheticHeader(seed: string, view: RadiographFacts['view']): RadiographFacts {
  return {
    studySeed: seed,
    seriesNumber: 1,
    instanceNumber: 1,
    patientId: 'NIH',
    patientName: 'NIH',
    patientBirthDate: '',
    patientSex: '',
    patientAgeYears: null,
    view,
    spacing: [0.143, 0.143],
    studyDate: '20170101',
    studyTime: '080000',
    accessionNumber: '',
    studyDescription: 'NIH pixels, synthetic header',
    seriesDescription: 'NIH pixels, synthetic header',
    imageComments: 'NIH pixels, synthetic header',
    institutionName: '',
    manufacturer: '',
    modelName: '',
    burnedInAnnotation: 'NO',
  }
}
