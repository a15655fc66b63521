import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeRepository, fakePackage } from './testing/fake-repository.ts'
import { RepositoryServer } from './testing/repository-server.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const CODE = resolve(import.meta.dirname, '..', '..')
const PROGRAM = join(import.meta.dirname, 'testing', 'refresh-process.ts')
const run = promisify(execFile)

let folder = ''
let server: RepositoryServer
let url = ''

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-permission-')))
  const repository = new FakeRepository(NOW)
  repository.list(fakePackage({}))
  repository.publish()
  server = new RepositoryServer(repository.files)
  url = await server.start()
  for (const name of ['pinned', 'state', 'kit']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'pinned', 'root.json'), repository.initialRoot)
  await writeFile(join(folder, 'pinned', 'policy.json'), JSON.stringify(repository.policy))
})

afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs one refresh with write access to these folders only. */
async function refresh(writable: readonly string[]): Promise<string> {
  const flags = [
    '--permission',
    `--allow-fs-read=${CODE}`,
    `--allow-fs-read=${folder}`,
    ...writable.map((name) => `--allow-fs-write=${join(folder, name)}`),
  ]
  const { stdout } = await run(process.execPath, [...flags, PROGRAM, url, folder, String(NOW)])
  return stdout
}

describe('the update client under the permission model', () => {
  it('needs no more than to read the code and to write its own two folders', async () => {
    expect(await refresh(['state', 'kit'])).toBe('verified 1')
    expect(await readdir(join(folder, 'kit', 'blobs'))).toHaveLength(2)
  })

  it('fails with a coded error where it may not write', async () => {
    await expect(refresh(['state'])).rejects.toThrow(/kit-not-writable/)
    expect(await readdir(join(folder, 'kit'))).toEqual([])
  })
})
