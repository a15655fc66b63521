export { AgentWatch } from './agent-watch.ts'
export { HubLogWatch } from './hub-log-watch.ts'
export { OwnLogSource } from './own-log-source.ts'
export { RecordingWatch, SEALED_ACTS } from './recording-watch.ts'
