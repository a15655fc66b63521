export { type AttributionRequest, type Attributions, attributionsOf } from './attributions.ts'
export { AttributionError, type AttributionErrorCode } from './errors.ts'
