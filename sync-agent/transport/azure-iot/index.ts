export {
  AZURE_IOT_DEFAULTS,
  AzureIotTransport,
  type AzureIotTransportDependencies,
  type AzureIotTransportOptions,
} from './azure-iot-transport.ts'
export { AzureIotError } from './errors.ts'
export type { DeviceProof, HubAddress } from './sdk-client.ts'
