import { deviceId } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFilter, parsePropertyBag, parsePublishTopic, parseUsername } from './names.ts'

const DEVICE = deviceId.parse('test-box')

describe('user names', () => {
  it('name hub and device', () => {
    const username = 'hub.test:8883/test-box/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4'
    expect(parseUsername(username)).toEqual({ hostName: 'hub.test:8883', device: 'test-box' })
  })

  it.each([
    'hub.test/test-box/module/?api-version=2021-04-12',
    'hub.test/test-box/',
    'hub.test/../?api-version=2021-04-12',
    'hub.test/Test Box/?api-version=2021-04-12',
    '/test-box/?api-version=2021-04-12',
    `hub.test/test-box/?api-version=2021-04-12&x=${'a'.repeat(2000)}`,
    '',
  ])('are refused otherwise: %s', (username) => {
    expect(parseUsername(username)).toBeUndefined()
  })
})

describe('topics', () => {
  it('are those that are documented, for the device itself', () => {
    expect(parsePublishTopic('devices/test-box/messages/events/%24.mid=1', DEVICE)).toEqual({
      kind: 'telemetry',
      bag: '%24.mid=1',
    })
    expect(parsePublishTopic('$iothub/twin/GET/?$rid=a-1', DEVICE)).toEqual({ kind: 'twin-get', request: 'a-1' })
    const report = '$iothub/twin/PATCH/properties/reported/?$rid=2&$version=3'
    expect(parsePublishTopic(report, DEVICE)).toEqual({ kind: 'twin-report', request: '2' })
    const response = '$iothub/methods/res/200/?$rid=7'
    expect(parsePublishTopic(response, DEVICE)).toEqual({ kind: 'method-response', status: 200, request: '7' })
    expect(parseFilter('devices/test-box/messages/devicebound/#', DEVICE)).toBe('devicebound')
  })

  it.each([
    'devices/other-box/messages/events/',
    'devices/test-box/messages/devicebound/',
    '$iothub/twin/PATCH/properties/desired/?$version=9',
    '$iothub/twin/res/200/?$rid=1',
    '$iothub/methods/POST/reboot/?$rid=1',
    '$SYS/broker',
    'leadglass/1/devices/test-box/envelopes',
  ])('do not include %s', (topic) => {
    expect(parsePublishTopic(topic, DEVICE)).toBeUndefined()
    expect(parseFilter(topic, DEVICE)).toBeUndefined()
  })
})

describe('property bags', () => {
  it('hold system and application properties, with the dollar encoded or not', () => {
    const bag = parsePropertyBag('%24.mid=a%2Fb&$.ct=application%2Fjson&schema=x&flag/')
    expect([...(bag?.system ?? [])]).toEqual([
      ['$.mid', 'a/b'],
      ['$.ct', 'application/json'],
    ])
    expect([...(bag?.application ?? [])]).toEqual([
      ['schema', 'x'],
      ['flag', ''],
    ])
    expect(parsePropertyBag('')?.system.size).toBe(0)
  })

  it.each(['a=%E0%A4', 'a=1&a=2', '=1', `a=${'b'.repeat(5000)}`, 'a=%00', Array(70).fill('x').join('&')])(
    'are refused when malformed: %s',
    (bag) => {
      expect(parsePropertyBag(bag)).toBeUndefined()
    },
  )

  it('give back what was put in', () => {
    const names = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' })
    fc.assert(
      fc.property(fc.dictionary(names, names, { maxKeys: 6 }), (properties) => {
        const entries = Object.entries(properties)
        const text = entries.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&')
        const bag = parsePropertyBag(text)
        const read = [...(bag?.system ?? []), ...(bag?.application ?? [])]
        expect(read.sort()).toEqual(entries.sort())
      }),
    )
  })
})
