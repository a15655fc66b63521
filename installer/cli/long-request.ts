import { request } from 'node:http'

/** An answer as it came. */
export interface LongAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: Buffer
}

/**
 * POST to a service on this machine, for work that takes as long as it takes: `fetch` gives up after five
 * minutes. @throws when nothing answers.
 */
export function longPost(url: string, token: string, body?: unknown): Promise<LongAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const call = request(url, { method: 'POST', headers }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const header = (name: string): string | undefined => {
          const value = response.headers[name]
          return typeof value === 'string' ? value : undefined
        }
        resolve({ status: response.statusCode ?? 0, header, body: Buffer.concat(pieces) })
      })
    })
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
