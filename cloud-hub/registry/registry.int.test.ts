import { cp, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readPackage, readVettedPackage } from '@leadglass/models'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSmallPackage, writeSmallPackage } from '../delivery/testing/hub-fixture.ts'
import { repackedPackage, withForeignOperator } from '../model-card/testing/shipped-card.ts'
import { PackageStore } from './package-store.ts'
import { type PackageReader, Registry, SQL_CHILDREN, SQL_VERSION, SQL_VERSIONS } from './registry.ts'
import { REGISTRY_SCHEMA } from './schema.ts'
import { versionState } from './version-state.ts'

const SHIPPED = resolve(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

let folder = ''
let database: Database.Database
let store: PackageStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-registry-'))
  database = openDatabase({
    path: join(folder, 'hub.db'),
    migrations: [{ number: 1, name: 'registry', sql: REGISTRY_SCHEMA }],
  })
  store = new PackageStore({ folder: join(folder, 'packages') })
})

afterEach(async () => {
  database.close()
  await rm(folder, { recursive: true, force: true })
})

function registry(readPackage: PackageReader = readSmallPackage): Registry {
  const clock = new ManualClock(Date.parse('2026-11-22T12:00:00Z'))
  return new Registry({ database, store, clock, readPackage })
}

function small(version: string, releaseCounter: number, parent?: string): Promise<string> {
  return writeSmallPackage(join(folder, 'incoming', version), { version, releaseCounter, ...(parent && { parent }) })
}

