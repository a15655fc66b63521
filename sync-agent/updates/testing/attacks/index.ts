import { APPROVAL_ATTACKS } from './approvals.ts'
import type { Attack } from './attack.ts'
import { BYTE_ATTACKS } from './bytes.ts'
import { DELEGATION_ATTACKS } from './delegation.ts'
import { DEVICE_ATTACKS } from './device.ts'
import { GOING_BACK_ATTACKS } from './going-back.ts'
import { KIT_ATTACKS, TAKE_OVER_ATTACKS } from './kit.ts'
import { RETRIEVAL_ATTACKS } from './retrieval.ts'
import { TIME_ATTACKS } from './time.ts'

export { ATTACK_FAMILIES, type Attack, type AttackFamily, type AttackVerdict, verdictOn } from './attack.ts'

/** Every attack: the list of the TUF specification 1.5.2, Uptane's, and our own. */
export const ATTACKS: readonly Attack[] = [
  ...APPROVAL_ATTACKS,
  ...DELEGATION_ATTACKS,
  ...BYTE_ATTACKS,
  ...TIME_ATTACKS,
  ...GOING_BACK_ATTACKS,
  ...RETRIEVAL_ATTACKS,
  ...KIT_ATTACKS,
  ...TAKE_OVER_ATTACKS,
  ...DEVICE_ATTACKS,
]
