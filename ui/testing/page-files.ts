import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The built pages of one service. An address that is no file is the page's own affair. */
export class PageFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async send(path: string, response: ServerResponse): Promise<void> {
    const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '')
    const type = TYPES[extname(wanted)]
    const file = type === undefined ? 'index.html' : wanted
    const bytes = await readFile(join(this.#folder, file)).catch(() => undefined)
    if (bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': type ?? TYPES['.html'] })
    response.end(bytes)
  }
}
