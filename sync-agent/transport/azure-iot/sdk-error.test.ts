import { describe, expect, it } from 'vitest'
import { adviceFor, linkAdvice } from '../link-advice.ts'
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
    [`${FIRST}Connection refused: Not authorized error`, 'credentials-refused'],
    [`${FIRST}Connection refused: Bad username or password error`, 'credentials-refused'],
    [`${FIRST}Connection refused: Identifier rejected error`, 'credentials-refused'],
    [`${FIRST}Connection refused: Server unavailable error`, 'broker-refused'],
    ['ErrorCode:ThrottlingException;please back off', 'throttled'],
    ['ErrorCode:IotHubQuotaExceeded;Total number of messages on IotHub exceeded the allocated quota', 'throttled'],
    [`${FIRST}ssl3_read_bytes:ssl/tls alert bad certificate:SSL alert number 42`, 'identity-refused'],
    ['Connection to the server has been closed.', 'closed'],
    ['read ECONNRESET', 'unreachable'],
    ['Message not acknowledged: timeout', 'timed-out'],
  ])('are told apart by their words: %s', (words, code) => {
    expect(classifySdkError(new Error(words))).toBe(code)
  })

  it('by the names of the SDK’s own classes too, where they ask for less', () => {
    for (const name of ['ThrottlingError', 'IotHubQuotaExceededError', 'ServiceUnavailableError']) {
      expect(classifySdkError(Object.assign(new Error('x'), { name }))).toBe('throttled')
    }
  })

  it('are permanent only where the hub itself refused', () => {
    expect(classifySdkError(undefined)).toBe('closed')
    expect(classifySdkError('x')).toBe('closed')
    const permanent = (['closed', 'unreachable', 'timed-out', 'throttled', 'broker-refused'] as const).map(
      (code) => linkAdvice(code).permanent,
    )
    expect(permanent).toEqual([false, false, false, false, false])
    expect(linkAdvice('credentials-refused').permanent).toBe(true)
    expect(linkAdvice('device-not-admitted').permanent).toBe(true)
    expect(adviceFor('device-not-admitted')?.nextStep).toContain('revoked')
    expect(adviceFor('no-such-code')).toBeUndefined()
  })
})
