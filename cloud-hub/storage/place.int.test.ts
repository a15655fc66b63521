import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { moveHubDatabase } from './move/index.ts'
import { placeFileOf, readPlace, settlePlace, writePlace } from './place.ts'

const URL = 'postgresql://leadglass@db.example/leadglass'
const OTHER = 'postgresql://leadglass@db.example/other'

describe('where a hub has its records', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-place-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is its own file until the folder says otherwise, whatever a configuration leaves out', async () => {
    expect(readPlace(folder)).toEqual({ kind: 'sqlite', path: join(folder, 'hub.db') })
    await writePlace(folder, URL)
    await settlePlace(folder, { kind: 'sqlite' })
    expect(readPlace(folder)).toEqual({ kind: 'postgres', url: URL })
  })

  it('is what the configuration of a new hub says', async () => {
    await settlePlace(folder, { kind: 'postgres', url: URL })
    expect(readPlace(folder)).toEqual({ kind: 'postgres', url: URL })
    await settlePlace(folder, { kind: 'postgres', url: URL })
    const elsewhere = { code: 'other-database' }
    await expect(settlePlace(folder, { kind: 'postgres', url: OTHER })).rejects.toMatchObject(elsewhere)
    await expect(settlePlace(folder, { kind: 'postgres-inbox', url: URL })).rejects.toMatchObject(elsewhere)
  })

  it('is never an empty database beside records that are there', async () => {
    await writeFile(join(folder, 'hub.db'), 'records')
    await expect(settlePlace(folder, { kind: 'postgres', url: URL })).rejects.toMatchObject({ code: 'not-moved' })
    expect(existsSync(placeFileOf(folder))).toBe(false)
  })

  it('does not move without its inbox', async () => {
    await writeFile(join(folder, 'hub.db'), 'records')
    await settlePlace(folder, { kind: 'postgres-inbox', url: URL })
    const moved = moveHubDatabase({ folder, to: { kind: 'postgres', url: OTHER }, migrations: [] })
    await expect(moved).rejects.toMatchObject({ code: 'inbox-elsewhere' })
  })

  it('is not read from a file that says something else', async () => {
    await writeFile(
      placeFileOf(folder),
      JSON.stringify({ schema: 'leadglass.hub-database/1', url: 'file:///etc/passwd' }),
    )
    expect(() => readPlace(folder)).toThrow()
  })
})
