import { z } from 'zod'
import { type SendResult, statusCode } from './retry.ts'
import type { ResultObject } from './sender.ts'

/** The DICOM JSON model as far as the answer of a store needs it (PS3.18 F.2.2). */
const attribute = z.object({ Value: z.array(z.unknown()).optional() })
const dataSet = z.record(z.string(), attribute)

const FAILED_SOP_SEQUENCE = '00081198'
const REFERENCED_SOP_SEQUENCE = '00081199'
const REFERENCED_SOP_INSTANCE_UID = '00081155'
const FAILURE_REASON = '00081197'

/**
 * What a Store Instances Response says about each object (PS3.18 10.5.3.2): stored, perhaps with a warning, when it is in
 * Referenced SOP Sequence; failed, with its reason, when it is in Failed SOP Sequence. An answer without such a body
 * counts for all objects by its status.
 */
export function stowResults(
  status: number,
  body: Buffer,
  objects: readonly Pick<ResultObject, 'sopInstanceUid'>[],
): readonly SendResult[] {
  const answer = parsed(body)
  if (answer === undefined) {
    const result = withoutBody(status, body.length)
    return objects.map(() => result)
  }
  const stored = new Set(
    itemsOf(answer, REFERENCED_SOP_SEQUENCE).map((item) => firstValue(item, REFERENCED_SOP_INSTANCE_UID)),
  )
  const failed = new Map(
    itemsOf(answer, FAILED_SOP_SEQUENCE).map((item) => [
      firstValue(item, REFERENCED_SOP_INSTANCE_UID),
      firstValue(item, FAILURE_REASON),
    ]),
  )
  return objects.map(({ sopInstanceUid }): SendResult => {
    // Failed outweighs stored: an answer that says both is believed to have lost it.
    if (failed.has(sopInstanceUid)) {
      const reason = failed.get(sopInstanceUid)
      const isStatus = typeof reason === 'number' && Number.isInteger(reason) && reason > 0 && reason <= 0xffff
      return { kind: 'failed', code: isStatus ? statusCode(reason) : 'http-refused' }
    }
    if (stored.has(sopInstanceUid)) return { kind: 'accepted', status: 0 }
    return { kind: 'failed', code: status >= 300 ? `http-${status}` : 'http-not-mentioned' }
  })
}

function withoutBody(status: number, bytes: number): SendResult {
  // 200: all were stored (PS3.18 table 10.5.3-1). A page in place of the answer proves nothing.
  if (status === 200 || status === 204)
    return bytes === 0 ? { kind: 'accepted', status: 0 } : { kind: 'failed', code: 'http-answer' }
  // 409: all were refused, and it does not say why; 202 without a word is no answer.
  if (status === 409) return { kind: 'failed', code: 'http-refused' }
  return { kind: 'failed', code: status < 300 ? 'http-not-mentioned' : `http-${status}` }
}

/** The answer when it names objects at all: services put their own words into other bodies of JSON. */
function parsed(body: Buffer): z.infer<typeof dataSet> | undefined {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  const answer = dataSet.safeParse(Array.isArray(value) ? value[0] : value)
  const names = answer.success && (FAILED_SOP_SEQUENCE in answer.data || REFERENCED_SOP_SEQUENCE in answer.data)
  return names ? answer.data : undefined
}

function itemsOf(answer: z.infer<typeof dataSet>, tag: string): z.infer<typeof dataSet>[] {
  return (answer[tag]?.Value ?? []).flatMap((item) => {
    const one = dataSet.safeParse(item)
    return one.success ? [one.data] : []
  })
}

function firstValue(item: z.infer<typeof dataSet>, tag: string): unknown {
  return item[tag]?.Value?.[0]
}
