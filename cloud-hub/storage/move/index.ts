export { type MoveReport, moveHubDatabase } from './move.ts'
