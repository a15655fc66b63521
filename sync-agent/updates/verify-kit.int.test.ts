import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOfFile } from '../foundation/index.ts'
import { FakeRepository, fakeKey, fakePackage } from './testing/fake-repository.ts'
import { MemoryHighWaterMarks } from './testing/memory.ts'
import { attackOf, NOW, Site, verified } from './testing/site.ts'
import { kitRevision } from './verify-kit.ts'

let site: Site

beforeEach(async () => {
  site = await Site.create()
})

afterEach(() => site.dispose())

describe('a kit by an agent that has been taken over', () => {
  it('with links instead of files is refused', async () => {
    verified(await site.refresh())
    const [blob] = await readdir(site.at('kit', 'blobs'))
    const path = site.at('kit', 'blobs', blob ?? '')
    const secret = site.at('secret')
    await writeFile(secret, await readFile(path))
    await rm(path)
    await symlink(secret, path)
    expect(attackOf(await site.verify())).toBe('tampered-file')
  })

  it('with a linked folder is refused', async () => {
    verified(await site.refresh())
    await rename(site.at('kit', 'blobs'), site.at('elsewhere'))
    await symlink(site.at('elsewhere'), site.at('kit', 'blobs'))
    expect(attackOf(await site.verify())).toBe('tampered-file')
  })

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

  it('with a release that it approved itself is refused', async () => {
    verified(await site.refresh())
    verified(await site.verify())
    const forged = new FakeRepository(NOW)
    forged.list(fakePackage({ version: '6.6.6', releaseCounter: 6 }))
    forged.publish()
    for (const [path, bytes] of forged.files) {
      if (path !== 'metadata/1.root.json') site.repository.files.set(path, bytes)
    }
    await site.repository.writeTo(site.at('kit'))
    expect(attackOf(await site.verify())).toBe('arbitrary-software')
  })

  it('with the online keys stolen as well still brings nothing that was not approved', async () => {
    verified(await site.refresh())
    verified(await site.verify())
    const evil = fakePackage({ version: '6.6.6', releaseCounter: 6 })
    for (const signers of [[], [fakeKey(), fakeKey()], [site.repository.timestampKey, site.repository.snapshotKey]]) {
      site.repository.list(evil)
      site.repository.signers['approved-models'] = signers
      site.repository.next('approvedModels', 'snapshot', 'timestamp')
      site.repository.publish()
      await site.repository.writeTo(site.at('kit'))
      expect(attackOf(await site.verify())).toBe('too-few-approvals')
    }
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
