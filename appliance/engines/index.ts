export { chooseEngine, neededPromises } from './choose.ts'
export { EngineError, type EngineErrorCode } from './errors.ts'
export type { DimseEngine, DimseListener, DimseSender } from './ports.ts'
export { type Capabilities, type EngineConfiguration, type EnginePromise, engineConfiguration } from './promises.ts'
