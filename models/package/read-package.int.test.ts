import { mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { examplePackage } from '../testing/example-package.ts'
import { PackageError } from './errors.ts'
import { readPackage, readPackageFile } from './read-package.ts'
import { writePackage } from './write-package.ts'

let root: string
let folder: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'package-'))
  folder = join(root, 'example')
  await writePackage(folder, examplePackage())
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof PackageError ? error.code : 'accepted'
}

describe('readPackage', () => {
  it('reads what writePackage wrote, and leaves nothing beside it', async () => {
    const read = await readPackage(folder)
    expect(read.model).toEqual({ name: 'example-model', version: '1.0.0', digest: read.digest })
    expect(read.reference.features).toHaveLength(1)
    expect(await readdir(root)).toEqual(['example'])
    const again = await writePackage(join(root, 'again'), examplePackage())
    expect(again.digest).toBe(read.digest)
  })

  it('does not write over a package', async () => {
    expect(await codeOf(writePackage(folder, examplePackage()))).toBe('folder-exists')
    expect(await readdir(root)).toEqual(['example'])
  })

  it('finds a changed byte', async () => {
    await writeFile(join(folder, 'head.onnx'), Uint8Array.of(4, 6))
    expect(await codeOf(readPackage(folder))).toBe('file-digest')
  })

  it('finds a longer and a shorter file', async () => {
    await writeFile(join(folder, 'head.onnx'), Uint8Array.of(4, 5, 6))
    expect(await codeOf(readPackage(folder))).toBe('file-length')
    await writeFile(join(folder, 'head.onnx'), Uint8Array.of(4))
    expect(await codeOf(readPackage(folder))).toBe('file-length')
  })

  it('finds a missing file and a missing manifest', async () => {
    await unlink(join(folder, 'head.onnx'))
    expect(await codeOf(readPackage(folder))).toBe('file-missing')
    await unlink(join(folder, 'manifest.json'))
    expect(await codeOf(readPackage(folder))).toBe('manifest-missing')
  })

  it('refuses a file or folder that is not listed', async () => {
    await writeFile(join(folder, 'golden', 'b.png'), '')
    expect(await codeOf(readPackage(folder))).toBe('file-unlisted')
    await unlink(join(folder, 'golden', 'b.png'))
    await mkdir(join(folder, 'empty'))
    expect(await codeOf(readPackage(folder))).toBe('file-unlisted')
  })

  it('refuses links, to files and to folders, even to the right bytes', async () => {
    await writeFile(join(root, 'outside'), Uint8Array.of(4, 5))
    await unlink(join(folder, 'head.onnx'))
    await symlink(join(root, 'outside'), join(folder, 'head.onnx'))
    expect(await codeOf(readPackage(folder))).toBe('not-a-regular-file')
    await unlink(join(folder, 'head.onnx'))
    await writeFile(join(folder, 'head.onnx'), Uint8Array.of(4, 5))
    await mkdir(join(root, 'elsewhere'))
    for (const name of await readdir(join(folder, 'golden'))) {
      await writeFile(join(root, 'elsewhere', name), await readFile(join(folder, 'golden', name)))
    }
    await rm(join(folder, 'golden'), { recursive: true })
    await symlink(join(root, 'elsewhere'), join(folder, 'golden'))
    expect(await codeOf(readPackage(folder))).toBe('not-a-regular-file')
  })

  it('finds a file that was exchanged after the package was read', async () => {
    const read = await readPackage(folder)
    await writeFile(join(folder, 'head.onnx'), Uint8Array.of(9, 9))
    expect(await codeOf(readPackageFile(read, 'head.onnx'))).toBe('file-digest')
    expect(await codeOf(readPackageFile(read, '../outside.txt'))).toBe('file-unlisted')
  })
})

describe('the packages shipped with the product', () => {
  it('verify', async () => {
    const shipped = resolve(import.meta.dirname, '..', 'packages')
    const names = await readdir(shipped)
    expect(names).toContain('chest-radiograph')
    for (const name of names) {
      for (const version of await readdir(join(shipped, name))) {
        const read = await readPackage(join(shipped, name, version))
        expect(read.model).toMatchObject({ name, version })
        expect(read.card).toMatchObject({ name, version })
      }
    }
  })
})
