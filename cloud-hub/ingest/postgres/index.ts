export { DeviceDirectory } from './device-directory.ts'
export { postgresEpochRoots } from './epochs.ts'
export { PostgresInbox, type PostgresInboxParts, READ_COMMITTED_DIGESTS } from './inbox.ts'
export { POSTGRES_MIGRATIONS } from './schema.ts'
