export { AGENT_EVERY_MS, AgentWatch } from './agent-watch.ts'
export { HUB_LOG_EVERY_MS, HubLogWatch } from './hub-log-watch.ts'
export { OwnLogSource } from './own-log-source.ts'
export { RECORDING_EVERY_MS, RecordingWatch, SEALED_ACTS } from './recording-watch.ts'
