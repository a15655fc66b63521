import { describe, expect, it } from 'vitest'
import { agentConfig, agentStateFolder, resolveConfig } from './config.ts'

const SETTINGS = {
  device: 'test-box',
  exchangeFolder: 'exchange',
  agentFolder: '/srv/agent',
  hub: { mqttUrl: 'mqtts://hub.example:8883', httpUrl: 'https://hub.example/', caFile: 'agent/ca.pem' },
  certificateFile: 'agent/device.pem',
  keyFile: 'agent/device-key.pem',
  updates: { initialRootFile: 'agent/root.json', policyFile: 'agent/policy.json' },
}

describe('the settings of the agent', () => {
  it('have defaults and absolute paths after resolving', () => {
    const config = resolveConfig(agentConfig.parse(SETTINGS), '/data')
    expect(config.exchangeFolder).toBe('/data/exchange')
    expect(config.agentFolder).toBe('/srv/agent')
    expect(config.hub.caFile).toBe('/data/agent/ca.pem')
    expect(config.updates?.initialRootFile).toBe('/data/agent/root.json')
    expect(config.updates?.repositoryPath).toBe('/delivery/')
    expect(config.intervals.keepaliveSeconds).toBe(30)
    expect(agentStateFolder(config)).toBe('/srv/agent/state')
  })

  it.each([
    ['a link without TLS', { ...SETTINGS, hub: { ...SETTINGS.hub, mqttUrl: 'mqtt://hub.example' } }],
    ['another scheme', { ...SETTINGS, hub: { ...SETTINGS.hub, httpUrl: 'file:///etc/passwd' } }],
    ['a device name that is none', { ...SETTINGS, device: 'Hospital North' }],
    ['an unknown member', { ...SETTINGS, password: 'x' }],
    ['an interval of nothing', { ...SETTINGS, intervals: { pollMs: 0 } }],
  ])('refuse %s', (_name, settings) => {
    expect(agentConfig.safeParse(settings).success).toBe(false)
  })
})
