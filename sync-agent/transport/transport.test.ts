import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviceId } from '../contract/index.ts'
import { backoffDelay } from './backoff.ts'
import { classifyLinkError, TransportError } from './link-error.ts'
import { readAcknowledgement, readDesiredState } from './message.ts'

const coded = (code: string | number, message = 'x'): Error => Object.assign(new Error(message), { code })

describe('backoff', () => {
  const bounds = { firstMs: 1000, largestMs: 60_000 }
  const constant = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) })

  it('doubles from the first to the largest delay', () => {
    const most = [1, 2, 3, 7, 8, 1000].map((failures) => backoffDelay(failures, bounds, constant(255)))
    expect(most).toEqual([1000, 2000, 4000, 60_000, 60_000, 60_000])
    expect(backoffDelay(1, bounds, constant(0))).toBe(500)
  })

  it('always lies in the upper half of its bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 255 }), (failures, byte) => {
        const delay = backoffDelay(failures, bounds, constant(byte))
        return delay >= 500 && delay <= 60_000
      }),
    )
  })
})

describe('link errors', () => {
  it.each([
    [coded('ECONNREFUSED'), 'unreachable'],
    [coded('ECONNRESET'), 'unreachable'],
    [coded('ENOTFOUND'), 'unreachable'],
    [coded('EAI_AGAIN'), 'unreachable'],
    [coded('ETIMEDOUT'), 'timed-out'],
    [new Error('connack timeout'), 'timed-out'],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), 'hub-certificate-refused'],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'hub-certificate-refused'],
    [coded('CERT_HAS_EXPIRED'), 'hub-certificate-refused'],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'hub-certificate-refused'],
    [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'identity-refused'],
    [coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), 'identity-refused'],
    [coded('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE'), 'identity-refused'],
    [coded(5, 'Connection refused: Not authorized'), 'broker-refused'],
    [new Error('Not authorized'), 'closed'],
    ['not an error', 'closed'],
  ])('are told apart by their code: %s', (error, code) => {
    expect(classifyLinkError(error)).toBe(code)
  })

  it('are never permanent', () => {
    expect(new TransportError('link-down').failureClass).toBe('transient')
    expect(new TransportError('link-lost').failureClass).toBe('ambiguous')
  })
})

describe('messages from the hub', () => {
  const device = deviceId.parse('test-box')
  const answer = {
    schema: 'leadglass.acknowledgement/1',
    device: 'test-box',
    batch: '0b9e9a2e-95b2-4d6f-9d39-3a6c4d9b1a11',
    watermarks: [{ epoch: 1, stream: 'audit', sequence: 7 }],
    refused: [],
    cosigned: null,
  }
  const desired = {
    schema: 'leadglass.desired-state/1',
    version: 1,
    timestampVersion: 3,
    repositoryPath: '/delivery/',
  }

  it('are read plain or compressed', () => {
    const text = JSON.stringify(answer)
    expect(readAcknowledgement(Buffer.from(text), device)?.watermarks).toEqual(answer.watermarks)
    expect(readAcknowledgement(gzipSync(text), device)?.batch).toBe(answer.batch)
    expect(readDesiredState(Buffer.from(JSON.stringify(desired)))?.timestampVersion).toBe(3)
  })

  it('are dropped when they are for another device, malformed, or a bomb', () => {
    expect(readAcknowledgement(Buffer.from(JSON.stringify({ ...answer, device: 'other-box' })), device)).toBeUndefined()
    expect(readAcknowledgement(Buffer.from(JSON.stringify({ ...answer, more: 1 })), device)).toBeUndefined()
    expect(readAcknowledgement(gzipSync(Buffer.alloc(50_000_000, 32)), device)).toBeUndefined()
    expect(readDesiredState(Buffer.from(JSON.stringify({ ...desired, repositoryPath: 'https://x/' })))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        return readAcknowledgement(bytes, device) === undefined && readDesiredState(bytes) === undefined
      }),
    )
  })
})
