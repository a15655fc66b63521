import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { initialiseHub } from '@leadglass/cloud-hub/commands'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDatabase } from '../../cloud-hub/testing/databases.ts'
import { postgresPrograms, startTestPostgres, type TestPostgres } from '../../cloud-hub/testing/postgres.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')
const programs = await postgresPrograms()

describe.skipIf(programs === undefined)('leadglass hub move-database', () => {
  let server: TestPostgres | undefined
  let data: string
  beforeAll(async () => {
    server = await startTestPostgres(programs ?? '')
    data = await mkdtemp(join(tmpdir(), 'leadglass-move-'))
    await initialiseHub({ folder: layoutOf(data).hub.folder, names: ['localhost'] })
  })
  afterAll(async () => {
    await server?.stop()
    await rm(data, { recursive: true, force: true })
  })
  const move = (...args: readonly string[]) =>
    spawnSync(process.execPath, [CLI, 'hub', 'move-database', '--data', data, '--json', ...args], { encoding: 'utf8' })

  it('moves a hub there and back, and says how many rows', () => {
    const url = addDatabase(server?.url ?? '')
    const there = move('--to', 'postgres', '--url', url)
    expect(there.status, there.stderr).toBe(0)
    const report = JSON.parse(there.stdout) as { rows: number; tables: { table: string; rows: number }[] }
    expect(report).toMatchObject({ from: 'sqlite', to: 'postgres' })
    expect(report.tables.find(({ table }) => table === 'account')?.rows).toBe(4)
    expect(there.stderr).toContain('moving the records')
    const again = move('--to', 'postgres', '--url', url)
    expect(again.status).not.toBe(0)
    expect(again.stderr).toContain('already')
    const back = move('--to', 'sqlite')
    expect(JSON.parse(back.stdout)).toMatchObject({ from: 'postgres', to: 'sqlite', rows: report.rows })
    expect(existsSync(join(layoutOf(data).hub.folder, 'hub.db'))).toBe(true)
  })

  it('takes no password, and no address that does not fit', () => {
    const withPassword = move('--to', 'postgres', '--url', 'postgresql://hub:secret@db.example/hub')
    expect(withPassword.status).not.toBe(0)
    expect(withPassword.stderr).toContain('PGPASSFILE')
    expect(withPassword.stderr).not.toContain('moving')
    expect(move('--to', 'postgres').status).not.toBe(0)
    expect(move('--to', 'sqlite', '--url', 'postgresql://hub@db.example/hub').status).not.toBe(0)
  })
})
