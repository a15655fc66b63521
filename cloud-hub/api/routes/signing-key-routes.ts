import { personIdentifier } from '@leadglass/sync-agent/contract'
import { approvalReason, signingKeyConfirmation, signingKeyEnrolment } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { KeyRefusal } from '../../governance/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, SIGNERS } from '../route.ts'
import type { HubServices } from '../services.ts'

const named = z.object({ keyid: z.string().regex(/^[0-9a-f]{64}$/) })

/** Total: a new reason does not compile until it has words. */
const KEY_REFUSAL_WORDS: Readonly<Record<KeyRefusal, string>> = {
  'unknown-key': 'there is no such key',
  'key-known': 'this key was enrolled before; a revoked key never comes back',
  'own-key': 'nobody vouches for their own key; another person must confirm it',
  'wrong-code': 'the code is wrong, or older than fifteen minutes; after five wrong ones it is good for nothing',
  'code-spent': 'the code was tried wrongly too often; the owner brings the key again and gets a new one',
  'not-pending': 'the key does not wait for a confirmation',
  'already-confirmed': 'this person has confirmed the key; a replaced key needs two different people',
  revoked: 'the key was revoked',
}

/** Approvers' keys: enrolled by their owner, confirmed by others, revoked when lost; and alarms about failed signings. */
export function signingKeyRoutes(services: HubServices): HubRoute[] {
  const { keys, audit, accounts, signingAlarms } = services
  const record = (
    caller: Parameters<typeof actorOf>[0],
    keyid: string,
    act: string,
    refusal: KeyRefusal | undefined,
  ): void => {
    const known = keys.find(keyid) !== undefined
    audit.record({
      event: 'key.changed',
      actor: actorOf(caller),
      subject: known ? { kind: 'key', id: keyid } : null,
      outcome: refusal === undefined ? 'success' : 'refused',
      codes: refusal === undefined ? [act] : [act, refusal],
    })
    // One alarm an hour: whoever goes on trying is still the same attempt.
    if (refusal === 'code-spent') {
      signingAlarms.raise(caller.account, 'confirmation-codes-wrong', { quietMs: 3_600_000 })
    }
    if (refusal !== undefined) throw new ApiError('refused', `${KEY_REFUSAL_WORDS[refusal]} (${refusal})`)
  }
  return [
    { method: 'GET', url: '/api/signing-keys', roles: EVERYBODY, handle: async () => ({ keys: keys.all() }) },
    {
      method: 'GET',
      url: '/api/signing-alarms',
      // Everybody: whose key is tried on shall see it as well.
      roles: EVERYBODY,
      handle: async () => ({ alarms: signingAlarms.newest() }),
    },
    {
      method: 'POST',
      url: '/api/signing-keys',
      roles: SIGNERS,
      handle: async ({ body, caller, reply }) => {
        const { password, ...key } = signingKeyEnrolment.parse(body)
        const person = personIdentifier.parse(key.person)
        if (caller.role !== 'operator' && caller.account !== person) {
          throw new ApiError('not-allowed', 'a key is enrolled by its owner')
        }
        if (accounts.roleOf(person) !== `${key.role}-approver`) {
          throw new ApiError('not-allowed', `the account is not that of a ${key.role} approver`)
        }
        // 21 CFR 11.100(b): who enrols a key proves first who they are.
        const proof = await accounts.reauthenticate(person, password)
        if (proof.kind !== 'right') throw new ApiError('sign-in-refused', `the password was not taken (${proof.kind})`)
        const outcome = keys.enrol({ ...key, person })
        record(caller, outcome.kind === 'enrolled' ? outcome.keyid : '', 'enrolled', refusalOf(outcome))
        void reply.status(201)
        return outcome
      },
    },
    {
      method: 'POST',
      url: '/api/signing-keys/:keyid/confirmation',
      roles: [...SIGNERS.filter((role) => role !== 'operator'), 'mlops', 'auditor'],
      handle: async ({ params, body, caller }) => {
        const { keyid } = named.parse(params)
        const { code } = signingKeyConfirmation.parse(body)
        record(caller, keyid, 'confirmed', keys.confirm(keyid, caller.account, code))
        return keys.find(keyid)
      },
    },
    {
      method: 'POST',
      url: '/api/signing-keys/:keyid/revocation',
      roles: [...SIGNERS, 'mlops', 'auditor'],
      handle: async ({ params, body, caller }) => {
        const { keyid } = named.parse(params)
        const { reason } = approvalReason.parse(body)
        record(caller, keyid, 'revoked', keys.revoke(keyid, caller.account, reason))
        return keys.find(keyid)
      },
    },
  ]
}

function refusalOf(outcome: ReturnType<HubServices['keys']['enrol']>): KeyRefusal | undefined {
  return outcome.kind === 'refused' ? outcome.reason : undefined
}
