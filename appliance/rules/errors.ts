import { CodedError } from '@leadglass/sync-agent/foundation'
import type { RuleFault } from './validate.ts'

/** Why rules were not put in force, or a study not let go on. */
export type RulesErrorCode = 'rules-invalid' | 'rules-unchanged' | 'rules-version-unknown' | 'study-not-held'

const DETAILS: Readonly<Record<RulesErrorCode, { message: string; effect: string; nextStep: string }>> = {
  'rules-invalid': {
    message: 'the rule file has faults',
    effect: 'the rules in force are unchanged',
    nextStep: 'mend what "leadglass rules validate FILE" lists',
  },
  'rules-unchanged': {
    message: 'the rule file says what is in force already',
    effect: 'the rules in force are unchanged',
    nextStep: 'change the file, or leave it',
  },
  'rules-version-unknown': {
    message: 'there is no such version of the rules',
    effect: 'nothing was read or changed',
    nextStep: 'take a number from "leadglass rules history"',
  },
  'study-not-held': {
    message: 'no rule keeps this study waiting',
    effect: 'nothing was changed',
    nextStep: 'take a study from "leadglass rules held"',
  },
}

/** A failure of the rules' room. `faults` says what is wrong with a rule file and where. */
export class RulesError extends CodedError<RulesErrorCode> {
  readonly faults: readonly RuleFault[]

  constructor(code: RulesErrorCode, faults: readonly RuleFault[] = []) {
    super(code, 'permanent', DETAILS[code])
    this.faults = faults
  }
}
