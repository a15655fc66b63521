import type { AuditMatchesView, DeviceDetail, DeviceSummary, TrainingRun } from '../../contract/hub-api.ts'
import { CHEST, CHEST_BEFORE, hex, minutesAgo, NOW } from './common.ts'
import { CANDIDATE, METRICS } from './hub-registry.ts'
import { MARKUP } from './studies.ts'

export function seedDevices(): DeviceSummary[] {
  return [
    {
      device: 'site-a-box-1',
      state: 'enrolled',
      connected: true,
      lastSeenAt: minutesAgo(0.2),
      softwareVersion: '0.1.0',
      models: [
        { model: CHEST, state: 'active' },
        { model: CHEST_BEFORE, state: 'retained' },
      ],
      alarms: 0,
    },
    {
      device: 'site-b-box-1',
      state: 'enrolled',
      connected: false,
      lastSeenAt: minutesAgo(400),
      softwareVersion: '0.1.0',
      models: [{ model: CHEST_BEFORE, state: 'active' }],
      alarms: 2,
    },
    {
      device: 'site-c-box-1',
      state: 'enrolled',
      connected: false,
      lastSeenAt: null,
      softwareVersion: null,
      models: [],
      alarms: 0,
    },
    {
      device: 'site-d-box-1',
      state: 'revoked',
      connected: false,
      lastSeenAt: minutesAgo(60_000),
      softwareVersion: '0.0.9',
      models: [],
      alarms: 1,
    },
  ]
}

export function seedDeviceDetail(device: string): DeviceDetail | undefined {
  const summary = seedDevices().find((one) => one.device === device)
  if (summary === undefined) return undefined
  const origin = `leadglass/${device}/audit`
  const root = hex(`root of ${device}`, 64)
  return {
    summary,
    streams: [
      { epoch: 3, stream: 'audit', watermark: 1_771, effects: 1_771, duplicates: 12, refused: 0 },
      { epoch: 3, stream: 'clinical', watermark: 238, effects: 237, duplicates: 2, refused: 1 },
      { epoch: 3, stream: 'drift', watermark: 12, effects: 12, duplicates: 0, refused: 0 },
    ],
    figures: {
      'studies-today': 48,
      'instances-today': 97,
      'disk-free-bytes': 412_316_860_416,
      'oldest-waiting-seconds': 97,
    },
    alarms: Array.from({ length: summary.alarms }, (_, place) => ({
      code: place === 0 ? 'conflict' : 'audit-inconsistent',
      message:
        place === 0
          ? 'another envelope came under a number that was committed already: a copied or restored device'
          : `the audit log of the device does not continue the one that was seen before ${MARKUP}`,
      at: minutesAgo(300 + place * 20),
    })),
    audit:
      summary.lastSeenAt === null ? null : { origin, size: 1_771, root, note: `${origin}\n1771\n`, cosigned: null },
  }
}

/** What the seeded runs can be done again from. */
const SEED_RECORD = {
  cause: 'labels',
  requestedBy: 'hub.training',
  attempt: 1,
  executor: 'local',
  record: {
    executor: 'local',
    runtime: { node: 'v24.0.0', onnxRuntime: '1.30.0', platform: 'linux', architecture: 'x64' },
    job: { seed: '1', code: hex('code', 64) },
    snapshot: hex('dataset', 64),
    parent: hex('parent', 64),
    release: { version: '1.1.0', releaseCounter: 2 },
    results: { head: hex('head', 64), report: hex('report', 64), package: hex('package', 64) },
  },
} as const

