import { mkdir, rm, symlink } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOfFile } from '../foundation/index.ts'
import { MemoryHighWaterMarks } from './testing/memory.ts'
import { attackOf, Site, verified } from './testing/site.ts'
import { kitRevision } from './verify-kit.ts'

let site: Site

beforeEach(async () => {
  site = await Site.create()
})

afterEach(() => site.dispose())

describe('a kit by an agent that has been taken over', () => {
  it('with a device that never ends is refused at once', async () => {
    await mkdir(site.at('kit', 'metadata'), { recursive: true })
    await symlink('/dev/zero', site.at('kit', 'metadata', 'timestamp.json'))
    expect(attackOf(await site.verify())).toBe('malformed-metadata')
    expect(await kitRevision(site.at('kit'))).toBeUndefined()
  })

  it('shows by its revision when it has changed', async () => {
    expect(await kitRevision(site.at('kit'))).toBeUndefined()
    verified(await site.refresh())
    const before = await kitRevision(site.at('kit'))
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    site.publishSecond()
    verified(await site.refresh())
    expect(await kitRevision(site.at('kit'))).not.toBe(before)
  })

  it('with any one file left out, emptied or exchanged never gives other bytes than approved', async () => {
    site.publishSecond()
    const honest = new Map(site.repository.files)
    for (const path of honest.keys()) {
      for (const replacement of [undefined, new Uint8Array(), Buffer.from('{}'), honest.get('metadata/1.root.json')]) {
        await rm(site.at('appliance'), { recursive: true, force: true })
        site.applianceMarks = new MemoryHighWaterMarks()
        site.repository.files.clear()
        for (const [name, bytes] of honest) site.repository.files.set(name, bytes)
        if (replacement === undefined) site.repository.files.delete(path)
        else site.repository.files.set(path, replacement)
        await site.repository.writeTo(site.at('kit'))
        const outcome = await site.verify()
        if (outcome.kind !== 'verified') continue
        for (const release of outcome.releases) {
          expect(await digestOfFile(release.manifestPath)).toBe(release.model.digest)
          for (const file of release.files) expect(await digestOfFile(release.blobPath(file.sha256))).toBe(file.sha256)
        }
      }
    }
  })
})
