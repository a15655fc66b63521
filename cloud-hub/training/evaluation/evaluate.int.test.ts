import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pythonPeer } from '../../../installer/testing/peers.ts'
import { aucWithInterval, compareAuc } from '../math/auc.ts'
import { Z95 } from '../math/normal.ts'
import type { EvaluationCase } from './case-table.ts'
import { evaluateCases } from './evaluate.ts'
import { madeCases } from './testing/made-cases.ts'

const PYTHON = pythonPeer()
const SCRIPT = join(import.meta.dirname, 'testing', 'peer.py')
const POINT = { name: 'in-use', threshold: 0.35, runningThreshold: 0.4, chosenBy: 'the test' }

const pair = z.tuple([z.number(), z.number()])
const share = z.tuple([z.number(), z.number(), z.number(), z.number()])
const paired = z.object({ p: z.number(), mean: pair, only: pair })
const peerSays = z.object({
  auc: pair,
  delong: pair,
  difference: pair,
  averagePrecision: z.number(),
  bootstrap: z.tuple([pair, pair, pair, pair, pair, pair]),
  brier: pair,
  shares: z.record(z.enum(['sensitivity', 'specificity', 'positivePredictiveValue', 'negativePredictiveValue']), share),
  calibration: z.object({ intercept: pair, slope: pair }),
  expectedError: z.number(),
  observedLessPredicted: pair,
  netBenefit: z.array(z.number()),
  sensitivity: paired,
  specificity: paired,
  newcombe: z.tuple([z.number(), z.number(), z.number()]),
  groupAreas: pair,
  stratified: z.number(),
})

function askPeer(cases: readonly EvaluationCase[]): z.infer<typeof peerSays> {
  const input = {
    score: cases.map(({ score }) => score),
    running: cases.map(({ runningScore }) => runningScore),
    label: cases.map(({ label }) => label),
    patient: cases.map(({ patient }) => patient),
    group: cases.map(({ view }) => view),
    firstGroup: 'AP',
    thresholds: [POINT.threshold, POINT.runningThreshold],
  }
  const answer = spawnSync(PYTHON ?? '', [SCRIPT], { input: JSON.stringify(input), encoding: 'utf8' })
  if (answer.status !== 0) throw new Error(answer.stderr)
  return peerSays.parse(JSON.parse(answer.stdout))
}

/** Matches a number that is as good as this one. */
function close(value: number, digits = 9): unknown {
  return expect.closeTo(value, digits)
}

/** An interval that is as wide as a standard error says. */
const within = ([value, deviation]: readonly [number, number], low = Number.NEGATIVE_INFINITY, high = -low) => ({
  value: close(value),
  low: close(Math.max(low, value - Z95 * deviation)),
  high: close(Math.min(high, value + Z95 * deviation)),
})

describe.skipIf(PYTHON === undefined)(
  'an evaluation beside scikit-learn, statsmodels and definitions written out',
  () => {
    for (const kind of [
      { n: 600, seed: 1 },
      { n: 250, seed: 2, casesPerPatient: 3, viewEffect: 1.5 },
      { n: 900, seed: 3, casesPerPatient: 1 },
    ]) {
      it(`agrees on ${kind.n} cases, ${kind.casesPerPatient ?? 1.5} a patient`, { timeout: 240_000 }, () => {
        const cases = madeCases(kind)
        const peer = askPeer(cases)
        const { candidate, comparison, subgroups, shortcuts, decisionCurve } = evaluateCases(cases, [POINT])

        expect(candidate.auc).toMatchObject(within(peer.auc, 0, 1))
        expect(comparison?.auc).toMatchObject(within(peer.difference))
        expect(candidate.brier).toMatchObject(within(peer.brier))
        expect(candidate.calibration.slope).toMatchObject(within(peer.calibration.slope))
        expect(candidate.calibration.intercept).toMatchObject(within(peer.calibration.intercept))
        expect(candidate.calibration.observedLessPredicted).toMatchObject(within(peer.observedLessPredicted))
        expect(candidate.calibration.expectedError).toBeCloseTo(peer.expectedError, 9)
        expect(candidate.averagePrecision.value).toBeCloseTo(peer.averagePrecision, 9)
        for (const name of [
          'sensitivity',
          'specificity',
          'positivePredictiveValue',
          'negativePredictiveValue',
        ] as const) {
          const [value, low, high, n] = peer.shares[name]
          const ends = [value, low, high].map((one) => close(one))
          expect(candidate.points[0]?.[name]).toEqual({ value: ends[0], low: ends[1], high: ends[2], n })
        }
        expect(decisionCurve.map(([, benefit]) => benefit)).toEqual(peer.netBenefit.map((one) => close(one, 5)))
        for (const name of ['sensitivity', 'specificity'] as const) {
          expect(comparison?.points[0]?.[name]).toMatchObject({
            ...within(peer[name].mean, -1, 1),
            p: close(peer[name].p),
            onlyCandidate: peer[name].only[0],
            onlyRunning: peer[name].only[1],
          })
        }
        const group = subgroups.find(({ by, value }) => by === 'view' && value === 'AP')
        const [difference, low, high] = peer.newcombe.map((one) => close(one))
        expect(group?.lessRest.sensitivity).toEqual({ value: difference, low, high })
        expect(group?.figures.auc?.value).toBeCloseTo(peer.groupAreas[0], 9)
        expect(group?.lessRest.auc?.value).toBeCloseTo(peer.groupAreas[0] - peer.groupAreas[1], 9)
        const view = shortcuts.find(({ by }) => by === 'view')
        expect(view?.stratified?.value).toBeCloseTo(peer.stratified, 9)

        // What a bootstrap over patients finds without any formula, within its own error.
        const half = (of: { readonly low: number; readonly high: number }): number => (of.high - of.low) / 2
        const drawn = peer.bootstrap.map(([from, to]) => (to - from) / 2)
        const found = [
          candidate.auc,
          comparison?.auc,
          candidate.averagePrecision,
          comparison?.averagePrecision,
          group?.lessRest.auc,
          view?.drop,
        ]
        for (const [i, one] of found.entries()) {
          const ratio = half(one ?? { low: 0, high: 0 }) / (drawn[i] ?? 1)
          expect(ratio).toBeGreaterThan(0.88)
          expect(ratio).toBeLessThan(1.12)
        }
        // The same figures as the functions that other rooms use.
        const columns = [
          cases.map(({ score }) => score),
          cases.map(({ label }) => label),
          cases.map((one) => one.patient),
        ] as const
        expect(candidate.auc).toEqual(closeEach(aucWithInterval(...columns)))
        const other = cases.map(({ runningScore }) => runningScore ?? 0)
        const { difference: value, ...rest } = compareAuc(columns[0], other, columns[1], columns[2])
        expect(comparison?.auc).toEqual(closeEach({ value, ...rest }))
      })
    }
  },
)

function closeEach(figures: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, close(Number(value))]))
}

describe('the time of an evaluation', () => {
  it('stays below 5 s of one core for 50,000 cases, two models, five axes', { timeout: 60_000 }, () => {
    const cases = madeCases({ n: 50_000, viewEffect: 0.5 }).map((one, i) => ({ ...one, scanner: `scanner ${i % 10}` }))
    const before = process.cpuUsage()
    const { subgroups } = evaluateCases(cases, [POINT, { ...POINT, name: 'other', threshold: 0.6 }])
    const { user, system } = process.cpuUsage(before)
    const seconds = (user + system) / 1e6
    console.info(`50,000 cases, ${subgroups.length} subgroups: ${seconds.toFixed(1)} s of one core`)
    expect(seconds).toBeLessThan(5)
  })
})
