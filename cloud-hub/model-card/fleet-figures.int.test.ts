import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { fleetFigures } from './fleet-figures.ts'

const MODEL = { name: 'chest-radiograph', digest: 'a'.repeat(64) }

describe('figures of the fleet', () => {
  let core: HubCore
  let sequence = 0
  beforeEach(async () => {
    core = await createHubCore()
    core.database
      .prepare(
        "INSERT INTO device (device, enrolled_at, certificate_serial, certificate_not_after) VALUES (?, '', '', '')",
      )
      .run('site-a')
  })
  afterEach(() => core.close())

  function envelope(kind: string): number {
    sequence += 1
    return Number(
      core.database
        .prepare(
          "INSERT INTO envelope_inbox (device, epoch, stream, sequence, kind, digest, received_at) VALUES ('site-a', 1, 's', ?, ?, '', '')",
        )
        .run(sequence, kind).lastInsertRowid,
    )
  }
  function scored(study: string, score: number, digest = MODEL.digest): void {
    const id = envelope('features')
    core.database
      .prepare(
        `INSERT INTO instance_features (envelope, study, patient, revision, instance, modality, view, sex, age_decade, month,
         model_name, model_version, model_digest, embedding, quality)
         VALUES (?, ?, ?, 1, 0, 'DX', 'PA', ?, 40, '2026-11', 'chest-radiograph', '1.1.0', ?, x'', '{}')`,
      )
      .run(id, study, `p-${study}`, study.endsWith('1') ? 'F' : 'M', digest)
    core.database
      .prepare(
        "INSERT INTO instance_scores (envelope, position, code, value, threshold_milli, above) VALUES (?, 0, 'pneumonia', ?, 500, 0)",
      )
      .run(id, score)
  }
  function labelled(study: string, value: string): void {
    core.database
      .prepare(
        `INSERT INTO study_labels (envelope, label, study, patient, revision, finding, value, reader, blind)
         VALUES (?, ?, ?, 'p', 1, 'pneumonia', ?, 'r', 0)`,
      )
      .run(envelope('label'), `l-${sequence}`, study, value)
  }

  it('are none where no label has come', () => {
    scored('s1', 0.9)
    expect(fleetFigures(core.database, MODEL, [])).toMatchObject({
      findings: [],
      drift: { comparisons: 0, window: null },
    })
  })

  it('are counts only where cases are too few, and count the latest reading of each study', () => {
    scored('s1', 0.9)
    scored('s1', 0.2)
    labelled('s1', 'absent')
    labelled('s1', 'present')
    scored('s2', 0.1)
    labelled('s2', 'uncertain')
    scored('s3', 0.1, 'b'.repeat(64))
    labelled('s3', 'absent')
    const [finding] = fleetFigures(core.database, MODEL, []).findings
    expect(finding).toMatchObject({
      finding: 'pneumonia',
      sites: 1,
      studies: 1,
      positives: 1,
      negatives: 0,
      auc: null,
      window: { from: '2026-11', to: '2026-11' },
    })
  })

  it('have intervals and subgroups with their counts where there are enough', () => {
    for (let index = 0; index < 40; index += 1) {
      const present = index % 2 === 0
      scored(`s${index}1`, present ? 0.6 + index / 200 : 0.4 - index / 200)
      labelled(`s${index}1`, present ? 'present' : 'absent')
    }
    const [finding] = fleetFigures(core.database, MODEL, []).findings
    expect(finding).toMatchObject({
      studies: 40,
      auc: { value: 1 },
      sensitivity: { value: 1 },
      specificity: { value: 1 },
    })
    expect(finding?.sensitivity?.low).toBeLessThan(0.9)
    expect(finding?.subgroups.map((one) => [one.group, one.studies])).toEqual([
      ['sex F', 40],
      ['age 40 to 49', 40],
    ])
  })
})
