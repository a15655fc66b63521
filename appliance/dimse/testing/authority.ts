import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peer } from '../../../installer/testing/peers.ts'

const OPENSSL = peer('openssl') ?? 'openssl'

/** A certificate authority and what it signed, as files and as texts. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'leadglass-tls-'))
  readonly #name: string

  constructor(name: string) {
    this.#name = name
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.path(name, 'key'),
      '-out',
      this.path(name, 'crt'),
    )
  }

  /** @param name as given to `sign`, or the authority's own. */
  path(name: string, kind: 'key' | 'crt' | 'csr' | 'ext'): string {
    return join(this.folder, `${name}.${kind}`)
  }

  text(name: string, kind: 'key' | 'crt'): string {
    return readFileSync(this.path(name, kind), 'utf8')
  }

  /** The authority's own certificate. */
  get certificate(): string {
    return this.text(this.#name, 'crt')
  }

  /** @param subject in the form of openssl: `/O=Hospital/CN=ct-1`. @param days until it runs out; negative: it has. */
  sign(name: string, subject: string, days = 2): void {
    writeFileSync(this.path(name, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    this.#openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      this.path(name, 'key'),
      '-out',
      this.path(name, 'csr'),
    )
    this.#openssl(
      'x509',
      '-req',
      '-days',
      String(days),
      '-in',
      this.path(name, 'csr'),
      '-CA',
      this.path(this.#name, 'crt'),
      '-CAkey',
      this.path(this.#name, 'key'),
      '-CAcreateserial',
      '-extfile',
      this.path(name, 'ext'),
      '-out',
      this.path(name, 'crt'),
    )
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #openssl(...args: string[]): void {
    execFileSync(OPENSSL, args, { stdio: 'ignore' })
  }
}
