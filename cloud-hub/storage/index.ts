export { HUB_MIGRATIONS, openHubDatabase } from './database.ts'
export { Leadership } from './leadership.ts'
export { settlePlace } from './place.ts'
export { inTransaction, openPostgres, type PostgresClient, type PostgresPool } from './postgres.ts'
