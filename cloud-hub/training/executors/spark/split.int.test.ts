import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pythonPeer } from '../../../../installer/testing/peers.ts'
import { youdenThresholdMilli } from '../../math/calibration.ts'
import { thresholdBy } from '../../operating-points.ts'
import { foldOfPatient, heldOutPatients } from '../../partition.ts'

const PYTHON = pythonPeer()

/** Calls the script's own functions, without Spark. */
const SCRIPT = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import numpy as np
import fit_head
told = json.load(sys.stdin)
scores, labels = np.array(told["scores"]), np.array(told["labels"])
print(json.dumps({
  "held": sorted(fit_head.held_out_patients(told["positive"], 0.3, told["seed"])),
  "folds": fit_head.folds_of(told["positive"], 5, told["seed"]),
  "youden": fit_head.youden_threshold_milli(scores, labels),
  "points": [fit_head.threshold_by(point, scores, labels) for point in told["points"]],
}))`

describe.skipIf(PYTHON === undefined)('what Spark’s script decides by itself', () => {
  it.each([1, 2, 3])('is what the hub decides: held-out patients, folds, thresholds (%i)', (seed) => {
    const cases = Array.from({ length: 400 }, (_, i) => {
      const site = `box-0${(i % 3) + 1}`
      return {
        patient: `${site}/${randomUUID().replaceAll('-', '')}`,
        site,
        label: i % (seed + 2) === 0 ? 1 : 0,
      } as const
    })
    const scores = cases.map(({ label }, i) => ((i * 7919) % 1000) / 1300 + label * 0.2)
    const labels = cases.map(({ label }) => label)
    const points = [
      { kind: 'sensitivity-at-least', share: 0.9 },
      { kind: 'specificity-at-least', share: 0.95 },
      { kind: 'sensitivity-at-least', share: 1 },
    ] as const
    const told = {
      positive: Object.fromEntries(cases.map(({ patient, label }) => [patient, label === 1])),
      scores,
      labels,
    }
    const out = execFileSync(PYTHON ?? '', ['-c', SCRIPT, join(import.meta.dirname)], {
      input: JSON.stringify({ ...told, points, seed: `seed ${seed}` }),
      encoding: 'utf8',
    })
    expect(JSON.parse(out)).toEqual({
      held: [...heldOutPatients(cases, 0.3, `seed ${seed}`)].sort(),
      folds: Object.fromEntries(foldOfPatient(cases, 5, `seed ${seed}`)),
      youden: youdenThresholdMilli(scores, labels),
      points: points.map((rule) => Math.round(thresholdBy(rule, scores, labels) * 1000)),
    })
  })
})
