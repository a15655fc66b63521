export { HUB_MIGRATIONS, openHubDatabase } from './database.ts'
export { inTransaction, openPostgres, type PostgresClient, type PostgresPool } from './postgres.ts'
