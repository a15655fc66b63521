export { AzureSide, type AzureSideStatus } from './azure-side.ts'
export { type AzureServiceCode, AzureServiceError } from './errors.ts'
export { EVENT_HUB_SCHEMA } from './schema.ts'
