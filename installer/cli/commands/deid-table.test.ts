import { spawnSync } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../testing/peers.ts'

const MAIN = join(import.meta.dirname, '..', 'main.ts')

function leadglass(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
}

async function fileOf(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'leadglass-table-')), 'table.json')
  await writeFile(path, text)
  return path
}

describe('leadglass deid table diff', () => {
  test('ends with status 1 and names what differs', async () => {
    const row = { id: '0018fe7e', name: 'Attribute of a Later Edition', basicProfile: 'D', rtnUIDsOpt: 'K' }
    const { status, stdout } = leadglass('deid', 'table', 'diff', await fileOf(JSON.stringify([row])))
    expect(status).toBe(1)
    expect(stdout).toContain('+ 0018fe7e Attribute of a Later Edition: D 113110K')
    expect(stdout).toContain('1 added, 621 removed, 0 changed since 2024b.')
  })

  test('refuses what is no table', async () => {
    for (const text of ['no JSON', '[]', '{"rows":[]}']) {
      const { status, stderr } = leadglass('deid', 'table', 'diff', await fileOf(text))
      expect([status, stderr.includes('input-invalid')]).toEqual([2, true])
    }
  })

  const published = sharedData('ps315/confidentiality_profile_attributes.json')
  test.skipIf(published === undefined)('says 0 of the pinned edition (skipped where ../shared/data is missing)', () => {
    const { status, stdout } = leadglass('deid', 'table', 'diff', published ?? '', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ edition: '2024b', rows: 621, added: [], removed: [], changed: [] })
  })
})
