import type { AuditEventCode } from './events.ts'

/** A code of DICOM PS3.16, coding scheme DCM. */
export interface DicomCode {
  readonly code: string
  readonly meaning: string
}

/** How an event of the vocabulary is told to others: in the words of PS3.15 A.5, of FHIR AuditEvent, and of the law. */
export interface EventStandards {
  /** EventID, PS3.16 CID 400. */
  readonly id: DicomCode
  /** EventTypeCode, PS3.16 CID 401. */
  readonly type?: DicomCode
  /** EventActionCode, PS3.15 A.5.2: create, read, update, delete, execute. FHIR has the same letters. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E'
  /** Clauses of 45 CFR 164 and 21 CFR 11 for which the event is evidence. */
  readonly clauses: readonly string[]
}

const dcm = (code: string, meaning: string): DicomCode => ({ code, meaning })

/** PS3.16 CID 400, Audit Event ID. */
const ID = {
  activity: dcm('110100', 'Application Activity'),
  logUsed: dcm('110101', 'Audit Log Used'),
  accessed: dcm('110103', 'DICOM Instances Accessed'),
  transferred: dcm('110104', 'DICOM Instances Transferred'),
  deleted: dcm('110105', 'DICOM Study Deleted'),
  export: dcm('110106', 'Export'),
  import: dcm('110107', 'Import'),
  network: dcm('110108', 'Network Entry'),
  patient: dcm('110110', 'Patient Record'),
  procedure: dcm('110111', 'Procedure Record'),
  query: dcm('110112', 'Query'),
  alert: dcm('110113', 'Security Alert'),
  authentication: dcm('110114', 'User Authentication'),
} as const

/** PS3.16 CID 401, Audit Event Type Code. */
const TYPE = {
  start: dcm('110120', 'Application Start'),
  stop: dcm('110121', 'Application Stop'),
  login: dcm('110122', 'Login'),
  logout: dcm('110123', 'Logout'),
  attach: dcm('110124', 'Attach'),
  detach: dcm('110125', 'Detach'),
  node: dcm('110126', 'Node Authentication'),
  emergency: dcm('110127', 'Emergency Override Started'),
  network: dcm('110128', 'Network Configuration'),
  security: dcm('110129', 'Security Configuration'),
  hardware: dcm('110130', 'Hardware Configuration'),
  software: dcm('110131', 'Software Configuration'),
  restricted: dcm('110132', 'Use of Restricted Function'),
  recordingStopped: dcm('110133', 'Audit Recording Stopped'),
  recordingStarted: dcm('110134', 'Audit Recording Started'),
  objectSecurity: dcm('110135', 'Object Security Attributes Changed'),
  roles: dcm('110136', 'Security Roles Changed'),
  user: dcm('110137', 'User security Attributes Changed'),
} as const

const HIPAA = {
  review: '45 CFR 164.308(a)(1)(ii)(D)',
  access: '45 CFR 164.312(a)(1)',
  emergency: '45 CFR 164.312(a)(2)(ii)',
  audit: '45 CFR 164.312(b)',
  integrity: '45 CFR 164.312(c)(1)',
  authentication: '45 CFR 164.312(d)',
  transmission: '45 CFR 164.312(e)(1)',
  login: '45 CFR 164.308(a)(5)(ii)(C)',
  incident: '45 CFR 164.308(a)(6)(ii)',
  backup: '45 CFR 164.308(a)(7)(ii)(A)',
  restore: '45 CFR 164.308(a)(7)(ii)(B)',
  authorisation: '45 CFR 164.308(a)(4)(ii)(C)',
  disposal: '45 CFR 164.310(d)(2)(i)',
  deidentification: '45 CFR 164.514(a)',
  disclosure: '45 CFR 164.528',
  burden: '45 CFR 164.414(b)',
} as const

const PART_11 = {
  validation: '21 CFR 11.10(a)',
  protection: '21 CFR 11.10(c)',
  limit: '21 CFR 11.10(d)',
  trail: '21 CFR 11.10(e)',
  sequence: '21 CFR 11.10(f)',
  authority: '21 CFR 11.10(g)',
  device: '21 CFR 11.10(h)',
  documents: '21 CFR 11.10(k)',
  signature: '21 CFR 11.50',
  unique: '21 CFR 11.100',
  components: '21 CFR 11.200',
  credentials: '21 CFR 11.300',
} as const

