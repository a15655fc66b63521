import type {
  ApprovalSummary,
  ApprovalTimeline,
  Metric,
  ShownSignature,
  ShownSigningKey,
  VersionDetail,
  VersionSummary,
} from '../../contract/hub-api.ts'
import { CHEST, CHEST_BEFORE, hex, minutesAgo, model } from './common.ts'

export const CANDIDATE = model('chest-radiograph', '1.2.0')
const STOPPED = model('chest-radiograph', '1.1.1')

const AUC: Metric = { name: 'auc', split: 'test', value: 0.948821, low: 0.904955, high: 0.992688, cases: 84 }

/** Figures as a card has them: the same name can stand twice, by different kinds of interval. */
export const METRICS: readonly Metric[] = [
  AUC,
  { ...AUC, low: 0.903444, high: 0.994198 },
  { name: 'auc within AP', split: 'test', value: 0.92163, low: 0.845121, high: 0.99814, cases: 51 },
  { name: 'auc within PA', split: 'test', value: 0.985, low: 0.955176, high: 1, cases: 33 },
  { name: 'sensitivity', split: 'test', value: 0.93617, low: 0.828374, high: 0.978055, cases: 47 },
  { name: 'specificity', split: 'test', value: 0.864865, low: 0.720226, high: 0.940867, cases: 37 },
  { name: 'brier score', split: 'test', value: 0.094047, low: null, high: null, cases: 84 },
]

export function seedVersions(): VersionSummary[] {
  const common = { title: 'Chest radiograph', headline: AUC, author: 'hub.training' }
  return [
    {
      ...common,
      model: CANDIDATE,
      state: 'partially-signed',
      releaseCounter: 3,
      createdAt: minutesAgo(95),
      activeOn: 0,
    },
    {
      ...common,
      model: STOPPED,
      state: 'rejected',
      releaseCounter: 3,
      createdAt: minutesAgo(2_900),
      activeOn: 0,
      headline: { ...AUC, value: 0.801, low: 0.722, high: 0.88 },
    },
    { ...common, model: CHEST, state: 'released', releaseCounter: 2, createdAt: minutesAgo(9_000), activeOn: 2 },
    {
      ...common,
      model: CHEST_BEFORE,
      state: 'released',
      releaseCounter: 1,
      createdAt: minutesAgo(30_000),
      activeOn: 1,
      author: 'leadglass',
      headline: null,
    },
  ]
}

export function seedVersion(name: string, version: string): VersionDetail | undefined {
  const summary = seedVersions().find(({ model: one }) => one.name === name && one.version === version)
  if (summary === undefined) return undefined
  const approval = seedApprovals().find((one) => one.model.digest === summary.model.digest)
  return {
    summary,
    intendedUse:
      'Research and rehearsal of model governance: shadow scoring, drift watching, retraining of the head on site embeddings. Frontal (AP or PA) chest radiographs, CR or DX.',
    card: {
      schema: 'leadglass.model-card/1',
      statement: 'Research only, not for diagnosis.',
      summary: 'Scores frontal chest radiographs for the text-mined label “Pneumonia” against “No Finding”.',
      outOfScope: ['Any diagnosis, triage or treatment decision.', 'Lateral views, infants, other body parts, CT.'],
      limits: [
        'Labels were text-mined from reports and are noisy.',
        'The test part is small, so the intervals are wide, above all within a view.',
      ],
      knownShortcuts: [{ name: 'view', text: 'Read the AUC within each view, not only the overall AUC.' }],
    },
    metrics: [...METRICS],
    lineage: {
      parent: CHEST.digest,
      trainedBy: 'hub.training head refit',
      dataset: hex('dataset', 64),
      split: 'by patient, pseudonym bucket 70-99 test',
    },
    approval: approval?.approval ?? null,
    signatures: approval?.signatures ?? [],
  }
}

