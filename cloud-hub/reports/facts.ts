import type { AuditEventCode } from '@leadglass/sync-agent/audit-log'

/**
 * Where a piece of evidence is from. `hub`: tables and the log of this hub. `site`: what a box signed and sent, as its
 * mirrored log or its reported state. `document`: a file that a person laid down beside the hub; held, not judged.
 */
export type Zone = 'hub' | 'site' | 'document'

/** How a fact is found. `entries`: in the logs. `records`: in the hub's tables. `document`: a file. `elsewhere`: never from here. */
export type FactSource =
  | { readonly by: 'entries'; readonly zone: 'hub' | 'site'; readonly events: readonly AuditEventCode[] }
  | { readonly by: 'records'; readonly zone: 'hub' | 'site' }
  | { readonly by: 'document'; readonly zone: 'document' }
  | { readonly by: 'elsewhere'; readonly where: string }

/** Something that a control needs shown, in words, and where evidence of it comes from. */
export interface FactDefinition {
  readonly states: string
  readonly source: FactSource
}

const hub = (...events: readonly AuditEventCode[]): FactSource => ({ by: 'entries', zone: 'hub', events })
const site = (...events: readonly AuditEventCode[]): FactSource => ({ by: 'entries', zone: 'site', events })
const records = (zone: 'hub' | 'site' = 'hub'): FactSource => ({ by: 'records', zone })
const DOCUMENT: FactSource = { by: 'document', zone: 'document' }
const elsewhere = (where: string): FactSource => ({ by: 'elsewhere', where })

