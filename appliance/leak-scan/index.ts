export { GuardedOutput } from './guarded-output.ts'
export { HeldIdentities } from './held-identities.ts'
export { type HeldSearch, openHeldSearch, type ScannedFile } from './held-search.ts'
export { LeakAlarms } from './leak-alarms.ts'
