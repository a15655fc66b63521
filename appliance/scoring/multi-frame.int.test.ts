import type { ModelPackage } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Execution } from './index.ts'
import { probeProviders } from './providers.ts'
import { framesObject, writeCinePackage } from './testing/cine.ts'
import { ScoringRoom } from './testing/scoring-room.ts'

const US_MULTI_FRAME = '1.2.840.10008.5.1.4.1.1.3.1'

/** Flat frames, one for each value. */
function cine(values: readonly number[]): Uint8Array {
  return framesObject({ sopClass: US_MULTI_FRAME, modality: 'US' }, values, (frame, value) => frame.fill(value))
}

describe('a model of several frames', () => {
  let room: ScoringRoom
  let model: ModelPackage

  beforeAll(async () => {
    room = await ScoringRoom.open()
    model = await writeCinePackage(room.models, { quality: [{ figure: 'quality.clipped-high', maximum: 0.5 }] })
  })
  afterAll(() => room.close())

  async function score(values: readonly number[], execution?: Execution) {
    const file = await room.write(`${values.join('-')}.dcm`, cine(values))
    const pool = room.pool({ ...(execution === undefined ? {} : { execution }) })
    await pool.start()
    const { folder: packageFolder, model: reference } = model
    return pool.score({ jobId: 'cine', packageFolder, model: reference, files: [file], timeoutMs: 30_000 })
  }

  it('looks at frames spread over the object, and the largest score stands for it', async () => {
    // Of nine frames in three parts the second, fifth and eighth: 20, 50, 80.
    const outcome = await score([10, 20, 30, 40, 50, 60, 70, 80, 90])
    if (outcome.kind === 'failed') throw new Error(outcome.detail)
    const [scored] = outcome.instances
    if (scored?.kind !== 'scored') throw new Error('not scored')
    expect(scored.scores[0]?.value).toBeCloseTo(0.8, 5)
    expect(scored.embedding[0]).toBeCloseTo(0.5, 5)
  })

  it('gives its reason for a single frame, and for a clipped one', async () => {
    expect(await score([10])).toMatchObject({ instances: [{ kind: 'not-scored', reason: 'no-fit-frames' }] })
    expect(await score([10, 255, 10])).toMatchObject({ instances: [{ kind: 'not-scored', reason: 'no-fit-quality' }] })
  })

  it('runs on the processor instead of a card that is not there by policy only, and says what ran it', async (context) => {
    const probes = await probeProviders()
    expect(probes.find(({ provider }) => provider === 'cpu')).toMatchObject({ available: true })
    if (probes.some(({ provider, available }) => provider === 'cuda' && available))
      return context.skip('a card is there')
    const cuda = { provider: 'cuda', threads: 1 } as const
    expect(await score([10, 20], { ...cuda, cpuFallback: true })).toMatchObject({ kind: 'completed', provider: 'cpu' })
    expect(await score([10, 20], { ...cuda, cpuFallback: false })).toMatchObject({
      kind: 'failed',
      reason: 'package-invalid',
    })
  })
})
