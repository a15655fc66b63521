import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { AutomaticExplanations } from './automatic.ts'
import { ExplanationError } from './errors.ts'
import { explainedStudy, PERSON, radiographOf } from './testing/explained-study.ts'

const radiographs = sharedData('cxr-nih/png256')
const why = radiographs === undefined ? ' (no ../shared/data/cxr-nih)' : ''

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'none'
  } catch (error) {
    return error instanceof ExplanationError
      ? `${error.code}${error.detail === undefined ? '' : ` ${error.detail}`}`
      : 'other'
  }
}

describe.skipIf(radiographs === undefined)(`explanations of a real radiograph, by real workers${why}`, () => {
  let study: Awaited<ReturnType<typeof explainedStudy>>
  let files: readonly string[]
  const wanted = (change: object = {}) => ({
    instance: 0,
    model: study.model.digest,
    code: 'pneumonia',
    frame: null,
    method: 'occlusion' as const,
    ...change,
  })
  const madeOf = async (change: object = {}) => {
    const made = await study.desk.make(1, wanted(change), PERSON)
    if (made.kind !== 'made') throw new Error(made.reason)
    return made
  }
  const spoil = (sql: string, ...values: unknown[]) => study.held.records.database.prepare(sql).run(...values)

  beforeAll(async () => {
    study = await explainedStudy()
    files = (await readdir(radiographs ?? '')).filter((name) => name.endsWith('.png')).toSorted()
    await study.add(await radiographOf(join(radiographs ?? '', files[0] ?? '')), 1)
    await study.add(await radiographOf(join(radiographs ?? '', files[1] ?? '')), 2)
  })
  afterAll(async () => {
    await study.dispose()
  })

  it('are the same map every time, bound to image, frame, score and model', async () => {
    const made = await madeOf()
    const { explanation, row, result } = made
    if (explanation.content.method !== 'occlusion') throw new Error('no map')
    expect(explanation.content.values).toHaveLength(14 * 14)
    expect(Math.max(...explanation.content.values)).toBeGreaterThan(0)
    expect(explanation).toMatchObject({
      instanceId: 1,
      frame: 0,
      imageRows: 256,
      imageColumns: 256,
      model: { digest: study.model.digest, version: '1.0.0' },
    })
    expect(Math.abs(explanation.score - result.score)).toBeLessThan(1e-6)
    expect((await madeOf()).row.explanationId, 'kept, not made again').toBe(row.explanationId)
    spoil('DELETE FROM explanation')
    expect((await madeOf()).row.contentDigest, 'no number in it is drawn at random').toBe(row.contentDigest)
    expect(study.events.filter(({ event }) => event === 'explanation.made')).toHaveLength(2)
  })

  it('take the log odds of the linear head apart, to the last millionth', async () => {
    const { explanation } = await madeOf({ method: 'attribution' })
    const { content } = explanation
    if (content.method !== 'linear') throw new Error(content.method)
    expect(content.contributions).toHaveLength(study.model.manifest.embedding.length)
    const sum = content.contributions.reduce((total, value) => total + value, content.expected)
    expect(Math.abs(sum - content.total)).toBeLessThan(1e-9)
    expect(content.link).toEqual(['Sigmoid'])
    expect(Math.abs(1 / (1 + Math.exp(-sum)) - explanation.score)).toBeLessThan(1e-6)
  })

  it('are read by whoever says what they look at, and refused for anything else', async () => {
    const { row, explanation, result } = await madeOf()
    const read = (shown: object) => codeOf(() => study.desk.read(1, row.explanationId, shown, PERSON))
    const all = {
      instance: 0,
      frame: 0,
      code: 'pneumonia',
      model: study.model.digest,
      pixels: explanation.pixelDigest,
    }
    expect(await read({})).toBe('none')
    expect(await read(all)).toBe('none')
    const other = await madeOf({ instance: 1 })
    expect(await read({ ...all, pixels: other.explanation.pixelDigest }), 'another image').toBe(
      'explanation-mismatch image',
    )
    expect(await read({ ...all, instance: 1 })).toBe('explanation-mismatch instance')
    expect(await read({ ...all, frame: 1 }), 'the map of another frame').toBe('explanation-mismatch frame')
    expect(await read({ ...all, model: 'f'.repeat(64) }), 'another model').toBe('explanation-mismatch model')
    expect(await read({ ...all, code: 'effusion' })).toBe('explanation-mismatch code')
    expect(await codeOf(() => study.desk.read(2, row.explanationId, {}, PERSON)), 'another study').toBe(
      'explanation-unknown',
    )
    expect(study.events.at(-1)).toMatchObject({
      event: 'explanation.refused',
      codes: ['explanation-mismatch', 'differs-code', `explanation-${row.explanationId}`, 'asked-occlusion'],
    })
    expect(result.instanceId).not.toBe(other.result.instanceId)
  })

  it('are refused when bytes, image or model were replaced under them, and made anew', async () => {
    const { row } = await madeOf()
    const read = () => codeOf(() => study.desk.read(1, row.explanationId, {}, PERSON))
    const restore = (): void => {
      spoil(
        'UPDATE explanation SET content = ?, content_digest = ? WHERE explanation_id = ?',
        row.content,
        row.contentDigest,
        row.explanationId,
      )
    }
    const changed = Buffer.from(row.content)
    changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1
    spoil('UPDATE explanation SET content = ? WHERE explanation_id = ?', changed, row.explanationId)
    expect(await read()).toBe('explanation-tampered digest')
    restore()

    const other = (await madeOf({ instance: 1 })).row
    spoil(
      'UPDATE explanation SET content = ?, content_digest = ? WHERE explanation_id = ?',
      other.content,
      other.contentDigest,
      row.explanationId,
    )
    expect(await read(), 'the map of another image in its place').toBe('explanation-mismatch result')
    restore()

    spoil("UPDATE instance SET digest = 'replaced' WHERE instance_id = 1")
    expect(await read()).toBe('explanation-mismatch image')
    expect(study.desk.list(1).find((one) => one.row.explanationId === row.explanationId)?.opened).toBeInstanceOf(
      ExplanationError,
    )
    expect(await codeOf(() => madeOf()), 'and nothing is made of what is not there').toBe('object-gone object-gone')
    const digest = [...study.objects.keys()][0]
    spoil('UPDATE instance SET digest = ? WHERE instance_id = 1', digest)
    expect(await read()).toBe('none')

    spoil('UPDATE result SET model_digest = ? WHERE result_id = ?', 'e'.repeat(64), row.resultId)
    expect(await read()).toBe('explanation-mismatch model')
    spoil('UPDATE result SET model_digest = ? WHERE result_id = ?', study.model.digest, row.resultId)
    study.active = []
    spoil('DELETE FROM explanation WHERE explanation_id = ?', row.explanationId)
    expect(await codeOf(() => madeOf())).toBe('explanation-model-gone')
    study.active = [study.model]

    // Under the digest of the record lies another image: its score gives it away.
    const [first = '', second = ''] = [...study.objects.keys()]
    const own = study.objects.get(first) ?? new Uint8Array()
    study.objects.set(first, study.objects.get(second) ?? new Uint8Array())
    expect(await codeOf(() => madeOf())).toBe('explanation-mismatch score')
    study.objects.set(first, own)
    expect((await madeOf()).row.contentDigest).toBe(row.contentDigest)
  })

  it('say so where a score cannot be explained, and do not exist for scores that do not', async () => {
    expect(await codeOf(() => madeOf({ code: 'fracture' }))).toBe('score-unknown')
    expect(await codeOf(() => madeOf({ instance: 9 }))).toBe('score-unknown')
    expect(await codeOf(() => madeOf({ model: 'd'.repeat(64) }))).toBe('score-unknown')
    expect(await study.desk.make(1, wanted({ frame: 3 }), PERSON)).toEqual({
      kind: 'not-explained',
      reason: 'frame-unknown',
    })
  })

  it('are made by themselves for scores above the operating point, when the site wants that', async () => {
    spoil('DELETE FROM explanation')
    spoil('UPDATE score SET above = CASE result_id WHEN 2 THEN 1 ELSE 0 END')
    let isWanted = false
    const automatic = new AutomaticExplanations({
      records: study.held.records,
      desk: study.desk,
      wanted: () => isWanted,
      logger: silentLogger,
    })
    await automatic.start()
    automatic.wake()
    await automatic.stop()
    expect(study.desk.list(1)).toEqual([])
    isWanted = true
    await automatic.start()
    automatic.wake()
    await expect.poll(() => study.desk.list(1).map(({ row }) => row.resultId), { timeout: 30_000 }).toEqual([2])
    await automatic.stop()
    expect(study.desk.list(1)[0]?.row.madeBy).toBe('scoring')
  })

  it('go with the result: a later revision supersedes them, the purge of the study removes them', async () => {
    const { row } = await madeOf()
    await study.add(await radiographOf(join(radiographs ?? '', files[2] ?? '')), 3)
    spoil("UPDATE revision SET assembly = 'complete', processing = 'scored'")
    spoil(
      "INSERT INTO revision (study_id, number, assembly, processing, opened_at, last_instance_at) VALUES (1, 2, 'complete', 'queued', 0, 0)",
    )
    expect(await codeOf(() => study.desk.read(1, row.explanationId, {}, PERSON))).toBe('explanation-superseded')
    expect(await codeOf(() => madeOf()), 'the current revision has no score yet').toBe('score-unknown')
    const { records } = study.held
    records.transaction(() => records.retention.erase({ studyId: 1, instances: 3 }, 'test', 0, 1))
    expect(study.desk.list(1)).toEqual([])
  })
})
