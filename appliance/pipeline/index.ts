export { DeidentifyingGate, type Gate, type GateOutcome } from './gate.ts'
export { Pipeline } from './pipeline.ts'
export { type ProcessDependencies, processRevision } from './process-revision.ts'
