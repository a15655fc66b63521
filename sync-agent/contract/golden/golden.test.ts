import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { canonicalJson, digestOf, type JsonValue } from '../../foundation/index.ts'
import {
  acknowledgement,
  anchorsAnswer,
  anchorsRequest,
  confirmationAnswer,
  desiredState,
  enrolmentProof,
  enrolmentRefusal,
  enrolmentSecrets,
  envelope,
  envelopeBatch,
  envelopeDigest,
  joinAnswer,
  joinRequest,
  makeEnrolmentCode,
  normaliseEnrolmentCode,
  renewalAnswer,
  renewalRequest,
  STREAM_OF_KIND,
} from '../index.ts'

const FOLDER = join(import.meta.dirname, 'v1')

/** `envelope.audit-leaf` and the like are read as envelopes. A file is never changed: a later version gets files of its own. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  envelope,
  batch: envelopeBatch,
  acknowledgement,
  'desired-state': desiredState,
  join: joinRequest,
  'join-answer': joinAnswer,
  renewal: renewalRequest,
  'renewal-answer': renewalAnswer,
  'confirmation-answer': confirmationAnswer,
  anchors: anchorsRequest,
  'anchors-answer': anchorsAnswer,
  'enrolment-refusal': enrolmentRefusal,
}

const digests = new Map(
  readFileSync(join(FOLDER, 'digests.golden'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => [line.slice(66), line.slice(0, 64)] as const),
)
const names = readdirSync(FOLDER)
  .map((file) => file.replace(/\.golden$/, ''))
  .filter((name) => name !== 'digests')

describe('messages of the first version of the contract, as they were sent', () => {
  it('are all there: one of each kind, and each with its digest', () => {
    expect(names.sort()).toEqual([...digests.keys()].sort())
    for (const kind of Object.keys(STREAM_OF_KIND)) expect(names).toContain(`envelope.${kind}`)
    for (const message of Object.keys(SCHEMAS)) expect(names.some((name) => name.split('.')[0] === message)).toBe(true)
  })

  it.each(names)('%s is read as it was, and written again gives the same bytes', (name) => {
    const text = readFileSync(join(FOLDER, `${name}.golden`), 'utf8')
    expect(digestOf(text)).toBe(digests.get(name))
    const schema = SCHEMAS[name.split('.')[0] ?? '']
    const parsed = schema?.parse(JSON.parse(text)) as JsonValue
    expect(canonicalJson(parsed)).toBe(text)
  })

  it.each(names.filter((name) => name.startsWith('envelope.')))('%s keeps its digest', (name) => {
    const parsed = envelope.parse(JSON.parse(readFileSync(join(FOLDER, `${name}.golden`), 'utf8')))
    expect(envelopeDigest(parsed, parsed.body)).toBe(parsed.digest)
  })

  it('counts with their hour, which came later, are read and written again as they were sent', () => {
    const text = `{"body":{"cells":[{"bin":1,"count":12}],"feature":"metadata.view","hour":541,"kind":"drift-counts","model":{"digest":"9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4","name":"chest-radiograph","version":"1.0.0"},"month":"2026-11"},"device":"box-golden","digest":"e89ae1164637cf740115f76f1d3473c907bf56fb84cd718c9f1614206c3923f0","epoch":1,"schema":"leadglass.envelope/1","sequence":7,"stream":"drift"}`
    const parsed = envelope.parse(JSON.parse(text))
    expect(canonicalJson(parsed as JsonValue)).toBe(text)
    expect(envelopeDigest(parsed, parsed.body)).toBe(parsed.digest)
    for (const hour of [-1, 744, 1.5, '541', '2026-11-23T13']) {
      expect(envelope.safeParse({ ...parsed, body: { ...parsed.body, hour } }).success).toBe(false)
    }
  })

  it('a code and its proofs are derived as ever', () => {
    const code = makeEnrolmentCode(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))
    const { id, key } = enrolmentSecrets(normaliseEnrolmentCode(code) ?? '')
    const proof = enrolmentProof(key, 'device', Buffer.alloc(32, 1), { schema: 'leadglass.join/1' })
    expect({ code, id, proof }).toMatchInlineSnapshot(`
      {
        "code": "A82G-G3R0-5016-0140",
        "id": "934eb0cf118c6f33feccac85c9cd26e7",
        "proof": "72e24ff2a60551e2b18d8148bc60d81912d6b121adad8918a8336af7e0bb3cc9",
      }
    `)
  })
})
