import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A FHIR server as far as results need it: resources by type and id, with versions counted. */
export class FhirServer {
  readonly #server: Server
  readonly resources = new Map<string, { readonly version: number; readonly resource: Record<string, unknown> }>()
  /** Headers of the last request. */
  seen: IncomingMessage['headers'] = {}
  /** Answers instead of the server's own, while it is set. */
  refusal: number | undefined

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/fhir`
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    this.seen = request.headers
    const key = (request.url ?? '').replace('/fhir/', '')
    const held = this.resources.get(key)
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(JSON.stringify(body))
    }
    if (this.refusal !== undefined) answer(this.refusal, { resourceType: 'OperationOutcome' })
    else if (key === 'metadata') answer(200, { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1' })
    else if (request.method === 'PUT') {
      const resource = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>
      if (`${String(resource.resourceType)}/${String(resource.id)}` !== key) return answer(400, {})
      this.resources.set(key, { version: (held?.version ?? 0) + 1, resource })
      answer(held === undefined ? 201 : 200, resource)
    } else if (held === undefined) answer(404, { resourceType: 'OperationOutcome' })
    else answer(200, held.resource)
  }
}