type Row = readonly [
  id: keyof typeof ID,
  type: keyof typeof TYPE | null,
  action: EventStandards['action'],
  ...clauses: string[],
]

const { review, access, audit, integrity, authentication, transmission, login, incident } = HIPAA
const { validation, protection, limit, trail, sequence, authority, device, documents } = PART_11

/** One row for each word; which word needs which row is a decision about meaning, so none is left to a default. */
const ROWS = {
  'process.started': ['activity', 'start', 'E', audit, trail],
  'process.stopped': ['activity', 'stop', 'E', audit, trail],
  'process.recovered': ['activity', 'start', 'E', integrity, protection],
  'setting.changed': ['alert', 'software', 'U', audit, trail, documents],
  'clock.jumped': ['alert', 'hardware', 'E', incident, trail],
  'log.read': ['logUsed', null, 'R', review, audit],
  'report.exported': ['export', null, 'R', review, audit],
  'log.inconsistent': ['alert', 'objectSecurity', 'E', incident, integrity, trail],
  'log.pruned': ['logUsed', null, 'D', trail, protection],
  'checkpoint.cosigned': ['logUsed', null, 'E', integrity, trail],

  'association.accepted': ['network', 'attach', 'E', authentication, transmission, device],
  'association.rejected': ['alert', 'node', 'E', access, authentication, device],
  'association.ended': ['network', 'detach', 'E', transmission],
  'echo.answered': ['network', 'attach', 'E', transmission],
  'query.answered': ['query', null, 'E', audit],
  'commitment.answered': ['procedure', null, 'E', integrity, protection],
  'procedure-step.reported': ['procedure', null, 'U', integrity],
  'availability.notified': ['procedure', null, 'E', integrity],

  'instance.stored': ['transferred', null, 'C', integrity, protection],
  'instance.refused': ['transferred', null, 'C', integrity],
  'instance.duplicate': ['transferred', null, 'C', integrity],
  'intake.paused': ['alert', 'hardware', 'E', integrity],
  'intake.resumed': ['alert', 'hardware', 'E', integrity],
  'pressure.changed': ['alert', 'hardware', 'E', integrity],
  'study.completed': ['procedure', null, 'U', sequence],
  'study.superseded': ['procedure', null, 'U', integrity, trail],
  'prior.fetched': ['transferred', null, 'R', audit],
  'study.quarantined': ['procedure', null, 'U', incident, integrity],
  'study.released': ['procedure', null, 'U', HIPAA.authorisation, authority],
  'study.routed': ['procedure', null, 'E', sequence],
  'study.held': ['procedure', null, 'U', sequence],
  'rules.activated': ['alert', 'software', 'U', trail, documents],
  'hold.placed': ['alert', 'objectSecurity', 'U', protection],
  'hold.lifted': ['alert', 'objectSecurity', 'U', protection],
  'study.expired': ['deleted', null, 'D', HIPAA.disposal, protection],

  'study.deidentified': ['procedure', null, 'C', HIPAA.deidentification],
  'leak.suspected': ['alert', 'restricted', 'E', incident, HIPAA.deidentification],
  'leak.settled': ['alert', 'restricted', 'U', incident],
  'breach.opened': ['alert', 'restricted', 'C', incident, HIPAA.burden],
  'breach.changed': ['alert', 'restricted', 'U', incident, HIPAA.burden],
  'breach.closed': ['alert', 'restricted', 'U', incident, HIPAA.burden],
  'identity.opened': ['patient', null, 'R', access, audit, authority],
  'pseudonyms.rotated': ['alert', 'security', 'U', HIPAA.deidentification],
  'vault.enrolled': ['alert', 'user', 'C', access, authority],
  'vault.anchored': ['logUsed', null, 'C', integrity],
  'study.scored': ['procedure', null, 'C', trail, validation],
  'study.backfilled': ['procedure', null, 'C', trail],
  'backfill.changed': ['activity', null, 'U', trail],
  'scoring.requested': ['procedure', null, 'E', access, audit],
  'scoring-token.changed': ['alert', 'user', 'U', access, PART_11.credentials],
  'study.not-scored': ['procedure', null, 'E', trail],
  'study.corrected': ['procedure', null, 'U', integrity, trail],
  'patient.merged': ['patient', null, 'U', integrity, trail],
  'patient.merge-undone': ['patient', null, 'U', integrity, trail],
  'worker.killed': ['activity', 'stop', 'E', integrity],
  'result.queued': ['export', null, 'C', sequence],
  'result.delivered': ['export', null, 'R', audit, HIPAA.disclosure],
  'result.refused': ['export', null, 'R', audit],
  'result.late': ['export', null, 'R', integrity],
  'result.caught-up': ['export', null, 'R', integrity],
  'result.dead': ['export', null, 'R', integrity],
  'result.dropped': ['export', null, 'D', authority, trail],
  'result.retried': ['export', null, 'E', trail],
  'label.recorded': ['procedure', null, 'C', trail, authority],

  'egress.sealed': ['export', null, 'C', HIPAA.deidentification, audit],
  'egress.released': ['export', null, 'E', HIPAA.authorisation, authority],
  'egress.declined': ['export', null, 'D', HIPAA.authorisation, authority],
  'egress.acknowledged': ['export', null, 'R', transmission],
  'egress.refused': ['export', null, 'E', transmission, integrity],
  'egress.rewound': ['export', null, 'E', integrity],
  'egress.rejected': ['export', null, 'E', integrity],
  'epoch.opened': ['export', null, 'C', integrity],
  'epoch.closed': ['export', null, 'U', integrity],
  'epoch.compared': ['export', null, 'R', integrity, transmission],
  'ingest.committed': ['import', null, 'C', integrity],
  'ingest.refused': ['import', null, 'C', integrity, incident],

  'session.opened': ['authentication', 'login', 'E', login, authentication, PART_11.credentials],
  'session.refused': ['authentication', 'login', 'E', login, authentication, PART_11.credentials],
  'session.closed': ['authentication', 'logout', 'E', login],
  'person.enrolled': ['alert', 'user', 'C', HIPAA.authorisation, PART_11.unique],
  'access.refused': ['alert', 'restricted', 'E', access, limit, authority],
  'study.read': ['accessed', null, 'R', audit, review],
  'study.listed': ['query', null, 'E', audit, review],
  'study.egress-blocked': ['alert', 'objectSecurity', 'E', HIPAA.deidentification],
  'pixels.held': ['alert', 'objectSecurity', 'E', HIPAA.deidentification],
  'pixels.viewed': ['accessed', null, 'R', audit],
  'pixels.released': ['export', null, 'U', HIPAA.deidentification, authority],
  'pixels.refused': ['export', null, 'D', HIPAA.deidentification, authority],
  'explanation.made': ['procedure', null, 'C', trail],
  'explanation.read': ['accessed', null, 'R', audit],
  'explanation.refused': ['alert', 'objectSecurity', 'R', integrity],
  'study.exported': ['export', null, 'R', audit, HIPAA.disclosure],

  'model.refused': ['alert', 'software', 'E', integrity, device],
  'model.staged': ['activity', null, 'C', validation],
  'model.activated': ['alert', 'software', 'U', trail, documents],
  'model.rolled-back': ['alert', 'software', 'U', trail, documents],
  'model.retired': ['alert', 'software', 'D', trail, documents],
  'deployment.started': ['alert', 'software', 'C', trail, authority],
  'deployment.changed': ['alert', 'software', 'U', trail, authority],
  'deployment.stopped': ['alert', 'software', 'D', trail],
  'deployment.promoted': ['alert', 'software', 'U', trail, authority],
  'model.disabled': ['alert', 'software', 'U', trail, authority],
  'model.enabled': ['alert', 'software', 'U', trail, authority],
  'model.recalled': ['alert', 'software', 'U', trail, authority],
  'metadata.refused': ['alert', 'software', 'E', integrity, device],

  'dataset.frozen': ['export', null, 'C', trail],
  'lake.erased': ['deleted', null, 'D', trail, documents],
  'lake.compacted': ['activity', null, 'U', trail],
  'lake.verified': ['activity', null, 'E', integrity],
  'lake.queried': ['query', null, 'R', trail, authority],
  'reader.revoked': ['alert', 'security', 'U', trail, authority],
  'reader.restored': ['alert', 'security', 'U', trail, authority],
  'training.triggered': ['activity', null, 'E', trail, sequence],
  'training.started': ['activity', 'start', 'E', trail],
  'training.finished': ['activity', 'stop', 'C', trail],
  'training.refused': ['activity', 'stop', 'E', validation],
  'training.reproduced': ['activity', null, 'E', validation, trail],
  'evaluation.recorded': ['activity', null, 'C', validation],
  'model.registered': ['import', null, 'C', trail, documents],
  'alias.changed': ['activity', null, 'U', trail, documents],
  'experiment.recorded': ['activity', null, 'C', trail],
  'approval.submitted': ['activity', null, 'C', sequence, trail],
  'approval.signed': ['activity', null, 'E', PART_11.signature, PART_11.components, trail],
  'approval.refused': ['activity', null, 'E', authority, trail],
  'approval.withdrawn': ['activity', null, 'D', trail],
  'approval.reviewed': ['activity', null, 'R', sequence, trail],
  'approval.commented': ['activity', null, 'C', trail],
  'approval.changes-requested': ['activity', null, 'U', sequence, trail],
  'approval.reminded': ['activity', null, 'E', sequence],
  'approval.expired': ['activity', null, 'U', sequence, trail],
  'plan.declared': ['activity', null, 'C', sequence, trail],
  'plan.adopted': ['activity', null, 'E', PART_11.signature, trail],
  'plan.withdrawn': ['activity', null, 'D', trail],
  'plan.step-recorded': ['activity', null, 'C', sequence, trail],
  'signing.authenticated': ['authentication', null, 'E', PART_11.components],
  'signing.refused': ['authentication', null, 'E', PART_11.components, PART_11.credentials],
  'signing.locked': ['alert', 'restricted', 'E', PART_11.credentials],
  'password.changed': ['alert', 'user', 'U', PART_11.credentials],
  'model.site-approved': ['activity', null, 'E', PART_11.signature, trail],
  'model.site-approval-awaited': ['activity', null, 'E', sequence],
  'release.published': ['alert', 'software', 'C', trail, documents],
  'metadata.published': ['alert', 'software', 'U', integrity],
  'key.changed': ['alert', 'security', 'U', PART_11.credentials],
  'drift.alerted': ['alert', 'software', 'E', validation],
  'drift.settled': ['alert', 'software', 'U', validation],
  'performance.referenced': ['activity', null, 'C', validation, trail],
  'performance.alerted': ['alert', 'software', 'E', validation],
  'performance.settled': ['alert', 'software', 'U', validation],
  'fairness.alerted': ['alert', 'software', 'E', validation],
  'fairness.settled': ['alert', 'software', 'U', validation],

  'device.enrolled': ['alert', 'node', 'C', authentication, device],
  'device.renewed': ['alert', 'node', 'U', authentication, device],
  'device.revoked': ['alert', 'node', 'D', authentication, device],
  'device.invited': ['alert', 'node', 'C', authentication, device],
  'device.held': ['alert', 'node', 'U', incident],
  'device.released': ['alert', 'node', 'U', incident],
  'device.anchored': ['alert', 'node', 'U', authentication, device],
  'trust.pinned': ['alert', 'node', 'U', authentication, device],
  'desired.refused': ['alert', 'node', 'E', incident],
  'agent.reported': ['network', null, 'E', transmission, device],
  'device.connected': ['network', 'attach', 'E', authentication, transmission],
  'device.silent': ['alert', 'node', 'E', incident],
  'backup.restored': ['import', null, 'U', HIPAA.restore, protection],
} as const satisfies Record<AuditEventCode, Row>

/** What a word is called elsewhere. @param event of the vocabulary; a word of a newer program is an application's activity. */
export function standardsOf(event: string): EventStandards {
  const row = (ROWS as Readonly<Record<string, Row>>)[event]
  if (row === undefined) return { id: ID.activity, action: 'E', clauses: [audit] }
  const [id, type, action, ...clauses] = row
  return { id: ID[id], ...(type === null ? {} : { type: TYPE[type] }), action, clauses }
}
