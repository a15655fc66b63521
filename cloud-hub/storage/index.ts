export { HUB_MIGRATIONS, openHubDatabase } from './database.ts'
