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

  it('choose MQTT unless told otherwise', () => {
    expect(agentConfig.parse(SETTINGS).transport).toBe('mqtt')
    const azureIot = { hostName: 'hub.example:8883' }
    const config = agentConfig.parse({ ...SETTINGS, transport: 'azure-iot', azureIot })
    expect(config.azureIot).toEqual({
      hostName: 'hub.example:8883',
      gatewayHostName: null,
      filesHostName: null,
      refusedRetryMs: 900_000,
      sharedAccessKeyFile: null,
      tokenValiditySeconds: 3600,
    })
  })

  it.each([
    ['the other transport without its hub', { ...SETTINGS, transport: 'azure-iot' }],
    ['a key outside the folder', { ...SETTINGS, azureIot: { hostName: 'h', sharedAccessKeyFile: '../key' } }],
    ['an upload without TLS', { ...SETTINGS, hub: { ...SETTINGS.hub, deviceUrl: 'http://hub.example' } }],
    ['a link without TLS', { ...SETTINGS, hub: { ...SETTINGS.hub, mqttUrl: 'mqtt://hub.example' } }],
    ['another scheme', { ...SETTINGS, hub: { ...SETTINGS.hub, httpUrl: 'file:///etc/passwd' } }],
    ['a device name that is none', { ...SETTINGS, device: 'Hospital North' }],
    ['an unknown member', { ...SETTINGS, password: 'x' }],
    ['an interval of nothing', { ...SETTINGS, intervals: { pollMs: 0 } }],
  ])('refuse %s', (_name, settings) => {
    expect(agentConfig.safeParse(settings).success).toBe(false)
  })
})
