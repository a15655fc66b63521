import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { keyPlacement } from './key-placement.ts'

const MEMORY = '/dev/shm'
const root = mkdtempSync(join(tmpdir(), 'leadglass-keys-'))
const data = join(root, 'data')
const outside = join(root, 'outside.key')
mkdirSync(data)
writeFileSync(join(data, 'own.key'), 'x')
writeFileSync(outside, 'x')
const otherFileSystem = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(root).dev
const away = otherFileSystem ? mkdtempSync(join(MEMORY, 'leadglass-keys-')) : undefined

afterAll(() => {
  for (const folder of [root, away]) if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

describe('where a key lies', () => {
  it('in the folder of the data', async () => {
    expect(await keyPlacement(data, [outside, join(data, 'own.key')])).toBe('beside-data')
  })

  it('outside the folder, on the same file system', async () => {
    expect(await keyPlacement(data, [outside])).toBe('same-file-system')
  })

  it.skipIf(away === undefined)('elsewhere, also behind a link in the folder of the data', async () => {
    const key = join(away ?? '', 'x.key')
    writeFileSync(key, 'x')
    symlinkSync(key, join(data, 'link.key'))
    expect(await keyPlacement(data, [join(data, 'link.key')])).toBe('elsewhere')
    expect(await keyPlacement(data, [key, outside])).toBe('same-file-system')
  })

  it('cannot be told of a key that is not there', async () => {
    await expect(keyPlacement(data, [join(data, 'missing.key')])).rejects.toThrow()
  })
})
