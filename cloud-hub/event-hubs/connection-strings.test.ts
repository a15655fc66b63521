import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEventHubConnection, parseServiceConnection } from './connection-strings.ts'
import { AzureServiceError } from './errors.ts'

const KEY = 'SharedAccessKeyName=service;SharedAccessKey=c2VjcmV0c2VjcmV0'
const EVENT_HUB = `Endpoint=sb://ihsuprod.servicebus.windows.net/;${KEY};EntityPath=iothub-ehub-name-1`

describe('connection strings', () => {
  it('are read as Azure gives them', () => {
    expect(parseEventHubConnection(`${EVENT_HUB}\n`)).toEqual({
      text: EVENT_HUB,
      namespace: 'ihsuprod.servicebus.windows.net',
      eventHub: 'iothub-ehub-name-1',
    })
    expect(parseServiceConnection(`HostName=name.azure-devices.net;${KEY}`)).toEqual({
      hostName: 'name.azure-devices.net',
      policy: 'service',
      key: 'c2VjcmV0c2VjcmV0',
    })
  })

  it('for an emulator, which speaks without TLS, mean this machine only', () => {
    const emulator = (host: string): string => `Endpoint=sb://${host};${KEY};EntityPath=eh1;UseDevelopmentEmulator=true`
    expect(parseEventHubConnection(emulator('localhost:5672')).namespace).toBe('localhost:5672')
    for (const host of ['ihsuprod.servicebus.windows.net', 'localhost.example', '192.0.2.1']) {
      expect(() => parseEventHubConnection(emulator(host))).toThrow(
        expect.objectContaining({ code: 'plaintext-refused' }) as Error,
      )
    }
  })

  it('that are none are refused by code, and their text is never told', () => {
    const cut = [
      EVENT_HUB.replace(/;EntityPath.*/, ''),
      EVENT_HUB.replace('sb://', 'http://'),
      `HostName=a b;${KEY}`,
      '',
    ]
    for (const text of cut) {
      for (const parse of [parseEventHubConnection, parseServiceConnection]) {
        expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'connection-string-malformed' }) as Error)
      }
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (text) => {
        for (const parse of [parseEventHubConnection, parseServiceConnection]) {
          try {
            parse(text)
          } catch (error) {
            expect(error).toBeInstanceOf(AzureServiceError)
            if (text.length > 20) expect(String(error)).not.toContain(text)
          }
        }
      }),
    )
  })
})
