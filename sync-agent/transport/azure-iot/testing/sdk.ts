import azureIotDevice from 'azure-iot-device'
import azureIotDeviceMqtt from 'azure-iot-device-mqtt'

export const { Client, Message, SharedAccessKeyAuthenticationProvider } = azureIotDevice
const { Mqtt } = azureIotDeviceMqtt

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
