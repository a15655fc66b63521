import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RECALL_PATH_PATTERN, RECALLS_ROLE } from '../contract/index.ts'
import { approverPart, type FakeKey, fakeKey, type Part } from './testing/fake-repository.ts'
import { Site } from './testing/site.ts'

describe('the role that recalls', () => {
  let site: Site
  let officer: FakeKey
  beforeEach(async () => {
    site = await Site.create()
    officer = fakeKey()
  })
  afterEach(() => site.dispose())

  /** Adds the role as custodians would, bent as a test asks. */
  function delegate(
    change: Part = {},
    key: Part = approverPart(officer.publicKey, 'safety-officer', 'safety-officer'),
  ) {
    const { keys, roles } = site.repository.delegation()
    keys[officer.keyid] = key
    const role = {
      name: RECALLS_ROLE,
      keyids: [officer.keyid],
      threshold: 1,
      terminating: true,
      paths: [RECALL_PATH_PATTERN],
    }
    roles.push({ ...role, ...change })
    site.repository.next('targets', 'snapshot', 'timestamp')
    site.repository.publish()
  }

  it('is allowed beside approved-models, as pinned', async () => {
    delegate()
    expect((await site.refresh()).kind).toBe('verified')
  })

  it.each<[string, Part, string]>([
    ['with the paths of releases', { paths: ['models/*/*/manifest.json'] }, 'delegation-changed'],
    ['with two path patterns', { paths: [RECALL_PATH_PATTERN, '**'] }, 'delegation-changed'],
    ['not terminating', { terminating: false }, 'delegation-changed'],
    ['under another name', { name: 'recalls-2' }, 'extra-delegation'],
  ])('is refused %s', async (_name, change, attack) => {
    delegate(change)
    expect(await site.refresh()).toMatchObject({ kind: 'refused', attack })
  })

  it('is refused with an approver’s key, or one that does not say whose it is', async () => {
    delegate({ keyids: [site.repository.clinical.keyid] })
    expect(await site.refresh()).toMatchObject({ kind: 'refused', attack: 'unknown-approver' })
    const other = await Site.create()
    await site.dispose()
    site = other
    delegate({}, approverPart(officer.publicKey, 'Not A Person', 'safety-officer'))
    expect(await site.refresh()).toMatchObject({ kind: 'refused', attack: 'unknown-approver' })
  })
})
