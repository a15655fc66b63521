import { notExported, pixelReview, pixelReviewList, refuseAnswer } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { arrivalOf } from '../testing/arrivals.ts'
import { type LocalApiFixture, localApiFixture } from '../testing/local-api-fixture.ts'

const STUDY = 'a'.repeat(32)

/** A study of one ultrasound object that waits for a person. */
function addHeld({ context, clock }: LocalApiFixture): void {
  const { records } = context
  records.transaction(() => {
    records.intake.register(
      arrivalOf('1.2.1', {
        studyPseudonym: STUDY,
        modality: 'US',
        bytes: 10,
        sopClassUid: '1.2.840.10008.5.1.4.1.1.6.1',
        receivedAt: clock.now(),
      }),
    )
    const proposed = JSON.stringify([{ frame: null, box: { left: 1, top: 2, width: 3, height: 4 } }])
    const row = { instanceId: 1, studyId: 1, reason: 'unknown-device', catalogue: '2026.1', proposed }
    records.pixels.hold(row, clock.now())
  })
}

describe('the interface to pixels that a person must look at', () => {
  let fixture: LocalApiFixture
  beforeEach(async () => {
    fixture = await localApiFixture()
    addHeld(fixture)
  })
  afterEach(async () => {
    await fixture.dispose()
  })
  const get = (url: string, cookie: string) => fixture.server.inject({ method: 'GET', url, headers: { cookie } })
  const post = (url: string, cookie: string, payload?: object) =>
    fixture.server.inject({ method: 'POST', url, headers: { cookie }, ...(payload === undefined ? {} : { payload }) })

  it('lists what waits with the proposed boxes, to whoever is signed in', async () => {
    expect((await fixture.server.inject({ method: 'GET', url: '/api/pixel-reviews' })).statusCode).toBe(401)
    const cookie = await fixture.signIn('tech')
    const [review] = pixelReviewList.parse((await get('/api/pixel-reviews', cookie)).json()).reviews
    expect(review).toMatchObject({ study: STUDY, state: 'held', reason: 'unknown-device', modality: 'US' })
    expect(review?.proposed).toEqual([{ frame: null, box: { left: 1, top: 2, width: 3, height: 4 } }])
    expect((await get('/api/pixel-reviews?state=anything', cookie)).statusCode).toBe(400)
  })

  it('shows pixels and takes decisions from those who may, and keeps reason and author', async () => {
    const technologist = await fixture.signIn('tech')
    expect((await get('/api/pixel-reviews/1/frames/0', technologist)).statusCode).toBe(403)
    expect((await post('/api/pixel-reviews/1/refuse', technologist, { reason: 'no use' })).statusCode).toBe(403)
    const reader = await fixture.signIn('reader')
    expect((await get('/api/pixel-reviews/1/frames/0', reader)).statusCode, 'its object is gone').toBe(410)
    expect((await get('/api/pixel-reviews/99', reader)).statusCode).toBe(404)
    expect((await post('/api/pixel-reviews/1/refuse', reader, { reason: ' ' })).statusCode).toBe(400)
    expect((await post('/api/pixel-reviews/1/release', reader, { boxes: [], reason: 'seen' })).statusCode).toBe(410)
    const refused = await post('/api/pixel-reviews/1/refuse', reader, { reason: 'not needed' })
    expect(refuseAnswer.parse(refused.json())).toEqual({ refused: true })
    expect(pixelReview.parse((await get('/api/pixel-reviews/1', reader)).json())).toMatchObject({
      state: 'refused',
      decidedBy: '1'.repeat(32),
      decisionReason: 'not needed',
    })
    expect(fixture.events().at(-1)).toMatchObject({ event: 'pixels.refused', subject: { kind: 'study', id: STUDY } })
    expect((await post('/api/pixel-reviews/1/refuse', reader, { reason: 'again' })).statusCode).toBe(409)
  })

  it('exports for administrators only, and records each object', async () => {
    const path = `/api/studies/${STUDY}/export`
    expect((await get(path, await fixture.signIn('reader'))).statusCode).toBe(403)
    const admin = await fixture.signIn('admin')
    expect((await get(path, admin)).json()).toMatchObject({ study: STUDY, instances: [{ bytes: 10 }] })
    const { instances } = (await get(path, admin)).json<{ instances: { instance: number }[] }>()
    const answer = await post(`${path}/${instances[0]?.instance ?? ''}`, admin)
    expect(notExported.parse(answer.json())).toEqual({ kind: 'quarantined', reason: 'object-gone' })
    expect(fixture.events().at(-1)).toMatchObject({ event: 'study.exported', outcome: 'refused' })
    expect((await post(`${path}/77`, admin)).statusCode).toBe(404)
  })
})
