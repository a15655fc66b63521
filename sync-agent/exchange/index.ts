export {
  AcknowledgedFile,
  type AcknowledgedState,
  acknowledgedState,
  committedSequence,
  mergeAcknowledgement,
  nothingAcknowledged,
  type Refusal,
} from './acknowledged-file.ts'
export {
  type BatchRefusal,
  type DecodedBatch,
  decodeBatch,
  MAX_BATCH_FILE_BYTES,
  type PackedBatch,
  packEnvelopes,
} from './batch.ts'
export { type BatchRange, batchFileName, compareRanges, parseBatchFileName } from './batch-name.ts'
export { type BoundedRead, readBoundedFile } from './bounded-file.ts'
export {
  type EpochStatement,
  isEpochStatementSigned,
  rootOfDigests,
  signEpochStatement,
  splitRange,
} from './epoch-proof.ts'
export { ExchangeError, type ExchangeErrorCode } from './errors.ts'
export { type HubLogState, HubLogStateFile, hubLogState } from './hub-log-state.ts'
export {
  type IdentityStatus,
  IdentityStatusFile,
  identityStatus,
  type JoinWish,
  JoinWishFile,
  joinWish,
} from './identity-files.ts'
export { JsonFile, type JsonFileRead } from './json-file.ts'
export { KitInbox, type KitResult, kitResult } from './kit-inbox.ts'
export {
  copyKit,
  KIT_ACKNOWLEDGEMENTS,
  KIT_LIST,
  KIT_OUTBOX,
  KIT_REPOSITORY,
  type KitDirection,
  type KitFolderCode,
  type KitFolderRead,
  type KitList,
  kitList,
  readKitList,
  writeKitList,
} from './kit-list.ts'
export {
  isKitListSigned,
  KIT_SIGNATURE,
  type KitSignature,
  kitSignature,
  openKitAcknowledgement,
  signKitAcknowledgement,
  signKitList,
} from './kit-signature.ts'
export {
  type OutboxEntry,
  type OutboxRead,
  OutboxReader,
  type OutboxReaderOptions,
  type OutboxRefusal,
} from './outbox-reader.ts'
export { OutboxWriter, type OutboxWriterOptions } from './outbox-writer.ts'
export {
  EXCHANGE_FILE_MODE,
  type ExchangePaths,
  ensureExchangeFolders,
  exchangePaths,
  removeTemporaryFiles,
} from './paths.ts'
export { type AgentStatus, AgentStatusFile, agentStatus, DesiredStateFile } from './status-files.ts'
export { chooseStream, MAX_PASSED_OVER, type PassedOver } from './stream-choice.ts'
export { NO_POLICY, type SyncPolicy, SyncPolicyFile } from './sync-policy.ts'
