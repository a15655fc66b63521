import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type * as AzureIotDevice from 'azure-iot-device'
import type * as AzureIotDeviceMqtt from 'azure-iot-device-mqtt'

// The SDK is the agent's dependency, and is loaded from there.
const load = createRequire(resolve(import.meta.dirname, '..', '..', '..', 'sync-agent', 'main.ts'))
const device = load('azure-iot-device') as typeof AzureIotDevice
const { Mqtt } = load('azure-iot-device-mqtt') as typeof AzureIotDeviceMqtt

export const { Client, Message, SharedAccessKeyAuthenticationProvider } = device
export type SdkClient = InstanceType<typeof Client>

/** A client of the SDK as its own documentation makes one, with all its own behaviour. */
export function clientFor(connectionString: string): SdkClient {
  return Client.fromConnectionString(connectionString, Mqtt)
}

/** The same with tokens of another life than an hour. */
export function clientWithTokens(connectionString: string, validSeconds: number, marginSeconds: number): SdkClient {
  const provider = SharedAccessKeyAuthenticationProvider.fromConnectionString(
    connectionString,
    validSeconds,
    marginSeconds,
  )
  return Client.fromAuthenticationProvider(provider, Mqtt)
}
