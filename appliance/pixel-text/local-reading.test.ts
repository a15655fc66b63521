import { describe, expect, it } from 'vitest'
import { dataSetOf } from '../imaging/index.ts'
import { doubtAbout } from './local-reading.ts'
import type { PixelText } from './pixel-reader.ts'

const identifiers = { names: ['MUELLER'], ids: [], birthDates: [], uids: [], places: [], raw: [] }

function reader(...lines: readonly (readonly [string, number])[]) {
  const asked: number[] = []
  return {
    asked,
    read: async (_: string, most = 0): Promise<PixelText> => {
      asked.push(most)
      const box = { left: 0, top: 0, width: 9, height: 9 }
      return {
        kind: 'read',
        frames: 1,
        framesRead: 1,
        lines: lines.map(([text, confidence]) => ({ frame: 0, text, confidence, box })),
      }
    },
  }
}

const object = (risk: 'none' | 'risky-class' | 'declared') => ({
  file: 'x',
  risk,
  identifiers,
  original: dataSetOf([]),
})

describe('pixels that stay in the box', () => {
  it('are read as the table of risks says', async () => {
    const { asked, read } = reader()
    for (const risk of ['none', 'risky-class', 'declared'] as const) await doubtAbout(object(risk), { read })
    expect(asked).toEqual([8, Number.MAX_SAFE_INTEGER])
  })

  it('block what would be told about them by an identifier, a pattern or what cannot be made out, and by nothing else', async () => {
    const answers = [
      reader(['MUELLER', 0.9]),
      reader(['1/2/1999', 0.9]),
      reader(['', 0]),
      reader(['XYLOFON', 0.9], ['LEFT', 0.9]),
    ].map((one) => doubtAbout(object('declared'), one))
    expect(await Promise.all(answers)).toEqual([
      'identifier-in-pixels',
      'pattern-in-pixels',
      'text-not-made-out',
      undefined,
    ])
  })

  it('block it when they cannot be read', async () => {
    const read = async (): Promise<PixelText> => ({ kind: 'doubt', reason: 'crashed', detail: '' })
    expect(await doubtAbout(object('risky-class'), { read })).toBe('crashed')
  })
})
