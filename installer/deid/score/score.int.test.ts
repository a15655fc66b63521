import { expect, test } from 'vitest'
import { silentProgress } from '../../cli/progress.ts'
import { harnessReport } from '../../harness/report.ts'
import { peer, sharedData } from '../../testing/peers.ts'
import { deidScore } from './run-score.ts'

/** Why a part of the score is not measured here; shown in the test's name. */
const MISSING = [
  ...(sharedData('ps315') === undefined ? ['no rows of table E.1-1: ../shared/data/ps315 is missing'] : []),
  ...(sharedData('dicom') === undefined ? ['no real files: ../shared/data/dicom is missing'] : []),
  ...(peer('dciodvfy') === undefined ? ['no IOD validity: dciodvfy is not installed'] : []),
]
const NOTE = MISSING.length === 0 ? '' : ` (${MISSING.join('; ')})`

test(`the small score: nothing left, nothing lost, every rule missed when it is off${NOTE}`, {
  timeout: 240_000,
}, async () => {
  const harness = deidScore({ full: false, keep: undefined })
  const report = harnessReport.parse(
    await harness.run({ progress: silentProgress, runs: 1, size: undefined, seed: 11 }),
  )
  const value = (name: string): number | undefined => report.checks?.find((check) => check.name === name)?.value
  expect(value('residual hits')).toBe(0)
  expect(value('residual checks n')).toBeGreaterThan(5000)
  expect(value('distances between dates broken')).toBe(0)
  expect(value('rule groups whose loss goes unnoticed')).toBe(0)
  if (sharedData('ps315') !== undefined) expect(value('rows whose loss goes unnoticed')).toBe(0)
  if (peer('dciodvfy') !== undefined) expect(value('objects with IOD errors that the original lacks')).toBe(0)
  expect(value('text in pixels that leaves')).toBe(0)
  // What looks like a letter in an image is masked too: the only thing that is ever lost.
  const failed = report.results.filter(({ part, failed: count }) => part === 'MIDI-B action' && count !== 0)
  expect(failed.filter(({ what }) => what !== 'pixels_retained')).toEqual([])
  expect(value('MIDI-B score of objects that leave, percent')).toBeGreaterThanOrEqual(99.98)
})
