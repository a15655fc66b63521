export { type ConformanceConfiguration, DEFAULT_CONFORMANCE } from './configuration.ts'
export { conformanceStatement } from './statement.ts'
