import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { harnessReport } from '../harness/report.ts'

test('`leadglass deid score --json` prints one report, and the seed that it drew', () => {
  const args = [join(import.meta.dirname, 'main.ts'), 'deid', 'score', '--json']
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const report = harnessReport.parse(JSON.parse(stdout))
  expect(report.name).toBe('deid')
  expect(report.results.find(({ what }) => what === 'seed')?.n).toBeTypeOf('number')
  // Text that nothing declares stays in pixels, so a goal does not hold.
  expect(status).toBe(1)
})
