export { type AgentConfig, agentConfig, resolveConfig } from './config.ts'
export { AGENT_CODE_FOLDERS, permissionArguments } from './permission-arguments.ts'
