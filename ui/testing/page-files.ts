import { readdirSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The built pages of one service, read once. An address that is no file is the page's own affair. */
export class PageFiles {
  readonly #files: ReadonlyMap<string, Buffer>

  constructor(folder: string) {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const paths = entries.map((entry) => join(entry.parentPath, entry.name))
    this.#files = new Map(
      paths.map((path) => [`/${relative(folder, path).split(sep).join('/')}`, readFileSync(path)] as const),
    )
  }

  send(path: string, response: ServerResponse): void {
    const name = this.#files.has(path) ? path : path.startsWith('/assets/') ? undefined : '/index.html'
    const bytes = name === undefined ? undefined : this.#files.get(name)
    if (name === undefined || bytes === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' })
    response.end(bytes)
  }
}