export function seedApprovals(): ApprovalSummary[] {
  const signoffs = [
    { person: 'clinical-1', role: 'clinical', meaning: 'approval' },
    { person: 'technical-1', role: 'technical', meaning: 'approval' },
  ]
  return [
    {
      approval: '0b0c7a4e-6d0c-4f0e-9a57-0f2f7c1c5b10',
      model: CANDIDATE,
      state: 'partially-signed',
      author: 'mlops',
      submittedAt: minutesAgo(80),
      signoffs,
      signatures: [signature('technical-1', 'technical', 62)],
      dueAt: minutesAgo(-2_000),
      previous: null,
      ended: null,
    },
    {
      approval: '5f2c2d9c-13a7-4a0f-8a43-7d7a0de3a9c1',
      model: CHEST,
      state: 'published',
      author: 'mlops',
      submittedAt: minutesAgo(8_900),
      signoffs,
      signatures: [signature('clinical-1', 'clinical', 8_800), signature('technical-1', 'technical', 8_790)],
      dueAt: null,
      previous: null,
      ended: { at: minutesAgo(8_790), by: 'hub', reason: null },
    },
    {
      approval: '9d1e6a1f-0b7d-4d9b-b0a4-3b1f4a2f9e55',
      model: STOPPED,
      state: 'rejected',
      author: 'mlops',
      submittedAt: minutesAgo(2_800),
      signoffs,
      signatures: [],
      dueAt: null,
      previous: null,
      ended: { at: minutesAgo(2_700), by: 'clinical-1', reason: 'The intervals are too wide.' },
    },
  ]
}

function signature(person: string, role: string, minutes: number): ShownSignature {
  const printedName = role === 'clinical' ? 'Clinical approver of the fake hub' : 'Technical approver of the fake hub'
  return { person, printedName, role, meaning: 'approval', at: minutesAgo(minutes), keyid: hex(`key of ${person}`, 64) }
}

/** What happened to an approval of the seeds. */
export function seedTimeline(approval: string): ApprovalTimeline {
  const found = seedApprovals().find((one) => one.approval === approval)
  const step = { note: null, replyTo: null }
  return {
    steps: [
      { ...step, kind: 'submitted', at: minutesAgo(80), person: found?.author ?? 'mlops', words: 'Submitted.' },
      {
        ...step,
        kind: 'review',
        at: minutesAgo(75),
        person: 'technical-1',
        words: 'I begin with the figures.',
        note: 1,
      },
      {
        ...step,
        kind: 'comment',
        at: minutesAgo(70),
        person: 'technical-1',
        words: 'Why is the test part small?',
        note: 2,
      },
      { ...step, kind: 'comment', at: minutesAgo(65), person: 'mlops', words: 'One site only.', note: 3, replyTo: 2 },
      {
        ...step,
        kind: 'signed',
        at: minutesAgo(62),
        person: 'technical-1',
        words: 'Signed by Technical approver of the fake hub, technical; meaning: approval.',
      },
    ],
  }
}

/** Keys of the approvers of the fake hub. */
export function seedKeys(): ShownSigningKey[] {
  const key = (person: string, role: string, kind: 'file' | 'browser'): ShownSigningKey => ({
    keyid: hex(`key of ${person}`, 64),
    person,
    role,
    printedName: role === 'clinical' ? 'Clinical approver of the fake hub' : 'Technical approver of the fake hub',
    publicKey: hex(`public ${person}`, 64),
    kind,
    state: kind === 'file' ? 'active' : 'pending',
    enrolledAt: minutesAgo(9_000),
    confirmedBy: [],
    needed: kind === 'file' ? 0 : 1,
    revokedAt: null,
    revokedBy: null,
    revokedWhy: null,
  })
  return [key('clinical-1', 'clinical', 'browser'), key('technical-1', 'technical', 'file')]
}

/** Alarms about signing at the fake hub. */
export function seedSigningAlarms(): { at: string; person: string; code: string }[] {
  return [
    { at: minutesAgo(12), person: 'hub.delivery', code: 'online-keys-key-not-found' },
    { at: minutesAgo(400), person: 'clinical-1', code: 'signing-locked' },
  ]
}
