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
export { DRILLS, type Drill, type DrillStep, drillNamed, runDrill } from './drills/index.ts'
export { type DeliveryCode, DeliveryError } from './errors.ts'
export { replaceOnlineKeys } from './exchange-online-file.ts'
export {
  OMS_PUBLIC_KEY_PATH,
  omsPath,
  openStatementSigner,
  type StatementSigner,
  statementSigner,
} from './oms.ts'
export {
  createOnlineKeys,
  createOnlineTokenKeys,
  type OnlineKey,
  type OnlineKeys,
  type OnlineTokenPlace,
  readOnlineKeys,
} from './online-keys.ts'
export { type ProposedList, type ProposedRelease, proposeRelease } from './propose.ts'
export { assembleApprovedModels, publishApprovedModels, type SignedList } from './publish.ts'
export {
  createOfficerKey,
  type OfficerKeyFile,
  type OpenOfficerKey,
  officerKeyFile,
  openOfficerKey,
  type PublicOfficer,
} from './recall-key.ts'
export {
  type ProposedRecalls,
  proposeRecall,
  signOfficersOffline,
  signTargetsWithOfficers,
} from './recall-metadata.ts'
export { type RecallList, RecallService, type SignedRecalls } from './recall-service.ts'
export {
  type ChangeGate,
  type ReleaseRequest,
  ReleaseService,
  type ReleaseServiceOptions,
  type ServiceOutcome,
} from './release-service.ts'
export { FolderRepositoryFiles, type RepositoryFiles } from './repository-files.ts'
export { type Published, type RepositoryState, readRepositoryState } from './repository-state.ts'
export { type PublishedPackage, RepositoryWriter } from './repository-writer.ts'
export { dueReminders, OnlineResigner, REMINDER_DAYS } from './resign-online.ts'
export { type Ceremony, exchangeApprover, exchangeCustodian, exchangeOnlineKeys, partiesOf } from './rotation.ts'
