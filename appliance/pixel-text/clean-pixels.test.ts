import { describe, expect, it } from 'vitest'
import { cleanPixels, type PixelObject } from './clean-pixels.ts'
import type { CatalogueEntry, DeviceFacts } from './device-catalogue.ts'
import { askCatalogue } from './device-catalogue.ts'
import { LineJudge } from './line-verdict.ts'
import type { FrameLine, MaskBox, NativePixels } from './messages.ts'

const DEVICE: DeviceFacts = {
  modality: 'US',
  manufacturer: 'ACME',
  model: 'One',
  rows: 100,
  columns: 200,
  imageRegions: [],
}
const KNOWN: CatalogueEntry = {
  name: 'acme-one',
  modality: 'US',
  manufacturer: /^acme$/i,
  mask: [{ left: 0, top: 0, width: 200, height: 10 }],
}

/** A screen on which lines disappear when a mask covers their left upper corner. */
class Screen {
  readonly masks: (readonly MaskBox[])[] = []
  readonly #lines: readonly FrameLine[]
  readonly #stubborn: boolean

  constructor(lines: readonly FrameLine[], stubborn = false) {
    this.#lines = lines
    this.#stubborn = stubborn
  }

  async read(): Promise<{ kind: 'read'; lines: readonly FrameLine[]; frames: number; framesRead: number }> {
    return { kind: 'read', lines: this.#lines, frames: 1, framesRead: 1 }
  }

  async mask(_file: string, _target: string, boxes: readonly MaskBox[]) {
    this.masks.push(boxes)
    const covered = ({ box }: FrameLine): boolean =>
      boxes.some((mask) => mask.box.left <= box.left && mask.box.top <= box.top)
    const lines = this.#stubborn ? this.#lines : this.#lines.filter((line) => !covered(line))
    return { kind: 'masked' as const, pixels: {} as NativePixels, lines }
  }
}

function line(text: string, left = 20, top = 30): FrameLine {
  return { frame: 0, text, confidence: 0.9, box: { left, top, width: 50, height: 10 } }
}

function object(over: Partial<PixelObject> = {}): PixelObject {
  const targets = ['target-1', 'target-2', 'target-3']
  return {
    file: 'x.dcm',
    newTarget: () => targets.shift() ?? 'none',
    risk: 'low',
    device: DEVICE,
    judge: new LineJudge({ words: ['MUELLER'], dates: [] }),
    catalogue: [],
    ...over,
  }
}

describe('cleaning pixels that leave', () => {
  it('lets an object through in which only safe words stand', async () => {
    expect(await cleanPixels(object(), new Screen([line('LEFT KIDNEY')]))).toEqual({
      kind: 'clean',
      counts: { safe: 1 },
    })
  })

  it('masks names, dates and unknown words, leaves safe ones, and keeps no text in its answer', async () => {
    const screen = new Screen([
      line('MUELLER'),
      line('5/25/2011', 60, 60),
      line('XYLOFON', 100, 80),
      line('CINE', 0, 0),
    ])
    const outcome = await cleanPixels(object(), screen)
    expect(outcome).toMatchObject({ kind: 'masked', counts: { identifier: 1, pattern: 1, unknown: 1, safe: 1 } })
    expect(screen.masks[0]).toHaveLength(3)
    expect(JSON.stringify(outcome)).not.toContain('MUELLER')
  })

  it('holds an unknown device of a risky class and proposes what it found', async () => {
    const outcome = await cleanPixels(object({ risk: 'high' }), new Screen([line('MUELLER')]))
    expect(outcome).toMatchObject({ kind: 'hold', reason: 'unknown-device', proposed: [{ frame: 0 }] })
  })

  it('masks where a known device writes, in all frames, even when nothing was read there', async () => {
    const screen = new Screen([])
    const outcome = await cleanPixels(object({ risk: 'high', catalogue: [KNOWN] }), screen)
    expect(outcome).toMatchObject({ kind: 'masked', device: 'acme-one' })
    expect(screen.masks[0]).toEqual([{ frame: null, box: KNOWN.mask[0] }])
  })

  it('holds when text is still there after three rounds', async () => {
    const screen = new Screen([line('MUELLER')], true)
    expect(await cleanPixels(object(), screen)).toMatchObject({ kind: 'hold', reason: 'text-remains' })
    expect(screen.masks).toHaveLength(3)
  })

  it('holds a thumbnail in which it found letters: others may have been missed', async () => {
    const device = { ...DEVICE, rows: 96, columns: 128 }
    const screen = new Screen([line('MUELLER')])
    expect(await cleanPixels(object({ device }), screen)).toMatchObject({ kind: 'hold', reason: 'too-small' })
    expect(await cleanPixels(object({ device }), new Screen([]))).toMatchObject({ kind: 'clean' })
  })

  it('holds a thumbnail of 64 pixels and less whatever it found: whole lines may have been missed', async () => {
    const device = { ...DEVICE, rows: 48, columns: 64 }
    expect(await cleanPixels(object({ device }), new Screen([]))).toMatchObject({ kind: 'hold', reason: 'too-small' })
  })

  it('holds on any doubt of the reader', async () => {
    const doubt = { kind: 'doubt', reason: 'crashed', detail: '' } as const
    const reader = { read: async () => doubt, mask: async () => doubt }
    expect(await cleanPixels(object(), reader)).toMatchObject({ kind: 'hold', reason: 'crashed' })
  })
})

describe('the catalogue of devices', () => {
  const REGIONS: CatalogueEntry = { name: 'declared', modality: 'US', mask: 'outside-image-regions' }

  it('masks around the regions that the device declares', () => {
    const facts = { ...DEVICE, imageRegions: [{ left: 20, top: 10, width: 100, height: 60 }] }
    expect(askCatalogue([REGIONS], facts)).toEqual({
      kind: 'known',
      entry: 'declared',
      boxes: [
        { left: 0, top: 0, width: 200, height: 10 },
        { left: 0, top: 70, width: 200, height: 30 },
        { left: 0, top: 10, width: 20, height: 60 },
        { left: 120, top: 10, width: 80, height: 60 },
      ],
    })
  })

  it('does not know a device that declares no region, or one beyond its picture', () => {
    expect(askCatalogue([REGIONS], DEVICE)).toEqual({ kind: 'unknown' })
    const facts = { ...DEVICE, imageRegions: [{ left: 150, top: 0, width: 100, height: 60 }] }
    expect(askCatalogue([REGIONS], facts)).toEqual({ kind: 'unknown' })
  })

  it('asks manufacturer, model and size of an entry', () => {
    const strict: CatalogueEntry = { ...KNOWN, model: /^two$/i }
    expect(askCatalogue([strict], DEVICE)).toEqual({ kind: 'unknown' })
    expect(askCatalogue([{ ...KNOWN, size: { rows: 1, columns: 1 } }], DEVICE)).toEqual({ kind: 'unknown' })
    expect(askCatalogue([strict, KNOWN], DEVICE)).toMatchObject({ entry: 'acme-one' })
  })
})
