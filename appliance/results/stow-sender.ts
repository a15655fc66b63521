import { createHash } from 'node:crypto'
import type { Destination } from '../settings.ts'
import { askOverHttp, HTTP_LIMITS, type HttpLimits } from './http-client.ts'
import type { SendResult } from './retry.ts'
import type { ResultObject, ResultSender } from './sender.ts'
import { stowResults } from './stow-response.ts'

const JSON_TYPE = 'application/dicom+json'

/** Sends over STOW-RS (PS3.18 10.5): all objects of a call in one request, each judged by itself. */
export class StowSender implements ResultSender {
  readonly #limits: HttpLimits

  constructor(limits: HttpLimits = HTTP_LIMITS) {
    this.#limits = limits
  }

  async send(
    destination: Destination,
    objects: readonly ResultObject[],
    onResult: (position: number, result: SendResult) => void,
  ): Promise<void> {
    const boundary = boundaryOf(objects)
    const answer = await askOverHttp(
      destination,
      {
        method: 'POST',
        path: '/studies',
        accept: JSON_TYPE,
        contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
        body: [...parts(objects, boundary)],
      },
      this.#limits,
    )
    const results =
      answer.kind === 'failed'
        ? objects.map((): SendResult => ({ kind: 'failed', code: answer.code }))
        : stowResults(answer.status, answer.body, objects)
    for (const [position, result] of results.entries()) onResult(position, result)
  }

  /** A search that finds at most one study (PS3.18 10.6). Services without a search are there all the same. */
  async probe(destination: Destination): Promise<string | undefined> {
    const request = { method: 'GET', path: '/studies?limit=1', accept: JSON_TYPE } as const
    const answer = await askOverHttp(destination, request, this.#limits)
    if (answer.kind === 'failed') return answer.code
    const { status } = answer
    return status < 300 || [400, 404, 405, 406, 501].includes(status) ? undefined : `http-${status}`
  }
}

/** PS3.18 8.6.1.2.1; RFC 2046 5.1.1. The objects are sent from where they lie: none is copied. */
function* parts(objects: readonly ResultObject[], boundary: string): Generator<Uint8Array, void, void> {
  for (const { content } of objects) {
    yield Buffer.from(`\r\n--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`)
    yield content
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`)
}

/** Of the digest of what it separates: that digest cannot also stand in it. */
function boundaryOf(objects: readonly ResultObject[]): string {
  const hash = createHash('sha256')
  for (const { content } of objects) hash.update(content)
  return `leadglass-${hash.digest('hex').slice(0, 40)}`
}
