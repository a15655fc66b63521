import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { everyGoalHolds, harnessReport } from '../harness/report.ts'

test('`leadglass deid score --json` prints one report, and the seed that it drew', () => {
  const args = [join(import.meta.dirname, 'main.ts'), 'deid', 'score', '--json']
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const report = harnessReport.parse(JSON.parse(stdout))
  expect(report.name).toBe('deid')
  expect(report.results.find(({ what }) => what === 'seed')?.n).toBeTypeOf('number')
  expect(status).toBe(everyGoalHolds(report) ? 0 : 1)
})
