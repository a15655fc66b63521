export { BackfillDesk, type BackfillProgress } from './desk.ts'
export { BackfillError } from './errors.ts'
export { BackfillRunner } from './runner.ts'