export function seedRuns(): TrainingRun[] {
  const common = {
    finding: 'pneumonia',
    model: 'chest-radiograph',
    snapshot: hex('dataset', 64),
    progress: 1,
    ...SEED_RECORD,
  }
  const rows = [
    { name: 'feature envelopes', rows: 238 },
    { name: 'left out: no-label', rows: 96 },
    { name: 'left out: superseded-revision', rows: 4 },
    { name: 'rows of the dataset', rows: 138 },
  ]
  const passed = { holds: true, outcome: 'passed', low: null, high: null, cases: null, detail: null } as const
  const gates = [
    {
      name: 'auc-not-worse-than-parent',
      wanted: 'lower bound ≥ 0.880',
      value: 0.905,
      ...passed,
      low: 0.88,
      high: 0.93,
      cases: 84,
    },
    { name: 'calibration', wanted: 'expected calibration error ≤ 0.080', value: 0.061, ...passed, cases: 84 },
    { name: 'export-matches-trainer', wanted: 'largest difference ≤ 0.0001', value: 0.00002, ...passed },
  ]
  const run = (place: number): string => `run-${hex(`run ${place}`, 12)}`
  return [
    {
      ...common,
      run: run(4),
      state: 'running',
      message: 'training',
      progress: 0.42,
      rows,
      metrics: [],
      gates: [],
      candidate: null,
      startedAt: minutesAgo(1),
      endedAt: null,
    },
    {
      ...common,
      run: run(3),
      state: 'succeeded',
      message: 'a candidate was registered',
      rows,
      metrics: [...METRICS],
      gates,
      candidate: CANDIDATE,
      startedAt: minutesAgo(99),
      endedAt: minutesAgo(95),
    },
    {
      ...common,
      run: run(2),
      state: 'stopped-by-gate',
      message: 'the area under the curve is worse than that of its parent',
      rows,
      metrics: [...METRICS],
      gates: gates.map((gate, place) =>
        place === 0 ? { ...gate, value: 0.722, holds: false, outcome: 'failed' as const } : gate,
      ),
      candidate: null,
      startedAt: minutesAgo(2_910),
      endedAt: minutesAgo(2_900),
    },
    {
      ...common,
      run: run(1),
      state: 'failed',
      message: 'too few labels: 9 of at least 40',
      snapshot: null,
      rows: [],
      metrics: [],
      gates: [],
      candidate: null,
      startedAt: minutesAgo(5_000),
      endedAt: minutesAgo(5_000),
    },
    {
      ...common,
      run: run(0),
      state: 'interrupted',
      message: 'the hub stopped during the run; it can be started again',
      rows,
      metrics: [],
      gates: [],
      candidate: null,
      startedAt: minutesAgo(6_000),
      endedAt: minutesAgo(5_990),
    },
  ]
}

export function seedAudit(log: string): AuditMatchesView {
  const origin = log === 'hub' ? 'leadglass/hub/audit' : `leadglass/${log}/audit`
  const person = (id: string) => ({ kind: 'person', id })
  const kinds = [
    { event: 'session.opened', actor: person('mlops-1'), subject: null, outcome: 'success', codes: [] },
    {
      event: 'approval.signed',
      actor: person('technical-1'),
      subject: { kind: 'approval', id: '0b0c7a4e-6d0c-4f0e-9a57-0f2f7c1c5b10' },
      outcome: 'success',
      codes: ['approval'],
    },
    { event: 'session.refused', actor: person('auditor-1'), subject: null, outcome: 'refused', codes: ['locked'] },
    {
      event: 'training.finished',
      actor: { kind: 'system', id: 'hub.training' },
      subject: { kind: 'training', id: hex('run', 32) },
      outcome: 'failure',
      codes: ['gate', 'auc'],
    },
  ]
  const size = 1_204
  return {
    next: '1800000000-1144',
    waiting: 0,
    entries: Array.from({ length: 60 }, (_, place) => {
      const index = size - 60 + place
      const at = `${new Date(NOW - (60 - place) * 240_000).toISOString().slice(0, 19)}Z`
      const event = place === 30 ? null : { schema: 'leadglass.audit-event/1', at, ...kinds[place % kinds.length] }
      return { log, origin, index, hash: hex(`${log} leaf ${index}`, 64), event }
    }).reverse(),
  }
}
