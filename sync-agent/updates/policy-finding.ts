import type { AttackCode } from './attacks.ts'

/** A reason to refuse, without the model it may concern. */
export interface PolicyFinding {
  readonly attack: AttackCode
  readonly message: string
}