describe('Registry', () => {
  it('takes a package in under its digest, read-only, and gives it back', async () => {
    const one = registry()
    const version = await one.importPackage(await small('1.0.0', 1), 'trainer')
    expect(version).toMatchObject({
      model: { name: 'chest-radiograph', version: '1.0.0' },
      author: 'trainer',
      parent: null,
    })
    const at = await one.packageFolder(version.model.digest)
    expect(at.endsWith(version.model.digest)).toBe(true)
    expect((await stat(join(at, 'golden', 'one.json'))).mode & 0o777).toBe(0o444)
    expect((await readSmallPackage(at)).digest).toBe(version.model.digest)
    expect(one.version(version.model.digest)).toEqual(version)
    expect(one.names()).toEqual(['chest-radiograph'])
  })

  it('takes the same package twice, also at once, as one version', async () => {
    const one = registry()
    const source = await small('1.0.0', 1)
    const [first, second] = await Promise.all([
      one.importPackage(source, 'trainer'),
      one.importPackage(source, 'trainer'),
    ])
    expect(first).toEqual(second)
    expect(one.versions('chest-radiograph')).toHaveLength(1)
    expect(await readdir(join(folder, 'packages'))).toEqual([first.model.digest])
  })

  it('refuses other bytes under a version that is taken', async () => {
    const one = registry()
    const source = await small('1.0.0', 1)
    await one.importPackage(source, 'trainer')
    await writeSmallPackage(source, { version: '1.0.0', releaseCounter: 2 })
    await expect(one.importPackage(source, 'trainer')).rejects.toMatchObject({ code: 'version-taken' })
  })

  it('refuses a package with a changed file and leaves nothing behind', async () => {
    const source = await small('1.0.0', 1)
    await writeFile(join(source, 'backbone.onnx'), 'other')
    await expect(registry().importPackage(source, 'trainer')).rejects.toThrow(/has changed/)
    expect(await readdir(join(folder, 'packages')).catch(() => [])).toEqual([])
  })

  it('refuses a package that changes while it is copied', async () => {
    const source = await small('1.0.0', 1)
    let reads = 0
    const reader: PackageReader = async (at) => {
      const read = await readSmallPackage(at)
      reads += 1
      if (reads === 1) await writeFile(join(source, 'backbone.onnx'), 'other')
      return read
    }
    await expect(registry(reader).importPackage(source, 'trainer')).rejects.toThrow(/has changed/)
    expect(await readdir(join(folder, 'packages'))).toEqual([])
  })

  it('removes what an interrupted import left', async () => {
    await registry().importPackage(await small('1.0.0', 1), 'trainer')
    await writeSmallPackage(join(folder, 'packages', '.incoming-x'), { version: '1.0.0', releaseCounter: 1 })
    await store.sweep()
    expect(await readdir(join(folder, 'packages'))).toHaveLength(1)
  })

  it('follows the lineage back and forth, also when it runs in a circle', async () => {
    const one = registry()
    const first = await one.importPackage(await small('1.0.0', 1), 'trainer')
    const second = await one.importPackage(await small('1.1.0', 2, first.model.digest), 'trainer')
    const third = await one.importPackage(await small('1.2.0', 3, second.model.digest), 'trainer')
    expect(one.lineage(third.model.digest).ancestors.map((version) => version.model.version)).toEqual([
      '1.1.0',
      '1.0.0',
    ])
    expect(one.lineage(first.model.digest).children.map((version) => version.model.version)).toEqual(['1.1.0'])
    expect(one.versions('chest-radiograph').map((version) => version.model.version)).toEqual([
      '1.2.0',
      '1.1.0',
      '1.0.0',
    ])
  })

  it('never changes or deletes a version', async () => {
    await registry().importPackage(await small('1.0.0', 1), 'trainer')
    expect(() => database.exec("UPDATE model_version SET author = 'x'")).toThrow(/never changed/)
    expect(() => database.exec('DELETE FROM model_version')).toThrow(/never deleted/)
  })

  it('says when the files of a version are lost', async () => {
    const one = registry()
    const { model } = await one.importPackage(await small('1.0.0', 1), 'trainer')
    await rm(join(folder, 'packages', model.digest), { recursive: true })
    await expect(one.packageFolder(model.digest)).rejects.toMatchObject({ code: 'package-lost' })
    await expect(one.packageFolder('f'.repeat(64))).rejects.toMatchObject({ code: 'unknown-version' })
  })

  it('takes the shipped chest radiograph package with the real reader', async () => {
    const one = registry(readPackage)
    const version = await one.importPackage(SHIPPED, 'trainer')
    expect(version.model.name).toBe('chest-radiograph')
    expect(version.manifest.files.length).toBeGreaterThan(3)
  })

  it('refuses a foreign operator by its name, under a manifest that is right, and keeps nothing', async () => {
    const one = registry(readVettedPackage)
    const hostile = join(folder, 'hostile')
    await repackedPackage(hostile, 'phantom-qa/1.0.0', 'head.onnx', withForeignOperator)
    expect((await readPackage(hostile)).model.name).toBe('phantom-qa')
    await expect(one.importPackage(hostile, 'trainer')).rejects.toMatchObject({
      code: 'graph-refused',
      message: expect.stringMatching(/head\.onnx: the operator PyFunc0 is not allowed/) as unknown,
    })
    const noGraph = join(folder, 'no-graph')
    await repackedPackage(noGraph, 'phantom-qa/1.0.0', 'head.onnx', () => Buffer.from('MZ not a graph'))
    await expect(one.importPackage(noGraph, 'trainer')).rejects.toMatchObject({ code: 'graph-refused' })
    expect(one.names()).toEqual([])
    expect(await readdir(join(folder, 'packages')).catch(() => [])).toEqual([])
  })

  it('refuses the shipped package with a link added, with the real reader', async () => {
    const copy = join(folder, 'copy')
    await cp(SHIPPED, copy, { recursive: true })
    await symlink('/etc/hostname', join(copy, 'extra.json'))
    await expect(registry(readPackage).importPackage(copy, 'trainer')).rejects.toMatchObject({
      code: 'not-a-regular-file',
    })
  })

  it.each([SQL_VERSION, SQL_VERSIONS, SQL_CHILDREN])('answers by index: %s', (sql) => {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all('x') as { detail: string }[]
    expect(plan.map((row) => row.detail).join('; ')).toMatch(/USING (?:COVERING )?(?:INDEX|PRIMARY KEY)/)
  })
})

describe('versionState', () => {
  it('is that of the furthest proposal', () => {
    const base = { author: 'trainer', statements: [], signatures: [] }
    const policy = { minimumApprovals: 2, requiredRoles: [] }
    expect(versionState([], policy)).toBe('candidate')
    const withdrawn = { ...base, submitted: true, closed: 'withdrawn' as const }
    expect(versionState([withdrawn], policy)).toBe('withdrawn')
    expect(versionState([withdrawn, { ...base, submitted: true, closed: null }], policy)).toBe('submitted')
    expect(versionState([{ ...withdrawn, closed: 'published' }, withdrawn], policy)).toBe('published')
  })
})
