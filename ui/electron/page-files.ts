import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

/** Only this package's own files, and nothing that runs from elsewhere. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

/**
 * Answers with a file of the built pages. An address that is no file is a page's own affair and gets the page.
 * @param folder absolute path of the built pages. @param path pathname of the address.
 */
export async function answerWithFile(folder: string, path: string): Promise<Response> {
  const file = fileFor(folder, path)
  const bytes = file === undefined ? undefined : await readFile(file).catch(() => undefined)
  const isPage = bytes === undefined && extname(path) === ''
  const content = isPage ? await readFile(join(folder, 'index.html')).catch(() => undefined) : bytes
  if (content === undefined) return new Response('not found', { status: 404, headers: headersFor('.txt') })
  return new Response(content, { headers: headersFor(isPage ? '.html' : extname(file ?? '')) })
}

/** @returns `undefined` for a folder and for everything that leads out of the pages. */
function fileFor(folder: string, path: string): string | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return undefined
  }
  if (decoded.includes('\0') || decoded.endsWith('/')) return undefined
  const file = normalize(join(folder, decoded))
  return file.startsWith(folder + sep) ? file : undefined
}

function headersFor(extension: string): Record<string, string> {
  return {
    'content-type': TYPES[extension] ?? 'text/plain; charset=utf-8',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  }
}
