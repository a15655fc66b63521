import type { HeldBatchDetail, HeldBatchList, StudyEgress, StudySummary } from '../../contract/local-api.ts'
import { FakeFailure } from '../fake-service.ts'
import { hex, minutesAgo } from './common.ts'

/** Batches of a site that holds what leaves: two wait, one was refused. */
export class HeldSeeds {
  #batches: HeldBatchDetail[]

  constructor(studies: readonly StudySummary[]) {
    const [one, two] = studies.filter(({ state }) => state === 'scored')
    this.#batches = [
      batch(1, one?.study ?? null, ['instance-features', 'instance-features']),
      batch(2, null, ['drift-counts']),
      {
        ...batch(3, two?.study ?? null, ['instance-features']),
        state: 'refused',
        decidedAt: minutesAgo(12),
        decidedBy: hex('admin', 32),
        reason: 'sent by mistake',
        envelopes: [],
      },
    ]
  }

  list(empty: boolean): HeldBatchList {
    const batches = empty ? [] : this.#batches.map(({ envelopes, ...rest }) => rest)
    const count = (state: HeldBatchDetail['state']): number =>
      batches
        .filter((one) => one.state === state)
        .reduce((sum, { kinds }) => sum + Object.values(kinds).reduce((a, b) => a + b, 0), 0)
    const totals = { waiting: count('waiting'), released: count('released'), refused: count('refused') }
    return { hold: true, holdStreams: ['labels', 'drift', 'features'], totals, batches }
  }

  detail(name: string): HeldBatchDetail {
    const found = this.#batches.find((one) => one.batch === name)
    if (found === undefined) throw new FakeFailure(404, 'batch-unknown')
    return found
  }

  decide(name: string, digest: string, state: 'released' | 'refused', reason: string | null): { envelopes: number } {
    const found = this.detail(name)
    if (found.digest !== digest) throw new FakeFailure(409, 'batch-changed')
    const envelopes = found.envelopes.length
    this.#batches = this.#batches.map((one) =>
      one === found ? { ...one, state, reason, decidedAt: minutesAgo(0), decidedBy: hex('a', 32), envelopes: [] } : one,
    )
    return { envelopes }
  }
}

function batch(place: number, study: string | null, kinds: readonly string[]): HeldBatchDetail {
  const counted: Record<string, number> = {}
  for (const kind of kinds) counted[kind] = (counted[kind] ?? 0) + 1
  return {
    batch: `00000000-0000-4000-8000-00000000000${place}`,
    study,
    state: 'waiting',
    kinds: counted,
    digest: hex(`batch ${place}`, 64),
    openedAt: minutesAgo(30 + place),
    decidedAt: null,
    decidedBy: null,
    reason: null,
    envelopes: kinds.map((kind, instance) => ({
      stream: study === null ? 'drift' : 'features',
      kind,
      body: { kind, ...(study === null ? { month: '2026-11' } : { study, instance }) },
    })),
  }
}

/** A study before and after. */
export function seedStudyEgress(study: StudySummary): StudyEgress {
  const field = (name: string, before: string, after: string | null, fieldClass: string) => ({
    name,
    before,
    after,
    fieldClass: after === null ? null : fieldClass,
  })
  return {
    study: study.study,
    fields: [
      field("Patient's Name (0010,0010)", study.patientName, null, ''),
      field('Patient ID (0010,0020)', study.patientId, hex(study.patientId, 32), 'pseudonym'),
      field("Patient's Birth Date (0010,0030)", study.patientBirthDate, '60 to 69', 'decade'),
      field('Study Date (0008,0020)', study.studyDate, '2019-07', 'month'),
      field('Accession Number (0008,0050)', study.accessionNumber, null, ''),
    ],
    withheld: {},
    waiting: [],
    envelopes: [],
  }
}
