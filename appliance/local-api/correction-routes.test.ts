import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

const MERGE = { from: 'OLD-NUMBER', to: 'NEW-NUMBER', reason: 'registered twice' }

describe('corrections over the local interface', () => {
  let fixture: LocalApiFixture
  beforeEach(async () => {
    fixture = await localApiFixture()
  })
  afterEach(() => fixture.dispose())

  const post = async (account: string, url: string, payload: object) => {
    const cookie = await fixture.signIn(account)
    return fixture.server.inject({ method: 'POST', url, payload, headers: { cookie } })
  }

  it.each([
    ['tech', 200],
    ['admin', 200],
    ['reader', 403],
  ])('%s is answered %i to a merge', async (account, status) => {
    const response = await post(account, '/api/corrections/merges', MERGE)
    expect(response.statusCode).toBe(status)
    const events = fixture.events().map((event) => event.event)
    expect(events).toContain(status === 200 ? 'patient.merged' : 'access.refused')
    expect(JSON.stringify(fixture.events())).not.toContain('NUMBER')
  })

  it('lists merges with who and why, and undoes one once', async () => {
    const { merge } = JSON.parse((await post('admin', '/api/corrections/merges', MERGE)).body) as { merge: number }
    const undo = `/api/corrections/merges/${merge}/undo`
    expect((await post('admin', undo, { reason: 'two people' })).statusCode).toBe(200)
    expect((await post('admin', undo, { reason: 'two people' })).statusCode).toBe(409)
    expect((await post('admin', '/api/corrections/merges/999/undo', { reason: 'two people' })).statusCode).toBe(404)
    const list = await fixture.server.inject({
      method: 'GET',
      url: '/api/corrections/merges',
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
    })
    expect(JSON.parse(list.body)).toMatchObject({
      merges: [{ from: 'OLD-NUMBER', to: 'NEW-NUMBER', reason: 'registered twice', undoneReason: 'two people' }],
    })
  })

  it.each([
    ['a placeholder', { ...MERGE, from: 'UNKNOWN' }, 409],
    ['itself', { ...MERGE, to: 'OLD-NUMBER' }, 409],
    ['a control character', { ...MERGE, to: 'A\u0000B' }, 400],
    ['a backslash', { ...MERGE, to: 'A\\B' }, 400],
    ['no reason', { ...MERGE, reason: '' }, 400],
  ])('refuses a merge with %s', async (_what, body, status) => {
    expect((await post('admin', '/api/corrections/merges', body)).statusCode).toBe(status)
  })

  it('corrects the accession number of known studies only', async () => {
    const url = `/api/studies/${'a'.repeat(32)}/accession`
    expect((await post('tech', url, { accession: 'A2', reason: 'typed wrongly' })).statusCode).toBe(404)
    expect((await post('tech', url, { accession: 'SEVENTEEN LETTERS', reason: 'too long' })).statusCode).toBe(400)
  })
})
