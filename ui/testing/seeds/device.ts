import type {
  DestinationList,
  DeviceStatus,
  EgressList,
  LocalModelList,
  QuarantineList,
  StudySummary,
} from '../../contract/local-api.ts'
import { CHEST, CHEST_BEFORE, hex, minutesAgo, model } from './common.ts'
import { LONG_WORD, MARKUP } from './studies.ts'

/** The box, with enough amiss that each mark is seen. */
export function seedDevice(): DeviceStatus {
  return {
    device: 'site-a-box-1',
    softwareVersion: '0.1.0',
    aeTitle: 'LEADGLASS',
    dimsePort: 11112,
    startedAt: minutesAgo(3_000),
    dimseTlsPort: 2762,
    disk: { freeBytes: 412_316_860_416, totalBytes: 1_000_204_886_016, low: false },
    pressure: { level: 'soft', causes: ['waiting'], since: minutesAgo(12), freeInodesPercent: 71.4 },
    settingsProblems: ['settings.json is not in force: callers.0.aeTitle is not understood'],
    queues: { receiving: 1, queued: 1, running: 1, deliveriesPending: 3, deliveriesDead: 2, unacknowledged: 41 },
    deliveries: [
      {
        destination: 'archive',
        circuit: 'closed',
        reason: null,
        nextStep: null,
        since: null,
        until: null,
        oldestWaitingSeconds: null,
        late: false,
      },
      {
        destination: 'reading-room',
        circuit: 'open',
        reason: 'connection-refused',
        nextStep: 'check that the destination runs and that host and port are right',
        since: minutesAgo(40),
        until: minutesAgo(-2),
        oldestWaitingSeconds: 5_400,
        late: true,
      },
    ],
    blockedResults: 1,
    oldestWaitingSeconds: 97.4,
    totals: { instances: 18_412, bytes: 271_812_133_421, quarantined: 3 },
    leakAlarms: [
      { alarm: 1, study: hex('leak', 32), place: 'envelope', hits: 2, firstAt: minutesAgo(45), lastAt: minutesAgo(40) },
    ],
    link: {
      state: 'disconnected',
      at: minutesAgo(3),
      lastAcknowledgementAt: minutesAgo(4),
      lastErrorCode: 'broker-unreachable',
    },
  }
}

export function seedModels(): LocalModelList {
  const approvals = [
    { person: 'clinical-1', role: 'clinical' },
    { person: 'technical-1', role: 'technical' },
  ]
  const outputs = [{ code: 'pneumonia', title: 'Pneumonia', thresholdMilli: 412 }]
  const state = { halted: null, activation: null, waitsForSite: false }
  const common = { message: null, approvals, title: 'Chest radiograph', outputs, ...state }
  return {
    models: [
      {
        ...common,
        model: CHEST,
        state: 'active',
        releaseCounter: 2,
        intendedUse: 'Frontal chest radiographs, CR or DX. Research and rehearsal of model governance.',
        changedAt: minutesAgo(600),
      },
      {
        ...common,
        model: CHEST_BEFORE,
        state: 'retained',
        releaseCounter: 1,
        intendedUse: null,
        changedAt: minutesAgo(9_000),
      },
      {
        ...common,
        model: model('chest-radiograph', '1.2.0'),
        state: 'refused',
        releaseCounter: 3,
        message: 'golden case phantom-2 deviates by 1.20e-1',
        intendedUse: null,
        changedAt: minutesAgo(60),
      },
      {
        ...common,
        model: model('chest-radiograph', '1.4.0'),
        state: 'staged',
        waitsForSite: true,
        releaseCounter: 4,
        message: 'chest-radiograph 1.4.0 waits for the hospital’s own approval: leadglass approve local sign.',
        intendedUse: 'Frontal chest radiographs, CR or DX, of adults.',
        changedAt: minutesAgo(20),
      },
    ],
    refused: [
      {
        code: 'threshold-not-met',
        message: 'approved-models has 1 valid signature of the 2 that the policy asks for',
        path: 'chest-radiograph@1.3.0',
        at: minutesAgo(30),
      },
    ],
  }
}

export function seedDestinations(studies: readonly StudySummary[]): DestinationList {
  return {
    destinations: [
      { name: 'archive', aeTitle: 'ARCHIVE', host: '127.0.0.1', port: 11_120, pending: 0, dead: [] },
      {
        name: 'reading-room',
        aeTitle: 'READING',
        host: '127.0.0.1',
        port: 11_121,
        pending: 3,
        dead: studies.slice(3, 5).map(({ study }, place) => ({
          delivery: 40 + place,
          study,
          revision: 1,
          attempts: 12,
          lastError: 'refused: SOP class not supported (0122H)',
          at: minutesAgo(45),
        })),
      },
    ],
  }
}

export function seedQuarantine(studies: readonly StudySummary[]): QuarantineList {
  const entry = { sopClassUid: '1.2.840.10008.5.1.4.1.1.6.1', transferSyntaxUid: '1.2.840.10008.1.2.1', bytes: 921_600 }
  const of = studies.find(({ state }) => state === 'quarantined')?.study ?? null
  return {
    entries: [
      {
        ...entry,
        quarantine: 3,
        stage: 'verify',
        reason: 'burned-in-annotation',
        study: of,
        callingAeTitle: 'US_ROOM_1',
        at: minutesAgo(17),
      },
      {
        ...entry,
        quarantine: 2,
        stage: 'intake',
        reason: 'file-meta-missing',
        study: null,
        callingAeTitle: MARKUP.slice(0, 16),
        at: minutesAgo(130),
      },
      {
        ...entry,
        quarantine: 1,
        stage: 'deidentify',
        reason: LONG_WORD,
        study: null,
        callingAeTitle: 'CT_2',
        at: minutesAgo(900),
      },
    ],
  }
}

export function seedEgress(studies: readonly StudySummary[]): EgressList {
  const scored = studies.filter(({ state }) => state === 'scored')
  const kinds = [
    { stream: 'clinical', kind: 'study-features' },
    { stream: 'audit', kind: 'audit-leaf' },
  ] as const
  const envelopes = scored.flatMap((study, place) =>
    kinds.map(({ stream, kind }, of) => {
      const sequence = 240 - place
      const state = place === 0 ? 'sealed' : place === 1 ? 'relayed' : place === 5 ? 'refused' : 'acknowledged'
      return {
        epoch: 3,
        stream,
        sequence,
        kind,
        study: of === 0 ? study.study : null,
        state,
        sealedAt: study.lastInstanceAt,
        acknowledgedAt: state === 'acknowledged' ? study.lastInstanceAt : null,
        body:
          of === 0
            ? {
                kind,
                study: study.study,
                month: '2026-11',
                scores: study.scores.map(({ code, value }) => ({ code, value })),
              }
            : { kind, leaf: hex(`leaf ${sequence}`, 64) },
      } satisfies EgressList['envelopes'][number]
    }),
  )
  return {
    streams: [
      { epoch: 3, stream: 'audit', sealed: 1_812, relayed: 1_812, acknowledged: 1_771, refused: 0 },
      { epoch: 3, stream: 'clinical', sealed: 240, relayed: 239, acknowledged: 238, refused: 1 },
      { epoch: 3, stream: 'drift', sealed: 12, relayed: 12, acknowledged: 12, refused: 0 },
    ],
    heldCells: 17,
    heldCounts: 96,
    envelopes,
  }
}
