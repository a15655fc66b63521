import { lakeErasures, lakeSnapshots, lakeStatus } from '../../contract/hub-api.ts'
import type { FakeRoute } from '../fake-service.ts'
import { minutesAgo } from './common.ts'

const SITE = 'site-a-box-1'
const ERASURE = '5f0c1a52-6a2e-4c57-9b8e-0a5a3a0f7d11'

/** What the lake's page asks for: one dataset that stands, and one that an erasure altered. */
export function lakeRoutes(isEmpty: () => boolean): FakeRoute[] {
  const list = (path: RegExp, answer: (empty: boolean) => unknown): FakeRoute => ({
    method: 'GET',
    path,
    answer: () => answer(isEmpty()),
  })
  return [
    list(/^\/api\/lake$/, (empty) =>
      lakeStatus.parse(empty ? { ...seedStatus(), tables: [], accounts: [] } : seedStatus()),
    ),
    list(/^\/api\/lake\/snapshots$/, (empty) => lakeSnapshots.parse({ snapshots: empty ? [] : seedSnapshots() })),
    list(/^\/api\/lake\/erasures$/, (empty) => lakeErasures.parse({ erasures: empty ? [] : seedErasures() })),
  ]
}

function seedStatus() {
  const table = { files: 31, bytes: 184_320_117, version: 212, digest: '7c'.repeat(32), readableFrom: 180, sites: 2 }
  return {
    envelope: 51_204,
    movedAt: minutesAgo(1),
    tables: ['features', 'scores', 'labels'].map((name) => ({ table: name, rows: 41_377, ...table })),
    accounts: [
      {
        site: SITE,
        kind: 'instance-features',
        table: 'features',
        envelopes: 41_380,
        erased: 3,
        rows: 41_377,
        balanced: true,
      },
      { site: SITE, kind: 'study-label', table: 'labels', envelopes: 902, erased: 0, rows: 901, balanced: false },
    ],
  }
}

function seedSnapshots() {
  const one = {
    finding: 'pneumonia',
    model: 'chest-radiograph',
    createdAt: minutesAgo(90),
    envelopes: 41_380,
    rows: 812,
    positives: 288,
    patients: 731,
    excluded: [
      { reason: 'erased', words: 'erased at the request of the patient or site', envelopes: 3 },
      { reason: 'no-label', words: 'the study has no label for the finding', envelopes: 40_541 },
      { reason: 'label-contradicting', words: 'two readers contradict each other', envelopes: 24 },
    ],
    noisySites: [{ site: 'site-z-box-1', auc: 0.498, upper: 0.551 }],
    cutoff: null,
    versions: { features: '7c'.repeat(32) },
  }
  return [
    { ...one, digest: '3d'.repeat(32), state: 'intact', erasure: null },
    { ...one, digest: '9e'.repeat(32), state: 'superseded-by-erasure', erasure: ERASURE, createdAt: minutesAgo(9000) },
  ]
}

function seedErasures() {
  const report = {
    erasure: ERASURE,
    site: SITE,
    requestedBy: 'operator',
    envelopes: 3,
    rows: 9,
    filesBefore: 4,
    filesAfter: 3,
  }
  const times = { begunAt: minutesAgo(120), finishedAt: minutesAgo(120) }
  const facts = {
    erasure: ERASURE,
    site: SITE,
    requestedBy: 'operator',
    reason: 'objection of the patient',
    envelopes: 3,
  }
  return [{ ...facts, ...times, report: { ...report, snapshots: ['9e'.repeat(32)] } }]
}
