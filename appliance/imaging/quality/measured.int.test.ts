import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Answers, measureQuality, precisionAndRecall } from './testing/measure.ts'
import { RADIOGRAPHS } from './testing/radiographs.ts'

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'quality-measured.md')

const NAMES = {
  inversion: 'Photometric inversion',
  marker: 'Side marker',
  collimation: 'Collimation (share within 0.03)',
  exactDuplicates: 'Same pixels',
  nearDuplicates: 'Radiographs that look the same',
} as const

describe.skipIf(RADIOGRAPHS === undefined)('judgements on radiographs [needs ../shared/data/cxr-nih]', () => {
  it('are as good as docs/quality-measured.md says', async () => {
    const measured = await measureQuality()
    const row = (name: string, answers: Answers): string => {
      const { precision, recall } = precisionAndRecall(answers)
      const { truePositives, falsePositives, falseNegatives, trueNegatives } = answers
      const counts = [truePositives, falsePositives, falseNegatives, trueNegatives].join(' | ')
      return `| ${name} | ${precision.toFixed(3)} | ${recall.toFixed(3)} | ${counts} |`
    }
    for (const [key, least] of [
      ['inversion', 0.98],
      ['marker', 0.9],
      ['collimation', 0.95],
      ['nearDuplicates', 0.95],
    ] as const) {
      const { precision, recall } = precisionAndRecall(measured[key])
      expect(precision, key).toBeGreaterThanOrEqual(least)
      expect(recall, key).toBeGreaterThanOrEqual(least)
    }
    const rows = Object.entries(NAMES).map(([key, name]) => row(name, measured[key as keyof typeof NAMES]))
    const page = `# How far the judgements about quality can be trusted

Written by \`appliance/imaging/quality/measured.int.test.ts\` from the 343 radiographs of NIH ChestX-ray14 in the shared data
(256 x 256, 8 bits); \`vitest run --project int appliance/imaging/quality -u\` writes it again.

| judgement | precision | recall | right yes | wrong yes | wrong no | right no |
|---|---|---|---|---|---|---|
${rows.join('\n')}

- Inversion: 195 images of patients on whom the classifier was not trained, each as it is and black for white.
- Side marker: 72 images looked at by one person; 71 show a marker. The negatives are that one image and the 71 with
  everything near the border blurred, which is easier than images that never had a marker.
- Collimation: black shutters of known depth put on images without borders; mean error of the share ${measured.collimation.meanError.toFixed(4)}.
  Real shutters may be tilted or soft, and those are missed.
- Same pixels: every image against its copy, against itself changed in brightness, and against all others. The wrong yes, where
  there is one, is two files of the data set with equal pixels.
- Look the same: every image against itself a tenth brighter with seven bits (yes) and against all others (no).
`
    await expect(page).toMatchFileSnapshot(PAGE)
  }, 120_000)
})
