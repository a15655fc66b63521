import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeQaPhantoms } from '../training/write-qa-phantoms.ts'
import { qaPhantomDicom } from './phantom-dicom.ts'
import { drawQaPhantom, QA_PHANTOM_SIDE, qaPhantomTruth, renderQaPhantom } from './render-qa-phantom.ts'

const GOOD = { contrast: 1, blur: 0.3, noise: 0.008 }

function deviation(pixels: Uint16Array, left: number, top: number): number {
  const values = Array.from(
    { length: 400 },
    (_, i) => pixels[(top + Math.floor(i / 20)) * QA_PHANTOM_SIDE + left + (i % 20)] ?? 0,
  )
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

describe('a constancy phantom', () => {
  it('follows from its seed and state alone', () => {
    expect(renderQaPhantom({ seed: 3, ...GOOD })).toEqual(renderQaPhantom({ seed: 3, ...GOOD }))
    expect(renderQaPhantom({ seed: 3, ...GOOD })).not.toEqual(renderQaPhantom({ seed: 4, ...GOOD }))
    const one = qaPhantomDicom({ seed: 3, ...GOOD })
    expect(Buffer.from(one.bytes).equals(qaPhantomDicom({ seed: 3, ...GOOD }).bytes)).toBe(true)
    expect(qaPhantomDicom({ seed: 3, ...GOOD, blur: 1 }).study).not.toBe(one.study)
  })

  it('has the noise and loses the bars that it was asked for', () => {
    const noisy = renderQaPhantom({ seed: 5, contrast: 1, blur: 0, noise: 0.05 })
    expect(deviation(noisy, 40, 180) / 4095).toBeCloseTo(0.05, 2)
    const sharp = renderQaPhantom({ seed: 5, contrast: 1, blur: 0, noise: 0.005 })
    const dull = renderQaPhantom({ seed: 5, contrast: 1, blur: 3, noise: 0.005 })
    expect(deviation(dull, 400, 380)).toBeLessThan(deviation(sharp, 400, 380) / 4)
  })

  it('knows what is true of it: less contrast, more noise or more blur is never better', () => {
    expect(qaPhantomTruth(GOOD)).toMatchObject({ visibleDiscs: 1, deviates: false })
    expect(qaPhantomTruth({ ...GOOD, noise: 0.12 }).visibleDiscs).toBeLessThan(1)
    expect(qaPhantomTruth({ ...GOOD, blur: 2 })).toMatchObject({ deviates: true })
    for (let seed = 1; seed < 200; seed += 1) {
      const state = drawQaPhantom(seed)
      const truth = qaPhantomTruth(state)
      expect(qaPhantomTruth({ ...state, noise: state.noise * 2 }).visibleDiscs).toBeLessThanOrEqual(truth.visibleDiscs)
      expect(qaPhantomTruth({ ...state, blur: state.blur + 1 }).modulation).toBeLessThan(truth.modulation)
    }
  })

  it('is written for training as it is drawn', () => {
    const folder = mkdtempSync(join(tmpdir(), 'qa-phantoms-'))
    try {
      writeQaPhantoms(folder, 7, 2)
      const words = readFileSync(join(folder, 'phantoms.u16'))
      expect(words.readUInt16LE((QA_PHANTOM_SIDE ** 2 + 1000) * 2)).toBe(renderQaPhantom(drawQaPhantom(8))[1000])
      const truth: unknown = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8'))
      expect(truth).toEqual([qaPhantomTruth(drawQaPhantom(7)), qaPhantomTruth(drawQaPhantom(8))])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
