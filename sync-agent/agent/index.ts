export { AnchorKeeper, AnchorStore, type Identity, IdentityError, IdentityStore, joinHub } from '../identity/index.ts'
export { type AgentConfig, agentConfig, agentStateFolder, resolveConfig } from './config.ts'
export { AGENT_CODE_FOLDERS, permissionArguments } from './permission-arguments.ts'
