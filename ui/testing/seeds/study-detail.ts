import type { InstanceView, StudyDetail, StudySummary } from '../../contract/local-api.ts'
import { CHEST, hex, minutesAgo } from './common.ts'

const DIGITAL_XRAY = '1.2.840.10008.5.1.4.1.1.1.1'
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

/** A study in full, made of its line in the list. */
export function detailOf(summary: StudySummary, labels: StudyDetail['labels']): StudyDetail {
  const complete = summary.state !== 'receiving'
  return {
    summary,
    patientPseudonym: hex(`patient of ${summary.study}`, 32),
    completion: complete ? 'association-end-and-quiet' : null,
    revisions: revisionsOf(summary),
    instances: Array.from({ length: summary.instances }, (_, place) => instanceOf(summary, place)),
    deliveries: summary.state === 'scored' ? deliveriesOf(summary) : [],
    labels,
    findings: [
      { code: 'pneumonia', title: 'Pneumonia' },
      { code: 'effusion', title: 'Pleural effusion' },
    ],
  }
}

function revisionsOf(summary: StudySummary): StudyDetail['revisions'] {
  const older = Array.from({ length: summary.revision - 1 }, (_, place) => place + 1)
  return [
    {
      revision: summary.revision,
      state: summary.state,
      completion: summary.state === 'receiving' ? null : 'association-end-and-quiet',
      reason: summary.reason,
      attempts: summary.state === 'failed' ? 3 : 1,
      openedAt: summary.receivedAt,
      completedAt: summary.state === 'receiving' ? null : summary.lastInstanceAt,
      startedAt: null,
      finishedAt: summary.state === 'scored' ? summary.lastInstanceAt : null,
    },
    ...older.map((revision) => ({
      revision,
      state: 'superseded' as const,
      completion: 'quiet-timer' as const,
      reason: null,
      attempts: 1,
      openedAt: minutesAgo(90),
      completedAt: minutesAgo(80),
      startedAt: minutesAgo(79),
      finishedAt: minutesAgo(78),
    })),
  ]
}

function instanceOf(summary: StudySummary, place: number): InstanceView {
  const lateral = place % 2 === 1
  const looked = ['scored', 'not-scored'].includes(summary.state)
  return {
    instance: place,
    sopInstanceUid: `2.25.${Number.parseInt(hex(summary.study, 12), 16)}.${place}`,
    sopClassUid: DIGITAL_XRAY,
    transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    modality: summary.modality === '' ? null : summary.modality,
    bytes: 14_680_064 + place * 4096,
    receivedAt: summary.lastInstanceAt,
    callingAeTitle: 'DX_ROOM_2',
    scores: lateral ? [] : summary.scores,
    notScored: looked && (lateral || summary.scores.length === 0) ? [{ reason: 'no-fit-view', model: CHEST }] : [],
    quality: looked ? { 'quality.mean': 0.4812, 'quality.contrast': 0.2277 } : {},
  }
}

function deliveriesOf(summary: StudySummary): StudyDetail['deliveries'] {
  const { revision, lastInstanceAt } = summary
  const common = { revision, nextAttemptAt: null, lastError: null, attempts: 1 }
  return [
    { ...common, delivery: 1, destination: 'archive', state: 'accepted', settledAt: lastInstanceAt },
    {
      ...common,
      delivery: 2,
      destination: 'reading-room',
      state: 'pending',
      attempts: 2,
      lastError: 'the destination closed the association (A700 out of resources)',
      nextAttemptAt: minutesAgo(-2),
      settledAt: null,
    },
  ]
}
