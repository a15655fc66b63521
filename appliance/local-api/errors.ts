import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'not-signed-in': {
    status: 401,
    message: 'nobody is signed in',
    effect: 'nothing was read or changed',
    nextStep: 'sign in and try again',
  },
  'sign-in-refused': {
    status: 401,
    message: 'account and password do not belong together',
    effect: 'nobody was signed in',
    nextStep: 'check both; after five failures in a row the account rests for fifteen minutes',
  },
  'account-locked': {
    status: 429,
    message: 'the account rests after too many failures',
    effect: 'nobody was signed in',
    nextStep: 'wait fifteen minutes, or ask the site administrator',
  },
  'not-allowed': {
    status: 403,
    message: 'this account may not do that',
    effect: 'nothing was changed; the attempt is recorded',
    nextStep: 'ask somebody with the role that the manual names for this act',
  },
  'foreign-origin': {
    status: 403,
    message: 'the request comes from a page of another address',
    effect: 'nothing was changed',
    nextStep: 'open the console at its own address and try again',
  },
  'bad-request': {
    status: 400,
    message: 'the request does not have the form that this address asks for',
    effect: 'nothing was read or changed',
    nextStep: 'compare the request with the interface description',
  },
  'not-found': {
    status: 404,
    message: 'there is nothing under this name',
    effect: 'nothing was read or changed',
    nextStep: 'take the name from the list again',
  },
  'nothing-to-reseal': {
    status: 409,
    message: 'the hub has refused nothing that could be sealed again',
    effect: 'nothing was changed',
    nextStep: 'look at "leadglass sync status": it names what the hub refuses, and why',
  },
  'not-labelled-yet': {
    status: 409,
    message: 'the study has no complete revision yet',
    effect: 'no label was recorded',
    nextStep: 'wait until the study is complete and try again',
  },
  'no-earlier-version': {
    status: 409,
    message: 'there is no earlier version to go back to',
    effect: 'the model in use is unchanged',
    nextStep: 'approve another version at the hub',
  },
  'breach-entry-unknown': {
    status: 400,
    message: 'the audit log has no such entry',
    effect: 'nothing was recorded',
    nextStep: 'take places from "leadglass audit export"; the first entry is 0',
  },
  'breach-already-closed': {
    status: 409,
    message: 'the case is closed',
    effect: 'nothing was recorded',
    nextStep: 'add evidence, or open another case',
  },
  'breach-not-assessed': {
    status: 409,
    message: 'the case has no assessment yet',
    effect: 'nothing was recorded',
    nextStep: 'record the four factors and the conclusion first (45 CFR 164.402)',
  },
  'breach-not-due': {
    status: 409,
    message: 'by the assessment nobody of that kind is to be told',
    effect: 'nothing was recorded',
    nextStep: 'look at the duties of the case; assess again when more is known',
  },
  'breach-duties-open': {
    status: 409,
    message: 'somebody who is to be told was not',
    effect: 'the case stays open',
    nextStep: 'look at the duties of the case, and record each notification',
  },
  'breach-before-discovery': {
    status: 409,
    message: 'nobody can have been told before the discovery',
    effect: 'nothing was recorded',
    nextStep: 'correct the day',
  },
  'breach-in-the-future': {
    status: 409,
    message: 'that day is still to come',
    effect: 'nothing was recorded',
    nextStep: 'give the day on which it was discovered or on which somebody was told',
  },
  'scoring-token-exists': {
    status: 409,
    message: 'a program of this name had a token before',
    effect: 'no token was made',
    nextStep: 'choose another name: a name stays with one program, so that the record stays true',
  },
  'backfill-model': {
    status: 409,
    message: 'the model is not in use on this box in that version',
    effect: 'nothing was started',
    nextStep: 'take an active model from the list; an approved release is the only way to another version',
  },
  'backfill-unknown': {
    status: 404,
    message: 'there is no such backfill',
    effect: 'nothing was read or changed',
    nextStep: 'take a number from the list again',
  },
  'backfill-ended': {
    status: 409,
    message: 'the backfill has ended, or is in that state already',
    effect: 'nothing was changed',
    nextStep: 'look at its state; start another one where studies are left',
  },
  'anchors-missing': {
    status: 409,
    message: 'the hub has given nothing to pin yet',
    effect: 'what this box trusts is as it was',
    nextStep: 'join the hub first, or wait until the agent has asked it',
  },
  'anchors-other': {
    status: 409,
    message: 'the fingerprint is not the one of what the hub gave',
    effect: 'what this box trusts is as it was',
    nextStep: 'compare it again with the hub’s fleet page; tell the hub’s people when it stays different',
  },
  'anchors-differ': {
    status: 409,
    message: 'this box already trusts another root, policy or key',
    effect: 'what was pinned stays in force; nothing was replaced',
    nextStep: 'a box goes to another hub only when it is set up anew',
  },
  'code-mistyped': {
    status: 422,
    message: 'this is no code: its check character does not agree',
    effect: 'nothing was sent',
    nextStep: 'type it again as the hub’s page shows it: sixteen letters and digits',
  },
  'agent-silent': {
    status: 409,
    message: 'the sync agent has not said anything on this machine yet',
    effect: 'nothing was sent',
    nextStep: 'start the sync agent, then enter the code again',
  },
  'backfill-window': {
    status: 422,
    message: 'the window is not two times of day, or its zone is unknown',
    effect: 'nothing was started',
    nextStep: 'write it like 22:00-06:00, and the zone like Europe/Berlin',
  },
  'settings-changed': {
    status: 409,
    message: 'the settings were changed since this plan was made',
    effect: 'nothing was changed',
    nextStep: 'make the plan again, read it, and apply it then',
  },
  'settings-invalid': {
    status: 422,
    message: 'the proposed settings are not valid',
    effect: 'nothing was changed',
    nextStep: 'make a plan: it names each fault and its place',
  },
  'settings-risky': {
    status: 409,
    message: 'the change has risks that nobody accepted',
    effect: 'nothing was changed',
    nextStep: 'read the risks in the plan; accept them, or propose another change',
  },
  'batch-unknown': {
    status: 404,
    message: 'there is no such batch',
    effect: 'nothing was released or refused',
    nextStep: 'take the batch from the list again',
  },
  'batch-decided': {
    status: 409,
    message: 'the batch was released or refused already',
    effect: 'nothing was changed',
    nextStep: 'look at the list: it says who decided, and when',
  },
  'batch-changed': {
    status: 409,
    message: 'the batch holds more than what was shown',
    effect: 'nothing was released or refused',
    nextStep: 'look at the batch again, and decide on what it holds now',
  },
  'delivery-settled': {
    status: 409,
    message: 'this delivery was delivered, replaced or given up before',
    effect: 'nothing was changed',
    nextStep: 'look at it with "leadglass delivery show"',
  },
  'hold-unknown': {
    status: 404,
    message: 'there is no such legal hold in force',
    effect: 'nothing was changed',
    nextStep: 'take a number from "leadglass hold list"',
  },
  'patient-unknown': {
    status: 404,
    message: 'no study of this patient is known',
    effect: 'nothing was changed',
    nextStep: "take the patient's pseudonym from the study",
  },
  'rules-invalid': {
    status: 422,
    message: 'the rule file has faults',
    effect: 'the rules in force are unchanged',
    nextStep: 'mend what "leadglass rules validate FILE" lists',
  },
  'rules-unchanged': {
    status: 409,
    message: 'the rule file says what is in force already',
    effect: 'the rules in force are unchanged',
    nextStep: 'change the file, or leave it',
  },
  'rules-version-unknown': {
    status: 404,
    message: 'there is no such version of the rules',
    effect: 'nothing was read or changed',
    nextStep: 'take a number from "leadglass rules history"',
  },
  'study-not-held': {
    status: 409,
    message: 'no rule keeps this study waiting',
    effect: 'nothing was changed',
    nextStep: 'take a study from "leadglass rules held"',
  },
  'correction-refused': {
    status: 409,
    message:
      'a patient cannot be merged into itself, in a circle, into a second one, or under a placeholder for a number',
    effect: 'nothing was corrected',
    nextStep: 'look at the merges in force and undo the wrong one first',
  },
  'correction-unchanged': {
    status: 409,
    message: 'what was asked for is in force already',
    effect: 'nothing was corrected',
    nextStep: 'look at the study again',
  },
  'review-unknown': {
    status: 404,
    message: 'no object waits for a look under this number',
    effect: 'nothing was decided',
    nextStep: 'take a number from "leadglass review list"',
  },
  'review-decided': {
    status: 409,
    message: 'a person has decided about this object before',
    effect: 'nothing was decided',
    nextStep: 'look at the decision with "leadglass review show"',
  },
  'text-remains': {
    status: 409,
    message: 'an identifier or a date can still be read',
    effect: 'nothing was decided',
    nextStep: 'cover it too',
  },
  'pixels-unreadable': {
    status: 422,
    message: 'the pixels cannot be decoded, so nobody can say what they show',
    effect: 'nothing was decided',
    nextStep: 'refuse the object with a reason',
  },
  'object-gone': {
    status: 410,
    message: 'the object is no longer there, or the profile stops it',
    effect: 'nothing was decided',
    nextStep: 'look at the study and at the quarantine',
  },
  'explanation-unknown': {
    status: 404,
    message: 'there is no such explanation of this study',
    effect: 'nothing is shown',
    nextStep: 'take a number from the list of the study',
  },
  'explanation-mismatch': {
    status: 409,
    message: 'the explanation belongs to another image, frame, score or model',
    effect: 'it is not shown',
    nextStep: 'ask for an explanation of what is shown',
  },
  'explanation-superseded': {
    status: 409,
    message: 'the result that was explained was replaced by a later one',
    effect: 'the explanation is not shown',
    nextStep: 'ask for an explanation of the result in force',
  },
  'explanation-tampered': {
    status: 409,
    message: 'the stored explanation is not the one that was made',
    effect: 'it is not shown',
    nextStep: 'ask for it again, and have the record looked at',
  },
  'explanation-no-picture': {
    status: 409,
    message: 'this explanation is a list of contributions, not a map',
    effect: 'no picture is made',
    nextStep: 'read the explanation itself',
  },
  'score-unknown': {
    status: 404,
    message: 'the current revision has no such score',
    effect: 'nothing was explained',
    nextStep: 'take image, model and code from the study',
  },
  'explanation-model-gone': {
    status: 409,
    message: 'the model that made the score is no longer in use',
    effect: 'nothing was explained',
    nextStep: 'nothing but that model explains the score; have the study scored again',
  },
  'explanation-busy': {
    status: 503,
    message: 'too many explanations are waiting, or the workers are busy',
    effect: 'nothing was explained',
    nextStep: 'ask again in a minute',
  },
  'explanation-failed': {
    status: 503,
    message: 'the explanation took too long, or its worker failed',
    effect: 'nothing was explained',
    nextStep: 'ask again; if it repeats, send the log to support',
  },
  'version-unknown': {
    status: 404,
    message: 'this appliance does not know such a version',
    effect: 'nothing was changed',
    nextStep: 'take name and version from "leadglass deployment status"',
  },
  'version-recalled': {
    status: 409,
    message: 'a safety officer recalled this version',
    effect: 'nothing was changed',
    nextStep: 'wait for another version; a recall is never taken back',
  },
  'model-unknown': {
    status: 404,
    message: 'this appliance knows no such model',
    effect: 'nothing was changed',
    nextStep: 'take a name from the list of models',
  },
  'model-stopped': {
    status: 409,
    message: 'the model is stopped already',
    effect: 'it stays stopped',
    nextStep: 'look who stopped it and why',
  },
  'model-not-stopped': {
    status: 409,
    message: 'nobody stopped the model here',
    effect: 'nothing was changed',
    nextStep: 'a recall cannot be lifted at a site',
  },
  'version-not-approved': {
    status: 409,
    message: 'the version was not verified here as approved, or has been refused since',
    effect: 'nothing was changed',
    nextStep: 'approve it at the hub and wait until it has passed its golden cases here',
  },
  'version-in-use': {
    status: 409,
    message: 'the version is the one in use already',
    effect: 'nothing was changed',
    nextStep: 'name another version',
  },
  'version-running': {
    status: 409,
    message: 'the version runs beside the one in use already',
    effect: 'nothing was changed',
    nextStep: 'change its share, or end it first',
  },
  'version-not-running': {
    status: 409,
    message: 'the version does not run beside the one in use',
    effect: 'nothing was changed',
    nextStep: 'take a version from "leadglass deployment status"',
  },
  'no-version-in-use': {
    status: 409,
    message: 'no version of this model is in use, so nothing can run beside one',
    effect: 'nothing was changed',
    nextStep: 'promote a version first',
  },
  'share-taken': {
    status: 409,
    message: 'so large a share is not free',
    effect: 'nothing was changed',
    nextStep: 'make the share of another version smaller first',
  },
  'share-not-apt': {
    status: 400,
    message: 'a version in the shadow has no share, and every other needs one',
    effect: 'nothing was changed',
    nextStep: 'name a share for a canary or an arm, and none for the shadow',
  },
  'package-damaged': {
    status: 409,
    message: 'the package on disk is not the one that was approved',
    effect: 'nothing was changed',
    nextStep: 'wait until it was fetched again, or approve another version',
  },
  internal: {
    status: 500,
    message: 'the request failed inside the appliance',
    effect: 'it may not have been carried out',
    nextStep: 'look at the state of the study again; if it repeats, send the log to support',
  },
} as const satisfies Record<string, { status: number; message: string; effect: string; nextStep: string }>

/** The closed set of failures of the local interface. */
export type LocalApiErrorCode = keyof typeof FAILURES

/** A failure that is answered with its HTTP status. */
export class LocalApiError extends CodedError<LocalApiErrorCode> {
  readonly status: number

  constructor(code: LocalApiErrorCode) {
    const { status, message, effect, nextStep } = FAILURES[code]
    const failureClass: FailureClass = code === 'internal' ? 'ambiguous' : 'permanent'
    super(code, failureClass, { message, effect, nextStep })
    this.status = status
  }
}
