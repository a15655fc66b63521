import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { device, featuresBody, payloadOf, sealAll } from '../testing/device.ts'
import { PayloadError } from './errors.ts'
import { parsePayload } from './payload.ts'

const BOX = device('box-01')

/** What came of a payload: the batch, or the code under which it was refused. Any other failure is a defect. */
async function outcome(payload: Uint8Array): Promise<string> {
  try {
    return (await parsePayload(BOX, payload)).batch
  } catch (error) {
    if (error instanceof PayloadError) return error.code
    throw error
  }
}

describe('hostile payloads', () => {
  it('end in a code, whatever their bytes are', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => void (await outcome(bytes))))
  })

  it('end in a code, whatever their JSON is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await outcome(gzipSync(JSON.stringify(value)))).toBe('payload-not-a-batch')
      }),
    )
  })

  it('never let an envelope through that was changed in one member', async () => {
    const [good] = sealAll(BOX, [featuresBody(3)])
    const paths = ['epoch', 'sequence', 'stream', 'digest', 'schema', 'body'] as const
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, value) => {
        const changed = { ...good, [path]: value }
        if (JSON.stringify(changed) === JSON.stringify(good)) return
        const { envelopes } = await parsePayload(BOX, payloadOf([changed]))
        expect(envelopes).toEqual([])
      }),
    )
  })

  it('are stopped at the inflated size, not after it', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000))
    const before = process.memoryUsage().arrayBuffers
    expect(await outcome(bomb)).toBe('payload-inflates-too-far')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  })

  it('may not carry an embedding that would be stored as another one', async () => {
    const body = featuresBody(1)
    for (const embedding of [
      'AAAAAA==',
      'AAAAAB==',
      Buffer.from(new Float32Array([Number.NaN]).buffer).toString('base64'),
    ]) {
      const [sealed] = sealAll(BOX, [{ ...body, embedding }])
      const { refused } = await parsePayload(BOX, payloadOf([sealed]))
      expect(refused.map((one) => one.code)).toEqual(embedding === 'AAAAAA==' ? [] : ['schema'])
    }
  })
})
