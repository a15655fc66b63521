import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const CHILD = join(import.meta.dirname, 'testing', 'gate-child.ts')

/** LEADGLASS_FULL_SIZE=1: the sizes of the promise; otherwise smaller ones, which would not fit into the bound either. */
const IS_FULL = process.env.LEADGLASS_FULL_SIZE === '1'
const NATIVE_BYTES = IS_FULL ? 2 ** 31 : 400 * 2 ** 20
const FRAMES = IS_FULL ? 10_000 : 2000
const ENHANCED_FRAMES = IS_FULL ? 10_000 : 1200

const MOST_MEBIBYTES = 300
/** The elements of all functional groups are in memory at once, about 40 kB a frame: 10,000 of them break the promise. */
const MOST_MEBIBYTES_ENHANCED = IS_FULL ? 640 : MOST_MEBIBYTES

const figures = z.strictObject({
  outcome: z.string(),
  bytes: z.number(),
  seconds: z.number(),
  peakMebibytes: z.number(),
  longestStallMs: z.number(),
})

const folder = mkdtempSync(join(tmpdir(), 'leadglass-gate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function child(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const gate = spawn(process.execPath, [CHILD, ...args])
    let printed = ''
    gate.stdout.on('data', (piece: Buffer) => {
      printed += piece.toString('utf8')
    })
    gate.on('error', reject)
    gate.on('close', (status) => {
      if (status === 0) resolve(printed)
      else reject(new Error(`the child ended with status ${status}`))
    })
  })
}

async function passed(...args: string[]): Promise<z.infer<typeof figures>> {
  const result = figures.parse(JSON.parse(await child(...args)))
  console.log(args.slice(0, 2).join(' '), result)
  return result
}

describe('objects larger than memory pass the gate', () => {
  test('native pixels', { timeout: 300_000 }, async () => {
    const output = join(folder, 'native.dcm')
    const { outcome, bytes, peakMebibytes } = await passed('native', String(NATIVE_BYTES), output)
    expect(outcome).toBe('passed')
    expect(peakMebibytes).toBeLessThan(MOST_MEBIBYTES)
    expect((await stat(output)).size).toBeGreaterThan(bytes)
    rmSync(output)
  })

  test('a name within the pixels stops the object, and its file is gone', { timeout: 300_000 }, async () => {
    const output = join(folder, 'hidden.dcm')
    expect((await passed('hidden', String(64 * 2 ** 20), output)).outcome).toBe('verify: identifier-found')
    await expect(stat(output)).rejects.toThrow('ENOENT')
  })

  test.each([
    ['make', FRAMES, MOST_MEBIBYTES],
    ['make-enhanced', ENHANCED_FRAMES, MOST_MEBIBYTES_ENHANCED],
  ])('compressed frames with a comment each (%s)', { timeout: 300_000 }, async (form, frames, most) => {
    const [input, output] = [join(folder, `${form}-in.dcm`), join(folder, `${form}.dcm`)]
    await child(form, String(frames), input)
    const { outcome, peakMebibytes } = await passed('file', input, output)
    expect(outcome).toBe('passed')
    expect(peakMebibytes).toBeLessThan(most)
  })
})
