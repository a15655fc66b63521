import { z } from 'zod'
import { parsePart10 } from '../imaging/dataset/index.ts'
import type { Destination } from '../settings.ts'
import { type FhirResource, fhirResources, takenBack } from './fhir-resources.ts'
import { askOverHttp, HTTP_LIMITS, type HttpAnswer, type HttpLimits } from './http-client.ts'
import { REPORT_SOP_CLASS } from './measurement-report.ts'
import type { SendResult } from './retry.ts'
import type { ResultObject, ResultSender } from './sender.ts'
import { NOTE_SOP_CLASS } from './withdrawal-note.ts'

const JSON_TYPE = 'application/fhir+json'

const resource = z.looseObject({ resourceType: z.literal('DiagnosticReport'), id: z.string() })

/**
 * Puts results as FHIR R4 resources under ids that the result alone decides (PUT, FHIR 3.1.0.4.1): sending again changes
 * nothing. Observations come first, so that the report never refers to what is not there.
 */
export class FhirSender implements ResultSender {
  readonly #limits: HttpLimits

  constructor(limits: HttpLimits = HTTP_LIMITS) {
    this.#limits = limits
  }

  async send(
    destination: Destination,
    objects: readonly ResultObject[],
    onResult: (position: number, result: SendResult) => void,
  ): Promise<void> {
    for (const [position, object] of objects.entries()) onResult(position, await this.#sendOne(destination, object))
  }

  /** The statement of what the server can do (FHIR 3.1.0.8), which every server gives. */
  async probe(destination: Destination): Promise<string | undefined> {
    return failureOf(await this.#get(destination, 'metadata'))
  }

  async #sendOne(destination: Destination, { sopClassUid, content }: ResultObject): Promise<SendResult> {
    const { dataSet } = parsePart10(content)
    if (sopClassUid === NOTE_SOP_CLASS) return this.#takeBack(destination, takenBack(dataSet))
    if (sopClassUid !== REPORT_SOP_CLASS) return { kind: 'failed', code: 'no-resource' }
    for (const one of fhirResources(dataSet)) {
      const code = failureOf(await this.#put(destination, one))
      if (code !== undefined) return { kind: 'failed', code }
    }
    return { kind: 'accepted', status: 0 }
  }

  /** A result that is rejected was never true: `entered-in-error` (FHIR 10.3.5). What the server does not have is left. */
  async #takeBack(destination: Destination, ids: readonly string[]): Promise<SendResult> {
    for (const id of ids) {
      const answer = await this.#get(destination, `DiagnosticReport/${id}`)
      if (answer.kind === 'answered' && (answer.status === 404 || answer.status === 410)) continue
      const code = failureOf(answer)
      if (code !== undefined || answer.kind === 'failed') return { kind: 'failed', code: code ?? 'http-answer' }
      const held = heldReport(answer.body, id)
      if (held === undefined) return { kind: 'failed', code: 'http-answer' }
      const put = failureOf(await this.#put(destination, { ...held, status: 'entered-in-error' }))
      if (put !== undefined) return { kind: 'failed', code: put }
    }
    return { kind: 'accepted', status: 0 }
  }

  #put(destination: Destination, one: FhirResource): Promise<HttpAnswer> {
    const request = {
      method: 'PUT',
      path: `/${one.resourceType}/${one.id}`,
      accept: JSON_TYPE,
      contentType: JSON_TYPE,
      body: [Buffer.from(JSON.stringify(one))],
    } as const
    return askOverHttp(destination, request, this.#limits)
  }

  #get(destination: Destination, path: string): Promise<HttpAnswer> {
    return askOverHttp(destination, { method: 'GET', path: `/${path}`, accept: JSON_TYPE }, this.#limits)
  }
}

function failureOf(answer: HttpAnswer): string | undefined {
  if (answer.kind === 'failed') return answer.code
  return answer.status >= 200 && answer.status < 300 ? undefined : `http-${answer.status}`
}

function heldReport(body: Buffer, id: string): FhirResource | undefined {
  try {
    const held = resource.safeParse(JSON.parse(body.toString('utf8')))
    return held.success && held.data.id === id ? held.data : undefined
  } catch {
    return undefined
  }
}
