import { describe, expect, it } from 'vitest'
import { classifySdkError } from './sdk-error.ts'

const FIRST = 'mqtt.js returned Failure on first connection (Not authorized): '

describe('failures that the SDK reports', () => {
  it.each([
    [`${FIRST}connect ECONNREFUSED 127.0.0.1:1 error`, 'unreachable'],
    [`${FIRST}getaddrinfo ENOTFOUND hub.example error`, 'unreachable'],
    [`${FIRST}getaddrinfo EAI_AGAIN hub.example error`, 'unreachable'],
    [`${FIRST}connect ETIMEDOUT 192.0.2.1:8883 error`, 'timed-out'],
    [`${FIRST}unable to verify the first certificate error`, 'hub-certificate-refused'],
    [`${FIRST}self-signed certificate in certificate chain error`, 'hub-certificate-refused'],
    [`${FIRST}Hostname/IP does not match certificate's altnames: x`, 'hub-certificate-refused'],
    [`${FIRST}Connection refused: Not authorized error`, 'broker-refused'],
    [`${FIRST}ssl3_read_bytes:ssl/tls alert bad certificate:SSL alert number 42`, 'identity-refused'],
    ['Connection to the server has been closed.', 'closed'],
    ['read ECONNRESET', 'unreachable'],
    ['Message not acknowledged: timeout', 'timed-out'],
  ])('are told apart by their words: %s', (words, code) => {
    expect(classifySdkError(new Error(words))).toBe(code)
  })

  it('are never permanent and never an end', () => {
    expect(classifySdkError(undefined)).toBe('closed')
    expect(classifySdkError('x')).toBe('closed')
  })
})
