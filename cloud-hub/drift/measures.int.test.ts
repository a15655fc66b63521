import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pythonPeer } from '../../installer/testing/peers.ts'
import { chiSquareTail } from './chi-square.ts'
import { kolmogorovSmirnovTail } from './kolmogorov-smirnov.ts'
import { goodnessOfFit, homogeneity, measureCounts, total } from './measures.ts'
import { benjaminiHochberg } from './multiple-testing.ts'

/** Evidently's own functions over samples that stand at the positions of the bins, so that counts say all that they say. */
const PROGRAM = `
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
import pandas.core.dtypes.common as dtypes
# A test of Evidently's own, which is of no use here, imports a private name that pandas 3 has no more.
if not hasattr(dtypes, "infer_dtype_from_object"): dtypes.infer_dtype_from_object = None
from scipy import stats
from evidently.legacy.core import ColumnType
from evidently.legacy.calculations.stattests import psi, jensenshannon, kl_div, hellinger_distance
from evidently.legacy.calculations.stattests import wasserstein_distance_norm, ks_stattest, chisquare_stattest
given = json.load(sys.stdin)
answers = []
for case in given["cases"]:
    r = pd.Series(np.repeat(case["positions"], case["reference"]).astype(float))
    c = pd.Series(np.repeat(case["positions"], case["observed"]).astype(float))
    num, cat = ColumnType.Numerical, ColumnType.Categorical
    table = np.array([case["reference"], case["observed"]])
    answers.append({
        "psi": psi._psi(r, c, num, 0.1)[0],
        "jensenShannon": jensenshannon._jensenshannon(r, c, num, 0.1)[0],
        "kullbackLeibler": kl_div._kl_div(r, c, num, 0.1)[0],
        "hellinger": hellinger_distance._hellinger_distance(r.copy(), c.copy(), cat, 0.1)[0],
        "wasserstein": wasserstein_distance_norm._wasserstein_distance_norm(r, c, num, 0.1)[0],
        "ksP": ks_stattest._ks_stat_test(r, c, num, 0.05)[0],
        "chiSquareP": chisquare_stattest._chi_stat_test(r, c, cat, 0.05)[0],
        "homogeneityP": stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)[1],
    })
adjusted = [list(stats.false_discovery_control(one)) for one in given["families"]]
json.dump({"answers": [{k: float(v) for k, v in one.items()} for one in answers], "adjusted": adjusted}, sys.stdout)
`

const CASES = [
  { positions: [0.05, 0.15, 0.3, 0.5, 0.8], reference: [30, 50, 40, 20, 8], observed: [20, 40, 60, 50, 30] },
  { positions: [1, 2, 3, 4], reference: [100, 0, 40, 8], observed: [60, 3, 0, 137] },
  { positions: [-3, -1, 0, 2, 7, 11], reference: [20, 21, 19, 22, 20, 18], observed: [20, 21, 19, 22, 20, 18] },
  { positions: [0, 1], reference: [400, 600], observed: [431, 569] },
  {
    positions: Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20),
    reference: Array.from({ length: 20 }, (_, i) => 1000 + 40 * i),
    observed: Array.from({ length: 20 }, (_, i) => 1000 + 37 * i + 30 * (i % 3)),
  },
]
const FAMILIES = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.9, 0.0001, 0.04, 1]]

const answer = z.object({
  answers: z.array(z.record(z.string(), z.number())),
  adjusted: z.array(z.array(z.number())),
})

const python = pythonPeer()

describe.skipIf(python === undefined)('beside Evidently and SciPy', () => {
  const run = spawnSync(python ?? '', ['-c', PROGRAM], {
    input: JSON.stringify({ cases: CASES, families: FAMILIES }),
    encoding: 'utf8',
    timeout: 120_000,
  })
  const { answers, adjusted } =
    run.status === 0 ? answer.parse(JSON.parse(run.stdout)) : { answers: [], adjusted: [[]] as number[][] }

  it('runs', () => {
    expect(run.status, run.stderr).toBe(0)
  })

  it.each(CASES.map((one, index) => ({ ...one, index })))(
    'case $index: every measure is the same',
    ({ index, positions, reference, observed }) => {
      const theirs = answers[index] ?? {}
      const ours = measureCounts(reference, observed, positions)
      for (const name of ['psi', 'jensenShannon', 'kullbackLeibler', 'hellinger', 'wasserstein'] as const) {
        expect(Math.abs(ours[name] - (theirs[name] ?? Number.NaN)), name).toBeLessThan(1e-7)
      }
      const [n, m] = [total(reference), total(observed)]
      const limit = n * m > 1_000_000 ? 1e-4 : 1e-9
      expect(Math.abs(kolmogorovSmirnovTail(ours.ks, n, m) - (theirs.ksP ?? Number.NaN))).toBeLessThan(limit)
      const fit = goodnessOfFit(reference, observed)
      expect(Math.abs(chiSquareTail(fit.statistic, fit.degrees) - (theirs.chiSquareP ?? Number.NaN))).toBeLessThan(1e-9)
      const both = homogeneity(reference, observed)
      const p = chiSquareTail(both.statistic, both.degrees)
      expect(Math.abs(p - (theirs.homogeneityP ?? Number.NaN))).toBeLessThan(1e-9)
    },
  )

  it('adjusts for many tests the same way', () => {
    for (const [index, family] of FAMILIES.entries()) {
      const theirs = adjusted[index] ?? []
      expect(benjaminiHochberg(family).map((value, i) => Math.abs(value - (theirs[i] ?? 9)) < 1e-12)).toEqual(
        family.map(() => true),
      )
    }
  })
})
