import { digestOf } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Prior } from '../priors/index.ts'
import { guardrails } from './guardrails.ts'
import { radiograph, TrialRig } from './testing/rig.ts'

const PERSON = { kind: 'person', id: '1'.repeat(32) } as const
const LOOSE = guardrails.parse({ minimumRuns: 50, maximumErrorPermille: 1000 })
const STRICT = guardrails.parse({ minimumRuns: 1, maximumErrorPermille: 0, maximumLatencyRatioMilli: 1_000_000 })

let rig: TrialRig
beforeEach(async () => {
  rig = new TrialRig()
  await rig.start()
})
afterEach(() => rig.dispose())

const trial = (version: string, role: 'canary' | 'arm' | 'shadow', permille: number, rails = LOOSE): Promise<void> =>
  rig.room.desk.start({ name: 'tiny', version, role, permille, guardrails: rails }, PERSON)
const candidate = (at = 0) => rig.records.deployments.candidates(10)[at]
const settled = async (): Promise<void> => rig.room.shadow.wake()
const use = (revision: { readonly revisionId: number }) => rig.records.deployments.uses(revision.revisionId)[0]

describe('a version beside the one in use', () => {
  beforeEach(async () => {
    await rig.activate(await rig.addVersion('1.0.0', 'sigmoid'))
  })

  it('in the shadow: scores after the result is out, into counts and nowhere else', { timeout: 60_000 }, async () => {
    await rig.addVersion('2.0.0', 'sigmoid')
    await trial('2.0.0', 'shadow', 0)
    await rig.room.shadow.stop()
    const revision = await rig.study({ study: 'one' })
    const before = { results: rig.results(revision), bodies: rig.bodies().length }
    expect(before.results).toEqual(['1.0.0 scored'])
    expect(rig.records.deployments.waitingShadow(candidate()?.candidateId ?? 0)).toBe(1)
    await rig.room.shadow.start()
    await settled()
    const figures = rig.room.counter.figures(candidate()?.candidateId ?? 0)
    expect(figures).toMatchObject({ champion: { runs: 1 }, candidate: { runs: 1, errors: 0, timed: 1 } })
    expect(figures.outputs).toMatchObject([{ code: 'finding', pairs: 1, agreement: 1, psi: 0 }])
    expect(rig.results(revision)).toEqual(before.results)
    expect(rig.bodies()).toHaveLength(before.bodies)
    expect(JSON.stringify(rig.bodies())).not.toContain('"kind":"deployment-statistics"')
    expect(JSON.stringify(rig.bodies().filter(({ kind }) => kind === 'instance-features'))).not.toContain('2.0.0')
  })

  it('in the shadow: its counts leave in cells of eleven and more', { timeout: 120_000 }, async () => {
    await rig.addVersion('2.0.0', 'sigmoid')
    await trial('2.0.0', 'shadow', 0)
    for (let i = 0; i < 11; i += 1) await rig.study({ study: `study ${i}`, instance: i + 1 })
    await settled()
    const bodies = rig.bodies().filter(({ kind }) => kind === 'deployment-statistics')
    const cells = bodies.flatMap((body) => body.cells as { measure: string; count: number }[])
    expect(cells.find(({ measure }) => measure === 'pair')).toMatchObject({ code: 'finding', bin: 3, count: 11 })
    expect(cells.filter(({ count }) => count < 11)).toEqual([])
    expect(bodies[0]).toMatchObject({
      model: { version: '2.0.0' },
      champion: { model: { version: '1.0.0' } },
      role: 'shadow',
    })
  })

  it('in the shadow and hanging: delays no live study, is stopped, and stays stopped', {
    timeout: 60_000,
  }, async () => {
    await rig.addVersion('2.0.0', 'endless', ({ runtime }) => ({ runtime: { ...runtime, timeoutMs: 8000 } }))
    await trial('2.0.0', 'shadow', 0, STRICT)
    const first = await rig.study({ study: 'one' })
    const started = Date.now()
    const shadow = settled()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    let isOver = false
    void shadow.finally(() => {
      isOver = true
    })
    const second = await rig.study({ study: 'two' })
    // The shadow still hangs when the live result is out.
    expect(isOver).toBe(false)
    expect(candidate()?.state).toBe('running')
    await shadow
    expect(Date.now() - started).toBeGreaterThan(8000)
    expect(candidate()).toMatchObject({ state: 'stopped', reason: 'error-rate 1 (limit 0)' })
    expect([...rig.results(first), ...rig.results(second)]).toEqual(['1.0.0 scored', '1.0.0 scored'])
    expect(rig.events()).toEqual([
      'deployment.started success shadow permille-0',
      'deployment.stopped failure shadow error-rate',
    ])
    await rig.restart()
    const third = await rig.study({ study: 'three' })
    await settled()
    expect(use(third)).toMatchObject({ version: '1.0.0', arm: 'champion' })
    expect(candidate()?.state).toBe('stopped')
    rig.room.desk.end('tiny', '2.0.0', PERSON)
    expect(candidate()).toMatchObject({ state: 'ended', reason: 'error-rate 1 (limit 0)' })
  })

  it('as a canary: scores its studies, all their revisions, and says so with each result', {
    timeout: 60_000,
  }, async () => {
    await rig.addVersion('2.0.0', 'sigmoid')
    const before = await rig.study({ study: 'early' })
    await trial('2.0.0', 'canary', 1000)
    const first = await rig.study({ study: 'one' })
    expect(rig.results(first)).toEqual(['2.0.0 scored'])
    expect(use(first)).toMatchObject({
      version: '2.0.0',
      arm: 'canary',
      deploymentId: rig.records.deployments.inForce('tiny'),
    })
    await rig.restart()
    rig.room.desk.share('tiny', '2.0.0', 1, PERSON)
    const later = await rig.study({ study: 'one', instance: 2 })
    expect(later.number).toBe(2)
    expect(rig.results(later)).toEqual(['2.0.0 scored', '2.0.0 scored'])
    // A study that the version in use scored first stays there.
    const again = await rig.study({ study: 'early', instance: 2 })
    expect([...rig.results(before), ...rig.results(again)]).toEqual(['1.0.0 scored', '1.0.0 scored', '1.0.0 scored'])
    await settled()
    // The version in use ran afterwards on what the canary had scored, to compare them.
    expect(rig.room.counter.figures(candidate()?.candidateId ?? 0)).toMatchObject({
      candidate: { runs: 2 },
      champion: { runs: 1 },
      outputs: [{ pairs: 2, agreement: 1 }],
    })
    expect(rig.results(later)).toEqual(['2.0.0 scored', '2.0.0 scored'])
  })

  it('as a canary that fails: the version in use scores instead, and has the whole share again', {
    timeout: 60_000,
  }, async () => {
    await rig.addVersion('2.0.0', 'not-a-number')
    await trial('2.0.0', 'canary', 1000, STRICT)
    const first = await rig.study({ study: 'one' })
    expect(rig.results(first)).toEqual(['1.0.0 scored'])
    expect(use(first)).toMatchObject({ version: '1.0.0', arm: 'champion' })
    expect(JSON.parse(use(first)?.inputs ?? '{}')).toMatchObject({ failed: { version: '2.0.0', reason: 'not-finite' } })
    expect(candidate()).toMatchObject({ state: 'stopped', slots: '[]' })
    expect(rig.room.inForce.choose({ studyId: 99, studyInstanceUid: '1.2.3' })).toMatchObject([{ arm: 'champion' }])
  })

  it('that disagrees is stopped by what the comparison afterwards shows', { timeout: 60_000 }, async () => {
    await rig.addVersion('2.0.0', 'sigmoid', ({ outputs }) => ({
      outputs: outputs.map((one) => ({ ...one, operatingPoint: { ...one.operatingPoint, thresholdMilli: 999 } })),
    }))
    await trial('2.0.0', 'canary', 1000, STRICT)
    await rig.study({ study: 'one' })
    expect(candidate()?.state).toBe('running')
    await settled()
    expect(candidate()).toMatchObject({ state: 'stopped', reason: 'agreement of finding 0 (limit 0.9)' })
    const next = await rig.study({ study: 'one', instance: 2 })
    expect(use(next)).toMatchObject({ version: '1.0.0', arm: 'champion' })
  })

  it('runs only when it was verified here as approved, and only as long as that holds', {
    timeout: 60_000,
  }, async () => {
    await rig.addVersion('2.0.0', 'sigmoid', undefined, false)
    for (const role of ['canary', 'arm', 'shadow'] as const) {
      await expect(trial('2.0.0', role, role === 'shadow' ? 0 : 100)).rejects.toMatchObject({
        code: 'version-not-approved',
      })
    }
    await expect(rig.room.desk.promote('tiny', '2.0.0', PERSON)).rejects.toMatchObject({ code: 'version-not-approved' })
    await expect(trial('9.0.0', 'shadow', 0)).rejects.toMatchObject({ code: 'version-unknown' })
    const row = await rig.addVersion('3.0.0', 'sigmoid')
    await trial('3.0.0', 'canary', 1000)
    rig.records.models.setState(row.digest, 'refused', 'recalled', Date.now())
    const revision = await rig.study({ study: 'one' })
    expect(rig.results(revision)).toEqual(['1.0.0 scored'])
    expect(candidate()).toMatchObject({ state: 'stopped', reason: 'not-approved' })
  })

  it('is promoted by a person; what ran beside the old one ends', { timeout: 60_000 }, async () => {
    await rig.addVersion('2.0.0', 'sigmoid')
    await rig.addVersion('3.0.0', 'sigmoid')
    await trial('2.0.0', 'canary', 100)
    await trial('3.0.0', 'arm', 200)
    await expect(trial('3.0.0', 'shadow', 0)).rejects.toMatchObject({ code: 'version-running' })
    expect(rig.library.waitsForPerson('tiny')).toBe(true)
    await rig.room.desk.promote('tiny', '2.0.0', PERSON)
    expect(rig.library.active().map(({ model }) => model.version)).toEqual(['2.0.0'])
    expect([candidate(0)?.state, candidate(1)?.state]).toEqual(['ended', 'promoted'])
    expect(rig.events().at(-1)).toBe('deployment.promoted success release-1')
    const revision = await rig.study({ study: 'one' })
    expect(use(revision)).toMatchObject({ version: '2.0.0', arm: 'champion' })
    await rig.room.desk.promote('tiny', '1.0.0', PERSON)
    expect(rig.library.active().map(({ model }) => model.version)).toEqual(['1.0.0'])
  })
})