/** Every fact that a control may need. A control can be met by nothing else. */
export const FACTS = {
  // The logs themselves.
  'hub-log': { states: 'the hub signs its audit log', source: records() },
  'hub-log-witnessed': { states: 'somebody else has cosigned the hub’s log', source: records() },
  'site-logs': { states: 'the log of every box is mirrored and cosigned', source: records('site') },
  'log-retention': { states: 'the logs are kept for years, and holds are respected', source: records() },
  'log-reviewed': { states: 'somebody read the logs in the period', source: hub('log.read', 'report.exported') },
  'hub-recording': { states: 'acts at the hub are recorded', source: hub('process.started', 'process.stopped') },
  'site-recording': {
    states: 'acts on studies at the sites are recorded',
    source: site('instance.stored', 'study.completed', 'study.scored', 'study.not-scored'),
  },
  // People.
  'access-review': { states: 'accounts, roles, last sign-ins and pauses', source: records() },
  'reading-review': { states: 'who read what, counted by person and act', source: records('site') },
  'sign-ins': { states: 'sign-ins at the hub are recorded', source: hub('session.opened', 'session.refused') },
  'site-sign-ins': { states: 'sign-ins at the boxes are recorded', source: site('session.opened', 'session.refused') },
  'sign-outs': { states: 'sessions end', source: hub('session.closed') },
  'access-refused': { states: 'acts beyond a role are refused and recorded', source: hub('access.refused') },
  'password-age': { states: 'no password is older than it may be', source: records() },
  'account-changes': {
    states: 'accounts and passwords change on the record',
    source: hub('person.enrolled', 'password.changed'),
  },
  'identity-opened': { states: 'each way back from a pseudonym is recorded', source: site('identity.opened') },
  'studies-read': { states: 'who opened or listed studies is recorded', source: site('study.read', 'study.listed') },
  'studies-exported': {
    states: 'what was taken out or delivered is recorded',
    source: site('study.exported', 'result.delivered'),
  },
  // Boxes, keys, lines.
  certificates: { states: 'the certificate of every box is valid', source: records() },
  'keys-in-use': { states: 'which signing keys are in use, and since when', source: records() },
  'device-state': {
    states: 'every box reports, signed, which settings and models are in force',
    source: records('site'),
  },
  enrolments: {
    states: 'boxes join, renew and leave on the record',
    source: hub('device.invited', 'device.enrolled', 'device.renewed', 'device.revoked'),
  },
  transmission: {
    states: 'what left the sites was acknowledged',
    source: site('egress.acknowledged', 'epoch.compared'),
  },
  'callers-refused': {
    states: 'unknown peers are turned away',
    source: site('association.rejected', 'association.accepted'),
  },
  'settings-changed': { states: 'changes of settings are recorded', source: hub('setting.changed') },
  'integrity-checks': {
    states: 'logs and batches are compared',
    source: hub('checkpoint.cosigned', 'ingest.committed'),
  },
  // De-identification and incidents.
  deidentified: { states: 'studies were de-identified and verified before use', source: site('study.deidentified') },
  'egress-sealed': { states: 'what may leave is sealed as typed envelopes', source: site('egress.sealed') },
  'leak-alarms': { states: 'suspected leaks are found and settled', source: site('leak.suspected', 'leak.settled') },
  'breach-cases': {
    states: 'cases of suspected breaches are kept',
    source: site('breach.opened', 'breach.changed', 'breach.closed'),
  },
  'site-retention': { states: 'studies are removed under the retention rule', source: site('study.expired') },
  'site-holds': { states: 'holds at the sites are recorded', source: site('hold.placed', 'hold.lifted') },
  restored: { states: 'a restore from a backup took place and is recorded', source: site('backup.restored') },
  corrections: {
    states: 'corrections of studies supersede and are recorded',
    source: site('study.corrected', 'study.superseded'),
  },
  // Models.
  'approval-policy': { states: 'what every box demands before it runs a version', source: records() },
  signatures: { states: 'signatures with printed name, time and meaning', source: records() },
  'signing-keys': { states: 'whose signing keys count, and which were revoked', source: records() },
  'signing-acts': {
    states: 'each signing re-authenticates',
    source: hub('signing.authenticated', 'signing.refused', 'signing.locked'),
  },
  reviews: {
    states: 'versions are submitted, reviewed and decided',
    source: hub('approval.submitted', 'approval.reviewed', 'approval.signed'),
  },
  published: { states: 'approved versions are published', source: hub('release.published') },
  'cards-complete': { states: 'the card of every version is complete', source: records() },
  'drift-watch': { states: 'no drift alert waits for a person', source: records() },
  rollouts: { states: 'versions reach the sites in rings', source: records() },
  recalls: { states: 'recalls are recorded', source: hub('model.recalled') },
  stops: { states: 'people at the sites stop and start models', source: site('model.disabled', 'model.enabled') },
  scored: { states: 'each score is recorded with its model', source: site('study.scored', 'study.not-scored') },
  labels: { states: 'readers state ground truth', source: site('label.recorded') },
  activations: {
    states: 'versions come into use through checks, and are taken back',
    source: site('model.staged', 'model.activated', 'model.rolled-back'),
  },
  datasets: { states: 'training rests on datasets fixed by their digest', source: records() },
  evaluations: {
    states: 'candidates are evaluated, and gates stop them',
    source: hub('evaluation.recorded', 'training.refused', 'training.finished'),
  },
  'change-plans': { states: 'plans for changes are declared and in force', source: records() },
  // One version of a model.
  'version-card': { states: 'the card of the version is complete', source: records() },
  'version-signatures': { states: 'enough people of the required roles signed it', source: records() },
  'version-listed': { states: 'it is listed in the signed repository', source: records() },
  'version-statement': { states: 'a signed statement about each of its files is published', source: records() },
  'version-change': { states: 'its change is within a plan that was adopted', source: records() },
  'version-lineage': { states: 'what it was made from', source: records() },
  'version-drift': { states: 'no drift alert of it waits for a person', source: records() },
  'version-recall': { states: 'the signed list of recalls was looked at, and it is not on it', source: records() },
  'version-rollouts': { states: 'it reached the sites in rings', source: records() },
  'version-sites': {
    states: 'what the boxes report, signed, about running, stopping and taking it back',
    source: records('site'),
  },
  // Files that a person lays down.
  'test-results': { states: 'results of the last test run', source: DOCUMENT },
  'risk-analysis': { states: 'a risk analysis', source: DOCUMENT },
  'backup-test': { states: 'the protocol of a backup and its trial restore', source: DOCUMENT },
  'incident-procedure': { states: 'a procedure for incidents', source: DOCUMENT },
  'staff-training': { states: 'records of training of the people involved', source: DOCUMENT },
  agreements: { states: 'agreements with those who process on behalf', source: DOCUMENT },
  'impact-assessment': { states: 'an assessment of the impact on persons', source: DOCUMENT },
  'processing-record': { states: 'the record of processing activities', source: DOCUMENT },
  'technical-documentation': { states: 'technical documentation and instructions for use', source: DOCUMENT },
  'quality-management': { states: 'the description of the quality management', source: DOCUMENT },
  'monitoring-plan': { states: 'the plan for monitoring after release', source: DOCUMENT },
  // What no report of a hub can show.
  'disk-encryption': {
    states: 'records at the sites are encrypted at rest',
    source: elsewhere('at the box: “leadglass doctor” shows the state of its records and keys'),
  },
  'emergency-access': {
    states: 'access in an emergency',
    source: elsewhere('at the hospital: its own procedure for emergencies'),
  },
  'physical-security': {
    states: 'rooms and machines are protected',
    source: elsewhere('at the hospital and the operator of the hub'),
  },
  'breach-words': {
    states: 'assessment and notifications of a breach',
    source: elsewhere('at the site: “leadglass breach show” – the words of a case never leave it'),
  },
} as const satisfies Readonly<Record<string, FactDefinition>>

export type Fact = keyof typeof FACTS
export const FACT_NAMES = Object.keys(FACTS) as readonly Fact[]

/** The documents that a person may lay down, by the name that their file begins with. */
export const DOCUMENT_FACTS: readonly Fact[] = FACT_NAMES.filter((fact) => FACTS[fact].source.by === 'document')
