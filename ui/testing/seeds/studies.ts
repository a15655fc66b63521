import type { ScoreView, StudyState, StudySummary } from '../../contract/local-api.ts'
import { CHEST, hex, minutesAgo, model } from './common.ts'

/** Longer than any column, without a place to break. */
export const LONG_WORD = 'WWWWWWWWWW'.repeat(24)
/** Markup that would run if a page wrote it as HTML. */
export const MARKUP = '<img src=x onerror="document.title=\'run\'">'
/** A right-to-left override without its end: unisolated, it would turn round what follows. */
export const TURNED = 'PHANTOM^\u202EENOTSLLAG'

const OTHER = model('bone-age', '0.3.0')

/** A study of which only the interesting members are told. */
export function study(name: string, members: Partial<StudySummary>): StudySummary {
  return {
    study: hex(name, 32),
    state: 'queued',
    revision: 1,
    instances: 2,
    modality: 'DX',
    patientName: `PHANTOM^${name.toUpperCase()}`,
    patientId: `P-${hex(name, 6).toUpperCase()}`,
    patientBirthDate: '19570312',
    patientSex: 'O',
    accessionNumber: `A${Number.parseInt(hex(name, 6), 16)}`,
    studyDate: '20261122',
    studyTime: '135500',
    description: 'Chest PA and lateral',
    receivedAt: minutesAgo(10),
    lastInstanceAt: minutesAgo(9),
    scores: [],
    reason: null,
    ...members,
  }
}

/** A score for pneumonia by the shipped model. */
export function pneumonia(value: number): ScoreView {
  return { code: 'pneumonia', title: 'Pneumonia', value, thresholdMilli: 412, above: value >= 0.412, model: CHEST }
}

/** One study for each state, as many more as a busy morning has, and some that mean harm. */
export function seedStudies(): StudySummary[] {
  return [...everyState(), ...hostile(), ...morning(36)]
}

function everyState(): StudySummary[] {
  const states: readonly (readonly [string, StudyState, Partial<StudySummary>])[] = [
    ['alfa', 'receiving', { receivedAt: minutesAgo(0.4) }],
    ['bravo', 'queued', { receivedAt: minutesAgo(1.6) }],
    ['charlie', 'running', { receivedAt: minutesAgo(2.1) }],
    ['delta', 'scored', { scores: [pneumonia(0.873)], receivedAt: minutesAgo(4) }],
    ['echo', 'scored', { scores: [pneumonia(0.067)], receivedAt: minutesAgo(6) }],
    ['foxtrot', 'not-scored', { reason: 'no-fit-view', description: 'Chest lateral', receivedAt: minutesAgo(9) }],
    ['golf', 'failed', { reason: 'timed-out', receivedAt: minutesAgo(12) }],
    ['hotel', 'quarantined', { reason: 'burned-in-annotation', modality: 'US', receivedAt: minutesAgo(17) }],
    ['india', 'scored', { scores: many(), instances: 4, revision: 2, receivedAt: minutesAgo(21) }],
  ]
  return states.map(([name, state, members]) => study(name, { state, ...members }))
}

function many(): ScoreView[] {
  const by = (code: string, title: string, value: number, thresholdMilli: number): ScoreView => {
    return { code, title, value, thresholdMilli, above: value * 1000 >= thresholdMilli, model: CHEST }
  }
  return [
    pneumonia(0.301),
    by('effusion', 'Pleural effusion', 0.742, 500),
    by('pneumothorax', 'Pneumothorax', 0.031, 250),
    { ...by('bone-age', 'Bone age above 18 years', 0.998, 900), model: OTHER },
  ]
}

function hostile(): StudySummary[] {
  return [
    study('markup', { patientName: MARKUP, description: MARKUP, accessionNumber: MARKUP, receivedAt: minutesAgo(24) }),
    study('turned', {
      patientName: TURNED,
      description: 'صدر ‮ PA',
      state: 'scored',
      scores: [pneumonia(0.412)],
      receivedAt: minutesAgo(26),
    }),
    study('long', {
      patientName: LONG_WORD,
      patientId: LONG_WORD,
      description: LONG_WORD,
      state: 'not-scored',
      reason: LONG_WORD,
      receivedAt: minutesAgo(29),
    }),
    study('nothing', {
      patientName: '',
      patientId: '',
      patientBirthDate: '',
      patientSex: '',
      accessionNumber: '',
      studyDate: '',
      studyTime: '',
      description: '',
      modality: '',
      receivedAt: minutesAgo(33),
    }),
    study('groups', { patientName: 'PHANTOM^KIRI=幻^霧=ファントム^キリ', receivedAt: minutesAgo(37) }),
  ]
}

function morning(count: number): StudySummary[] {
  return Array.from({ length: count }, (_, place) =>
    study(`m${place}`, {
      state: 'scored',
      modality: place % 3 === 0 ? 'CR' : 'DX',
      patientSex: place % 2 === 0 ? 'F' : 'M',
      patientBirthDate: `19${40 + ((place * 7) % 55)}0${1 + (place % 9)}1${place % 9}`,
      description: place % 4 === 0 ? 'Chest AP bedside' : 'Chest PA',
      scores: [pneumonia(((place * 37) % 97) / 100)],
      receivedAt: minutesAgo(41 + place * 5),
    }),
  )
}
