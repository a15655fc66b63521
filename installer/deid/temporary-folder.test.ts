import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeTemporaryFolder } from './temporary-folder.ts'

let parent = ''
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'leadglass-temporary-'))
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

/** Number of a process that has ended. */
function ended(): number {
  return spawnSync(process.execPath, ['--version']).pid
}

it('removes what a killed run left behind, and nothing else', () => {
  const left = join(parent, `leadglass-deid-run-${ended()}-abcdef`)
  const living = join(parent, `leadglass-deid-run-${process.ppid}-abcdef`)
  const foreign = join(parent, 'leadglass-deid-run-of-somebody')
  for (const folder of [left, living, foreign]) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'object'), 'pixels')
  }
  const made = makeTemporaryFolder(parent)
  expect([left, living, foreign, made].map((folder) => existsSync(folder))).toEqual([false, true, true, true])
})

it('does not follow a link that bears the name of such a folder', () => {
  const target = join(parent, 'elsewhere')
  mkdirSync(target)
  writeFileSync(join(target, 'kept'), 'kept')
  const link = join(parent, `leadglass-deid-run-${ended()}-link00`)
  spawnSync('ln', ['-s', target, link])
  makeTemporaryFolder(parent)
  expect(existsSync(join(target, 'kept'))).toBe(true)
})