describe('series and priors', () => {
  it('gives a model the series that it asks for, and says which', { timeout: 60_000 }, async () => {
    const series = { description: ['frontal'], prefer: 'most-instances' } as const
    await rig.activate(
      await rig.addVersion('1.0.0', 'sigmoid', () => ({ series: { ...series, description: ['frontal'] } })),
    )
    const revision = await rig.study(
      { study: 'one', series: 1, instance: 1, description: 'Chest FRONTAL' },
      { study: 'one', series: 2, instance: 2, description: 'Chest other' },
    )
    expect(rig.results(revision)).toEqual(['1.0.0 scored', '1.0.0 not-scored series-not-selected'])
    const inputs = JSON.parse(use(revision)?.inputs ?? '{}') as { series: string[]; chosen: boolean }
    expect(inputs).toMatchObject({ chosen: true, prior: null })
    expect(inputs.series).toHaveLength(1)
    const none = await rig.study({ study: 'two', series: 3, instance: 3, description: 'Chest other' })
    expect(rig.results(none)).toEqual(['1.0.0 not-scored no-series'])
  })

  const prior = { relevant: { modality: 'DX', maximumAgeDays: 365, count: 2 }, required: true }
  const wiring = ({
    graphs,
  }: {
    graphs: { id: string; file: string; inputs: Record<string, string>; outputs: string[] }[]
  }) => ({
    graphs: graphs.map((graph) =>
      graph.id === 'backbone' ? { ...graph, inputs: { image: '$input', earlier: '$prior' } } : graph,
    ),
  })

  /** Holds one fetched prior with this object. */
  function holdPrior(bytes: Uint8Array): void {
    const digest = digestOf(bytes)
    const object = {
      sopInstanceUid: '1.9.1',
      sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
      transferSyntaxUid: '',
      digest,
      bytes: bytes.length,
    }
    const row: Prior = {
      priorId: 7,
      studyInstanceUid: '1.9',
      source: 'archive',
      studyDate: '20251105',
      modalities: 'DX',
      state: 'whole',
      reason: null,
      instances: 1,
      bytes: bytes.length,
      objects: [object],
    }
    rig.priors = { priorsOf: () => [row], read: async () => Buffer.from(bytes) }
  }

  it('gives a model the image of an earlier study through the same gate, and says which', {
    timeout: 60_000,
  }, async () => {
    await rig.activate(await rig.addVersion('1.0.0', 'sigmoid', (manifest) => ({ ...wiring(manifest), priors: prior })))
    holdPrior(radiograph({ study: 'earlier', studyDate: '20251105' }))
    const revision = await rig.study({ study: 'one' })
    expect(rig.results(revision)).toEqual(['1.0.0 scored'])
    // The same picture twice has no difference, and the sigmoid of nothing is one half.
    expect(rig.records.studies.scores(revision.revisionId)[0]?.value).toBeCloseTo(0.5, 5)
    const inputs = JSON.parse(use(revision)?.inputs ?? '{}') as { prior: { priorId: number; study: string } }
    expect(inputs.prior.priorId).toBe(7)
    expect(inputs.prior.study).toMatch(/^2\.25\.\d+$/)
  })

  it('does not score without one where the model needs it, and never takes one of another patient', {
    timeout: 60_000,
  }, async () => {
    await rig.activate(await rig.addVersion('1.0.0', 'sigmoid', (manifest) => ({ ...wiring(manifest), priors: prior })))
    expect(rig.results(await rig.study({ study: 'one' }))).toEqual(['1.0.0 not-scored no-prior'])
    holdPrior(radiograph({ study: 'earlier', studyDate: '20251105', patient: 'SOMEBODY-ELSE' }))
    expect(rig.results(await rig.study({ study: 'two' }))).toEqual(['1.0.0 not-scored no-prior'])
  })

  it('gives zeros where the model can do without, and says why there was none', { timeout: 60_000 }, async () => {
    const optional = { ...prior, required: false }
    await rig.activate(
      await rig.addVersion('1.0.0', 'sigmoid', (manifest) => ({ ...wiring(manifest), priors: optional })),
    )
    const revision = await rig.study({ study: 'one' })
    expect(rig.results(revision)).toEqual(['1.0.0 scored'])
    expect(rig.records.studies.scores(revision.revisionId)[0]?.value).toBeGreaterThan(0.55)
    expect(JSON.parse(use(revision)?.inputs ?? '{}')).toMatchObject({ prior: null, noPrior: 'none-relevant' })
  })
})
