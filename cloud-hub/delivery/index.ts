export { checkSignature, type SignatureOutcome, type SignatureRefusal } from './accept-signature.ts'
export {
  type Custodians,
  createRepositoryKeys,
  initialiseRepository,
  type RepositoryParties,
  signRoot,
  signTargets,
} from './ceremony.ts'
export {
  type CustodianKeyFile,
  createCustodianKey,
  custodianKeyFile,
  type OpenCustodianKey,
  openCustodianKey,
  readCustodianKeyFile,
} from './custodian-key.ts'
export { type DeliveryCode, DeliveryError } from './errors.ts'
export { createOnlineKeys, type OnlineKey, type OnlineKeys, readOnlineKeys } from './online-keys.ts'
export { type ProposedList, type ProposedRelease, proposeRelease } from './propose.ts'
export { assembleApprovedModels, publishApprovedModels, type SignedList } from './publish.ts'
export {
  type ReleaseRequest,
  ReleaseService,
  type ReleaseServiceOptions,
  type ServiceOutcome,
} from './release-service.ts'
export { FolderRepositoryFiles, type RepositoryFiles } from './repository-files.ts'
export { type Published, type RepositoryState, readRepositoryState } from './repository-state.ts'
export { type PublishedPackage, RepositoryWriter } from './repository-writer.ts'
export { dueReminders, OnlineResigner, REMINDER_DAYS } from './resign-online.ts'
