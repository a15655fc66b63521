export type { MergeOfMessage } from './merge-message.ts'
export { type Hl7Sender, type MergeReceipt, MllpServer } from './server.ts'
