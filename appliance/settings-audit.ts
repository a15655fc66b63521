import { parseVerifierKey, SIGNATURE_TYPE } from '@leadglass/sync-agent/audit-log'
import { z } from 'zod'

/** A witness that speaks C2SP tlog-witness: its address before `/add-checkpoint`, and its verifier key. */
export const auditWitnesses = z
  .array(
    z.strictObject({
      url: z.url({ protocol: /^https?$/ }).max(2048),
      key: z.string().refine((text) => parseVerifierKey(text)?.type === SIGNATURE_TYPE.cosignature, {
        message: 'must be a C2SP verifier key of a witness',
      }),
    }),
  )
  .max(8)
