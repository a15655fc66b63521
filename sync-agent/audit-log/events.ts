/** The rooms that write audit events. */
type Emitter =
  | 'dimse'
  | 'intake'
  | 'deidentify'
  | 'scoring'
  | 'results'
  | 'rules'
  | 'records'
  | 'egress'
  | 'local-api'
  | 'updates'
  | 'ingest'
  | 'audit'
  | 'lake'
  | 'training'
  | 'drift'
  | 'performance'
  | 'fairness'
  | 'registry'
  | 'governance'
  | 'delivery'
  | 'fleet'
  | 'hub-api'
  | 'process'

/** One word of the vocabulary: who writes it and what it states. */
export interface EventDefinition {
  readonly emitters: readonly Emitter[]
  readonly states: string
}

/**
 * The closed vocabulary of the audit logs. A leaf lives for years: a word is never renamed or given another meaning, a new
 * one is added. Whether the act succeeded, failed or was refused is the event's `outcome`, reasons are its `codes`.
 */
export const AUDIT_EVENTS = {
  // Processes and settings, edge and hub.
  'process.started': { emitters: ['process'], states: 'A process is ready; recording begins.' },
  'process.stopped': { emitters: ['process'], states: 'A process stopped in order; recording ends.' },
  'process.recovered': { emitters: ['process'], states: 'A start found that the last stop was not in order.' },
  'setting.changed': {
    emitters: ['local-api', 'hub-api', 'process'],
    states: 'A setting has another value from now on; the old one is in the record.',
  },
  'clock.jumped': { emitters: ['process'], states: 'The clock went backwards or leapt; times around it are doubtful.' },
  'log.read': { emitters: ['local-api', 'hub-api', 'audit'], states: 'Somebody read or exported an audit log.' },
  'report.exported': {
    emitters: ['hub-api'],
    states:
      'Somebody took a compliance report away; the subject is its digest, the codes its form and what it is about.',
  },
  'log.inconsistent': { emitters: ['audit', 'ingest'], states: 'A log does not continue what was known of it.' },
  'log.pruned': {
    emitters: ['audit'],
    states:
      'Entries older than their retention were emptied; their hashes and every proof stay. The codes name the year.',
  },
  'checkpoint.cosigned': { emitters: ['audit', 'egress'], states: 'A witness observed a checkpoint of a log.' },

  // DICOM network.
  'association.accepted': { emitters: ['dimse'], states: 'A peer may talk to the box.' },
  'association.rejected': { emitters: ['dimse'], states: 'A peer was turned away; the codes say why.' },
  'association.ended': { emitters: ['dimse'], states: 'An association was released or aborted.' },
  'echo.answered': { emitters: ['dimse'], states: 'A verification request was answered.' },
  'query.answered': { emitters: ['dimse'], states: 'A C-FIND was answered; no attribute of the query is kept.' },
  'commitment.answered': { emitters: ['dimse'], states: 'Responsibility for instances was taken or declined.' },
  'procedure-step.reported': {
    emitters: ['dimse'],
    states: 'A modality reported that a step began or how it goes on; the codes name its state and count instances.',
  },
  'availability.notified': {
    emitters: ['dimse'],
    states: 'A system said that instances of a study can be had; the codes count them.',
  },

  // Intake.
  'instance.stored': { emitters: ['intake', 'dimse'], states: 'An instance is durable and was acknowledged.' },
  'instance.refused': { emitters: ['intake', 'dimse'], states: 'An instance was not taken.' },
  'instance.duplicate': {
    emitters: ['intake'],
    states: 'Instances came again, the same byte for byte; the codes say how many.',
  },
  'intake.paused': { emitters: ['intake'], states: 'New instances are refused until there is room.' },
  'intake.resumed': { emitters: ['intake'], states: 'New instances are taken again.' },
  'pressure.changed': {
    emitters: ['intake'],
    states: 'Room or the waiting queue passed the soft mark; the codes name the level and the cause.',
  },
  'study.completed': { emitters: ['intake'], states: 'A revision of a study was closed; the codes say by which sign.' },
  'study.superseded': { emitters: ['intake'], states: 'A late instance made a new revision.' },
  'prior.fetched': {
    emitters: ['intake'],
    states: 'Earlier studies of the patient were looked for in the archives and fetched; the codes say how many.',
  },
  'study.quarantined': {
    emitters: ['intake', 'deidentify'],
    states: 'A study or instance was set aside with a reason.',
  },
  'study.released': { emitters: ['intake', 'local-api'], states: 'A person let a quarantined study go on.' },
  'study.routed': {
    emitters: ['rules'],
    states: 'A rule decided about a revision; the codes name version, rule and lane.',
  },
  'study.held': { emitters: ['rules'], states: 'A rule keeps a revision waiting until a person lets it go on.' },
  'rules.activated': { emitters: ['local-api'], states: 'Other rules decide from now on; the codes say what changed.' },
  'hold.placed': {
    emitters: ['local-api', 'audit'],
    states: 'A legal hold keeps a study, a patient or a year of a log from being removed.',
  },
  'hold.lifted': { emitters: ['local-api', 'audit'], states: 'A legal hold ended.' },
  'study.expired': { emitters: ['records'], states: 'A study was removed under the retention rule.' },

  // De-identification, scoring, results.
  'study.deidentified': {
    emitters: ['deidentify'],
    states: 'The form without identity exists and passed the verifier.',
  },
  'leak.suspected': {
    emitters: ['deidentify', 'process'],
    states:
      'An identifier of a study was found where none may be; the codes name the place. Nothing more of it leaves.',
  },
  'leak.settled': { emitters: ['local-api'], states: 'A person looked at a suspected leak and let the study go on.' },
  'breach.opened': {
    emitters: ['local-api'],
    states: 'A person opened a case of a suspected breach; the codes name its number. Its words stay at the site.',
  },
  'breach.changed': {
    emitters: ['local-api'],
    states: 'Evidence, an assessment or a notification was added to a case of a suspected breach.',
  },
  'breach.closed': { emitters: ['local-api'], states: 'A case of a suspected breach was closed.' },
  'identity.opened': { emitters: ['deidentify', 'local-api'], states: 'A pseudonym was resolved to a patient.' },
  'pseudonyms.rotated': {
    emitters: ['deidentify', 'process'],
    states: 'A generation of pseudonym keys was opened by two people, or came into force.',
  },
  'vault.enrolled': { emitters: ['deidentify', 'process'], states: 'A person was given a share of the vault key.' },
  'vault.anchored': {
    emitters: ['deidentify', 'process'],
    states: 'The subject is the hash of the vault entry whose number the codes name.',
  },
  'study.scored': { emitters: ['scoring'], states: 'A model scored a revision.' },
  'study.backfilled': {
    emitters: ['scoring'],
    states:
      'A model of a backfill worked on a past study; the codes name job and model, and why there is no score if so.',
  },
  'backfill.changed': {
    emitters: ['local-api', 'scoring'],
    states:
      'A backfill over past studies was started, paused, resumed, cancelled, or ended by itself; the codes say which.',
  },
  'scoring.requested': {
    emitters: ['scoring'],
    states: 'A program asked the scoring interface; the codes name it, the model, and how it ended. Nothing is kept.',
  },
  'scoring-token.changed': {
    emitters: ['local-api'],
    states: 'A program was given a token for the scoring interface, or lost it.',
  },
  'study.not-scored': { emitters: ['scoring'], states: 'No score, and why.' },
  'study.corrected': {
    emitters: ['records'],
    states: 'Patient, accession number or content of a study was corrected; a new revision supersedes earlier results.',
  },
  'patient.merged': { emitters: ['records'], states: 'A patient identity was merged into another that survives.' },
  'patient.merge-undone': { emitters: ['records'], states: 'A merge of patient identities was taken back.' },
  'worker.killed': { emitters: ['scoring'], states: 'A pixel worker exceeded its time or memory, or crashed.' },
  'result.queued': { emitters: ['results'], states: 'A result waits for a destination.' },
  'result.delivered': { emitters: ['results'], states: 'A destination has committed a result.' },
  'result.refused': { emitters: ['results'], states: 'A destination refused a result.' },
  'result.late': { emitters: ['results'], states: 'The oldest result for a destination waits longer than it may.' },
  'result.caught-up': {
    emitters: ['results'],
    states: 'No result for a destination waits longer than it may any more.',
  },
  'result.dead': { emitters: ['results'], states: 'Delivery was given up; a person is needed.' },
  'result.dropped': { emitters: ['local-api'], states: 'A person gave a result up; nothing sends it any more.' },
  'result.retried': { emitters: ['results', 'local-api'], states: 'A person sent a dead result again.' },
  'label.recorded': { emitters: ['local-api'], states: 'A reader stated ground truth.' },

  // The door, and the way to the hub.
  'egress.sealed': { emitters: ['egress'], states: 'Envelopes were sealed and may leave.' },
  'egress.released': { emitters: ['local-api', 'egress'], states: 'A person let a batch of envelopes leave.' },
  'egress.declined': { emitters: ['local-api', 'egress'], states: 'A person refused a batch; it is never sent.' },
  'egress.acknowledged': { emitters: ['egress'], states: 'The hub has committed envelopes up to a watermark.' },
  'egress.refused': { emitters: ['egress'], states: 'The hub refused envelopes; the codes say why.' },
  'egress.rewound': { emitters: ['egress'], states: 'Envelopes are sent again because the hub misses some.' },
  'egress.rejected': {
    emitters: ['egress'],
    states: 'A class of envelopes was over its quota: what is new of it is not sent; the codes name class and number.',
  },
  'epoch.opened': { emitters: ['egress'], states: 'Everything that leaves counts from one again; the codes say why.' },
  'epoch.closed': { emitters: ['egress'], states: 'Nothing more is sealed in an epoch.' },
  'epoch.compared': {
    emitters: ['egress', 'ingest'],
    states: 'Edge and hub compared what they hold of an epoch; a failure names what differs.',
  },
  'ingest.committed': {
    emitters: ['ingest'],
    states: 'The hub committed a group of messages of a device; the codes count them and their envelopes.',
  },
  'ingest.refused': { emitters: ['ingest'], states: 'The hub refused a batch or an envelope.' },

  // People.
  'session.opened': { emitters: ['local-api', 'hub-api'], states: 'A person signed in.' },
  'session.refused': { emitters: ['local-api', 'hub-api'], states: 'A sign-in failed.' },
  'session.closed': { emitters: ['local-api', 'hub-api'], states: 'A person signed out or the session ran out.' },
  'person.enrolled': { emitters: ['local-api', 'hub-api'], states: 'An account was made.' },
  'access.refused': { emitters: ['local-api', 'hub-api'], states: 'A person asked for more than the role allows.' },
  'study.read': { emitters: ['local-api'], states: 'A person opened a study.' },
  'study.listed': {
    emitters: ['local-api'],
    states: 'A person read the worklist, searched it, or read another list of studies; the codes say which.',
  },
  'study.egress-blocked': {
    emitters: ['deidentify'],
    states: 'Nothing about a revision leaves: text in its pixels, or doubt about it; the codes say which.',
  },
  'pixels.held': { emitters: ['deidentify'], states: 'An object may not leave until a person has seen its pixels.' },
  'pixels.viewed': { emitters: ['local-api'], states: 'A person looked at pixels that are held.' },
  'pixels.released': { emitters: ['local-api'], states: 'A person masked pixels and lets the object leave.' },
  'pixels.refused': { emitters: ['local-api'], states: 'A person decided that an object never leaves.' },
  'explanation.made': {
    emitters: ['local-api', 'scoring'],
    states: 'It was worked out why a score is what it is; the codes begin the digest.',
  },
  'explanation.read': { emitters: ['local-api'], states: 'A person opened an explanation of a score.' },
  'explanation.refused': {
    emitters: ['local-api'],
    states: 'An explanation was not shown: it belongs to another image, frame, model or result.',
  },
  'study.exported': { emitters: ['local-api'], states: 'A person took a study or report out.' },

  // Models on the device.
  'model.refused': {
    emitters: ['updates', 'scoring', 'registry'],
    states: 'A release was refused; the codes name the attack.',
  },
  'model.staged': { emitters: ['updates', 'scoring'], states: 'A release passed its golden cases and shadows.' },
  'model.activated': { emitters: ['updates', 'scoring'], states: 'A release scores from now on.' },
  'model.rolled-back': { emitters: ['updates', 'scoring'], states: 'The previous model scores again.' },
  'model.retired': { emitters: ['updates', 'registry'], states: 'A model is no longer in use.' },
  'deployment.started': {
    emitters: ['scoring', 'local-api'],
    states: 'A person set an approved version beside the one in use: for a share of the studies, or in the shadow.',
  },
  'deployment.changed': {
    emitters: ['scoring', 'local-api'],
    states: 'A person changed the share of a version, or whether new versions are put to use by themselves.',
  },
  'deployment.stopped': {
    emitters: ['scoring', 'local-api'],
    states: 'A version no longer runs beside the one in use; the codes name what broke, or that a person ended it.',
  },
  'deployment.promoted': {
    emitters: ['scoring', 'local-api'],
    states: 'A person made a version the one that scores from now on.',
  },
  'model.disabled': { emitters: ['local-api', 'scoring'], states: 'A person switched a model off.' },
  'model.enabled': { emitters: ['local-api', 'scoring'], states: 'A person switched a model on again.' },
  'model.recalled': { emitters: ['delivery', 'updates'], states: 'A safety officer recalled a model.' },
  'metadata.refused': { emitters: ['updates'], states: 'Update metadata were refused; the codes name the attack.' },

  // Governance and training at the hub.
  'dataset.frozen': { emitters: ['training'], states: 'A dataset snapshot was fixed by its digest.' },
  'lake.erased': {
    emitters: ['lake'],
    states: 'Everything of one patient of one site was deleted at the hub; the subject is the record of it.',
  },
  'lake.compacted': { emitters: ['lake'], states: 'A person had small files of the lake put together.' },
  'lake.verified': { emitters: ['lake'], states: 'Every file of the lake was read again; a code counts faults.' },
  'lake.queried': { emitters: ['lake'], states: 'A person read rows of the lake with a query of their own.' },
  'reader.revoked': { emitters: ['lake'], states: 'Labels of a reader no longer count in datasets.' },
  'reader.restored': { emitters: ['lake'], states: 'Labels of a reader count in datasets again.' },
  'training.triggered': {
    emitters: ['training'],
    states: 'A training run was started by labels, their age, drift or the schedule; the codes say which.',
  },
  'training.started': { emitters: ['training'], states: 'A training run began.' },
  'training.finished': { emitters: ['training'], states: 'A training run ended with a candidate.' },
  'training.refused': { emitters: ['training'], states: 'A gate stopped a run or a candidate.' },
  'training.reproduced': {
    emitters: ['training'],
    states: 'A training run was done again from its record; the code says whether the same came out.',
  },
  'evaluation.recorded': { emitters: ['training', 'registry'], states: 'The hub evaluated a candidate itself.' },
  'model.registered': { emitters: ['registry'], states: 'A model version was entered.' },
  'alias.changed': { emitters: ['registry'], states: 'A name was given to a model version, or taken away.' },
  'experiment.recorded': {
    emitters: ['registry'],
    states:
      'An outside tool made, closed, hid or restored an experiment or run, or tagged one or a version; figures are in the run.',
  },
  'approval.submitted': { emitters: ['governance'], states: 'A candidate was put forward for approval.' },
  'approval.signed': { emitters: ['governance'], states: 'A person signed.' },
  'approval.refused': { emitters: ['governance'], states: 'A person declined, or a signature was not accepted.' },
  'approval.withdrawn': { emitters: ['governance'], states: 'A submission was taken back.' },
  'approval.reviewed': { emitters: ['governance'], states: 'A named approver began to look at a submission.' },
  'approval.commented': {
    emitters: ['governance'],
    states: 'Somebody said something about a submission; the words are in its record.',
  },
  'approval.changes-requested': {
    emitters: ['governance'],
    states: 'A named approver sent a submission back; it ended with that.',
  },
  'approval.reminded': { emitters: ['governance'], states: 'The deadline of a submission is near.' },
  'approval.expired': { emitters: ['governance'], states: 'The deadline of a submission passed; it ended with that.' },
  'plan.declared': { emitters: ['governance'], states: 'A plan for changes of a model was declared.' },
  'plan.adopted': { emitters: ['governance'], states: 'An approver signed a plan for changes.' },
  'plan.withdrawn': { emitters: ['governance'], states: 'A plan for changes was taken out of force.' },
  'plan.step-recorded': {
    emitters: ['governance'],
    states: 'It was recorded for a version that a step of the protocol of its plan was taken, or was not.',
  },
  'signing.authenticated': {
    emitters: ['governance'],
    states: 'A person gave the first component of a signature and was shown what is to be signed.',
  },
  'signing.refused': {
    emitters: ['governance'],
    states: 'A component of a signature was wrong, out of date or not this person’s; the codes say which.',
  },
  'signing.locked': {
    emitters: ['governance'],
    states: 'Signing was locked for a person after failed attempts, and an alarm was raised.',
  },
  'password.changed': { emitters: ['hub-api'], states: 'A person changed their own password.' },
  'model.site-approved': {
    emitters: ['updates'],
    states: 'The hospital agreed to a version, with a key that it pinned.',
  },
  'model.site-approval-awaited': {
    emitters: ['updates'],
    states: 'An approved version waits for the approval of the hospital itself.',
  },
  'release.published': { emitters: ['delivery'], states: 'A release is in the repository.' },
  'metadata.published': {
    emitters: ['delivery'],
    states: 'The hub signed the metadata of the repository again by itself.',
  },
  'key.changed': {
    emitters: ['governance', 'delivery', 'process'],
    states: 'A signing key came into use or went, as the start after a key ceremony finds; the codes name its role.',
  },
  'drift.alerted': { emitters: ['drift'], states: 'A distribution moved beyond its limit.' },
  'drift.settled': { emitters: ['drift'], states: 'A person closed a drift alert.' },
  'performance.referenced': {
    emitters: ['performance'],
    states: 'Labelled cases were fixed, from which is learnt what a version’s scores are worth.',
  },
  'performance.alerted': { emitters: ['performance'], states: 'A version performs beyond its limits at a site.' },
  'performance.settled': { emitters: ['performance'], states: 'A person closed an alert about performance.' },
  'fairness.alerted': { emitters: ['fairness'], states: 'A version serves groups of patients too unequally.' },
  'fairness.settled': { emitters: ['fairness'], states: 'A person closed an alert about fairness.' },

  // Fleet.
  'device.enrolled': { emitters: ['fleet'], states: 'A device was given an identity.' },
  'device.renewed': { emitters: ['fleet'], states: 'A device was given a new certificate.' },
  'device.revoked': { emitters: ['fleet'], states: 'A device lost its identity.' },
  'device.invited': { emitters: ['fleet'], states: 'A one-time code was made with which a box may join.' },
  'device.held': {
    emitters: ['fleet'],
    states: 'A device was seen in two places: both are held; the code names the sign.',
  },
  'device.released': { emitters: ['fleet'], states: 'A person let a device that was held go on.' },
  'device.anchored': {
    emitters: ['fleet'],
    states: 'A device was given what it pins of the hub: root, policy and keys.',
  },
  'trust.pinned': {
    emitters: ['local-api', 'process'],
    states: 'The box pinned what it trusts of its hub; the codes say by which way.',
  },
  'desired.refused': {
    emitters: ['process'],
    states: 'A desired state was not the hub’s, or an older one; nothing of it was applied.',
  },
  'agent.reported': {
    emitters: ['process'],
    states:
      'The sync agent, which has no log of its own, told the box of a change: link, updates, certificate, settings, files that it did not carry.',
  },
  'device.connected': { emitters: ['fleet'], states: 'A device was heard, for the first time or after a silence.' },
  'device.silent': { emitters: ['fleet'], states: 'A device was not heard of for longer than its limit.' },
  'backup.restored': { emitters: ['process', 'records'], states: 'Data were restored; a new epoch begins.' },
} as const satisfies Readonly<Record<string, EventDefinition>>

/** A word of the vocabulary. */
export type AuditEventCode = keyof typeof AUDIT_EVENTS

/** All words. */
export const AUDIT_EVENT_CODES: readonly AuditEventCode[] = Object.keys(AUDIT_EVENTS).filter(
  (code): code is AuditEventCode => code in AUDIT_EVENTS,
)
