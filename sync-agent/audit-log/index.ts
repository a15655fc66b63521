export { type AppendedLeaf, AuditLog, type AuditLogDependencies } from './audit-log.ts'
export {
  type Checkpoint,
  checkpointText,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpointText,
  readCheckpoint,
  signCheckpoint,
} from './checkpoint.ts'
export { CompactRange } from './compact-range.ts'
export { cosignatureTime, createCosignatureVerifier, createCosigner } from './cosignature.ts'
export {
  type AuditDetail,
  auditDetail,
  commitmentTo,
  DETAIL_SALT_BYTES,
  type DetailFile,
  type DetailVerdict,
  detailFile,
  verifyDetail,
} from './detail.ts'
export { AuditLogError, type AuditLogErrorCode } from './errors.ts'
export {
  AUDIT_EVENT_SCHEMA,
  AUDIT_SUBJECTS,
  type AuditActor,
  type AuditEvent,
  type AuditEventInput,
  type AuditOutcome,
  type AuditSubject,
  type AuditSubjectKind,
  auditActor,
  auditEvent,
  auditOutcome,
  auditSubject,
  decodeEvent,
  encodeEvent,
  MAX_LEAF_BYTES,
  type RecordedAuditEvent,
  recordedAuditEvent,
} from './event.ts'
export { type DicomCode, type EventStandards, standardsOf } from './event-standards.ts'
export { AUDIT_EVENT_CODES, AUDIT_EVENTS, type AuditEventCode, type EventDefinition } from './events.ts'
export {
  AUDIT_FEED_SCHEMA,
  type AuditFeedSettings,
  AuditFeeds,
  auditFeedSettings,
  type FeedBook,
  type FeedState,
  SqliteFeedBook,
} from './feed/index.ts'
export {
  examineHistory,
  type HistoryFinding,
  isAhead,
  type WitnessedSize,
  wentBack,
} from './history.ts'
export { type CompletedSubtree, type LogStore, MemoryLogStore } from './log-store.ts'
export { EMPTY_ROOT, HASH_BYTES, leafHash, nodeHash } from './merkle-hash.ts'
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from './merkle-proof.ts'
export {
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
  type OpenedNote,
  openNote,
  type ParsedNote,
  parseNote,
  signatureLine,
  signNote,
} from './note.ts'
export {
  createNoteSigner,
  createNoteVerifier,
  encodeVerifierKey,
  keyIdOf,
  parseVerifierKey,
  SIGNATURE_TYPE,
  type SignatureType,
  type VerifierKey,
  verifierKeyOf,
} from './note-key.ts'
export { type LogPolicy, type ParsedPolicy, parsePolicy } from './policy.ts'
export {
  type EntryTrust,
  type EntryVerification,
  encodeProof,
  type ProofFile,
  parseProof,
  verifyEntry,
} from './proof-file.ts'
export {
  createSigningKeyFile,
  decodeSigningKey,
  encodeSigningKey,
  generateSigningKey,
  readSigningKeyFile,
} from './signing-key-file.ts'
export { AUDIT_LOG_SCHEMA, SqliteLogStore } from './sqlite-log-store.ts'
export { type FetchTile, type SignedTree, TileLog } from './tile-log.ts'
export {
  decodeEntries,
  encodeEntries,
  encodeTileIndex,
  parseTilePath,
  readTile,
  TILE_WIDTH,
  type TileName,
  tilePath,
  tileWidthAt,
} from './tiles.ts'
export { type IndexedLeaf, type LogRefusal, type LogVerdict, type LogVerification, verifyLog } from './verify-log.ts'
export {
  type AddCheckpointRequest,
  considerCheckpoint,
  encodeAddCheckpoint,
  newWitnessedLog,
  parseAddCheckpoint,
  type WitnessDecision,
  type WitnessedLog,
} from './witness.ts'
export {
  type CosignatureOutcome,
  type CosignatureRequest,
  type PostCheckpoint,
  requestCosignature,
} from './witness-client.ts'
export { WitnessFile } from './witness-file.ts'
export { postToWitness, type WitnessedSource, WitnessRound, type WitnessTarget } from './witness-round.ts'
export {
  answerAddCheckpoint,
  type WitnessAnswer,
  type WitnessDependencies,
  type WitnessMemory,
} from './witness-service.ts'
