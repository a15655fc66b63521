import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canonicalize } from '@tufjs/canonical-json'
import { instant } from '../fake-repository.ts'

/** JSON that a case may bend. */
export type Json = Record<string, unknown>

/** A role's name in a delegation, its keys and whom it stands under. */
export interface RoleEntry extends Json {
  keyids: string[]
  threshold: number
}

/** The kinds of keys that TUF 4.2 names. */
export type KeyKind = 'ecdsa' | 'ed25519' | 'rsa'

/** A key of the simulator, with its public part as metadata carry it. */
export interface SimulatorKey {
  keyid: string
  readonly part: Json
  sign(data: Uint8Array): string
}

const TOP_LEVEL = ['root', 'timestamp', 'snapshot', 'targets'] as const
const PAIRS = new Map<KeyKind, { publicKey: KeyObject; privateKey: KeyObject }[]>()

/** SHA-256 over the canonical key (TUF 4.2). */
export function keyidOf(part: Json): string {
  return createHash('sha256').update(canonicalize(part)).digest('hex')
}

/**
 * A TUF repository of any shape, held as JSON and served over HTTP. A case bends parts, signs with whom it likes and
 * publishes; what was asked for is counted.
 */
export class Simulator {
  /** The `signed` part of each role. */
  readonly parts = new Map<string, Json>()
  /** Published bytes of each role, first version first. */
  readonly published = new Map<string, Uint8Array[]>()
  readonly signers = new Map<string, Map<string, SimulatorKey>>()
  readonly artifacts = new Map<string, Uint8Array>()
  /** `role@version` of each request for metadata; timestamp is without a version. */
  readonly asked: string[] = []
  readonly downloads: string[] = []
  withHashes = false
  readonly #now: number
  readonly #used = new Map<KeyKind, number>()
  readonly #server: Server

  constructor(nowMs: number) {
    this.#now = nowMs
    for (const role of TOP_LEVEL) this.parts.set(role, this.#head(role))
    Object.assign(this.part('root'), { consistent_snapshot: true, keys: {}, roles: {} })
    Object.assign(this.part('timestamp'), { meta: { 'snapshot.json': { version: 1 } } })
    Object.assign(this.part('snapshot'), { meta: { 'targets.json': { version: 1 } } })
    Object.assign(this.part('targets'), { targets: {} })
    for (const role of TOP_LEVEL) {
      this.rootRoles()[role] = { keyids: [], threshold: 1 }
      this.addKey(role)
    }
    this.publish('targets', 'snapshot', 'timestamp', 'root')
    this.#server = createServer((request, response) => {
      const bytes = this.#answer(request.url ?? '/')
      if (bytes === undefined) response.writeHead(404).end()
      else response.end(bytes)
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  part(role: string): Json {
    const part = this.parts.get(role)
    if (part === undefined) throw new Error(`the simulator has no ${role}`)
    return part
  }

  rootRoles(): Record<string, RoleEntry> {
    return this.part('root').roles as Record<string, RoleEntry>
  }

  role(name: string): RoleEntry {
    const entry = this.rootRoles()[name]
    if (entry === undefined) throw new Error(`root has no ${name}`)
    return entry
  }

  meta(role: 'snapshot' | 'timestamp'): Record<string, Json> {
    return this.part(role).meta as Record<string, Json>
  }

  last(role: string): Uint8Array {
    const bytes = this.published.get(role)?.at(-1)
    if (bytes === undefined) throw new Error(`nothing of ${role} is published`)
    return bytes
  }

  /** Changes what was published last, as no honest writer could. */
  rewrite(role: string, change: (file: { signatures: Json[]; signed: Json }) => unknown): void {
    const file = JSON.parse(Buffer.from(this.last(role)).toString()) as { signatures: Json[]; signed: Json }
    change(file)
    this.published.get(role)?.splice(-1, 1, Buffer.from(JSON.stringify(file)))
  }

  newKey(kind: KeyKind = 'ecdsa'): SimulatorKey {
    const at = this.#used.get(kind) ?? 0
    this.#used.set(kind, at + 1)
    const pairs = PAIRS.get(kind) ?? []
    PAIRS.set(kind, pairs)
    const pair = pairs[at] ?? generate(kind)
    pairs[at] = pair
    const part = publicPart(kind, pair.publicKey)
    return { keyid: keyidOf(part), part, sign: (data) => signWith(kind, pair.privateKey, data) }
  }

  /** Puts a key under a role, in root or in a delegating role, and lets it sign. */
  addKey(role: string, key: SimulatorKey = this.newKey(), delegator = 'root'): SimulatorKey {
    const { keys, entry } = this.#listing(role, delegator)
    keys[key.keyid] = key.part
    if (!entry.keyids.includes(key.keyid)) entry.keyids.push(key.keyid)
    this.addSigner(role, key)
    return key
  }

  addSigner(role: string, key: SimulatorKey): void {
    const signers = this.signers.get(role) ?? new Map<string, SimulatorKey>()
    this.signers.set(role, signers.set(key.keyid, key))
  }

  dropSigner(role: string): void {
    const signers = this.signers.get(role)
    const last = [...(signers?.keys() ?? [])].at(-1)
    if (last !== undefined) signers?.delete(last)
  }

  clearKeys(role: string): void {
    this.role(role).keyids.length = 0
    this.signers.get(role)?.clear()
  }

  rotateKeys(role: string): void {
    this.clearKeys(role)
    this.addKey(role)
  }

  addDelegation(
    delegator: string,
    name: string,
    options: { readonly paths?: string[]; readonly terminating?: boolean } = {},
  ): void {
    const part = this.part(delegator)
    part.delegations ??= { keys: {}, roles: [] }
    const { roles } = part.delegations as { roles: Json[] }
    roles.push({
      name,
      keyids: [],
      threshold: 1,
      terminating: options.terminating ?? false,
      paths: options.paths ?? ['*'],
    })
    if (!this.parts.has(name)) this.parts.set(name, { ...this.#head('targets'), targets: {} })
    this.addKey(name, this.newKey(), delegator)
  }

  addArtifact(role: string, path: string, content: string, algorithms: readonly string[] = ['sha256']): void {
    const bytes = Buffer.from(content)
    const hashes = Object.fromEntries(algorithms.map((name) => [name, createHash(name).update(bytes).digest('hex')]))
    ;(this.part(role).targets as Json)[path] = { length: bytes.length, hashes }
    this.artifacts.set(path, bytes)
  }

  /** Signs and publishes roles in this order; each gets the next version unless it was never published. */
  publish(...roles: string[]): void {
    for (const role of roles) {
      const part = this.part(role)
      const files = this.published.get(role)
      if (files !== undefined) part.version = Number(part.version) + 1
      const data = Buffer.from(canonicalize(part))
      const signatures = [...(this.signers.get(role)?.values() ?? [])].map((key) => ({
        keyid: key.keyid,
        sig: key.sign(data),
      }))
      const bytes = Buffer.from(JSON.stringify({ signatures, signed: part }))
      this.published.set(role, [...(files ?? []), bytes])
      const hashes = { sha256: createHash('sha256').update(bytes).digest('hex') }
      const meta = { version: part.version, ...(this.withHashes ? { length: bytes.length, hashes } : {}) }
      if (role === 'snapshot') this.meta('timestamp')['snapshot.json'] = meta
      else if (role !== 'root' && role !== 'timestamp') this.meta('snapshot')[`${role}.json`] = meta
    }
  }

  /** Forgets what was published of a role and starts it again at a version, as an attacker would. */
  restart(role: string, version = 1): void {
    this.published.delete(role)
    this.part(role).version = version
  }

  expire(role: string, atMs: number): void {
    this.part(role).expires = instant(atMs)
  }

  #head(type: string): Json {
    return { _type: type, spec_version: '1.0.31', version: 1, expires: instant(this.#now + 30 * 86_400_000) }
  }

  #listing(role: string, delegator: string): { keys: Json; entry: RoleEntry } {
    if (delegator === 'root') return { keys: this.part('root').keys as Json, entry: this.role(role) }
    const { keys, roles } = this.part(delegator).delegations as { keys: Json; roles: RoleEntry[] }
    const entry = roles.find((one) => one.name === role)
    if (entry === undefined) throw new Error(`${delegator} does not delegate to ${role}`)
    return { keys, entry }
  }

  #answer(url: string): Uint8Array | undefined {
    if (url.startsWith('/targets/')) {
      const path = decodeURIComponent(url.slice('/targets/'.length)).replace(/(^|\/)[0-9a-f]{64,128}\.([^/]*)$/, '$1$2')
      this.downloads.push(path)
      return this.artifacts.get(path)
    }
    const named = /^\/metadata\/(?:(\d+)\.)?(.*)\.json$/.exec(url)
    if (named === null) return undefined
    const [, version, encoded = ''] = named
    this.asked.push(version === undefined ? encoded : `${encoded}@${version}`)
    const files = this.published.get(decodeURIComponent(encoded))
    return version === undefined ? files?.at(-1) : files?.[Number(version) - 1]
  }
}

function generate(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function publicPart(kind: KeyKind, key: KeyObject): Json {
  if (kind === 'ed25519') {
    const hex = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
    return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } }
  }
  const scheme = kind === 'rsa' ? 'rsassa-pss-sha256' : 'ecdsa-sha2-nistp256'
  return { keytype: kind, scheme, keyval: { public: key.export({ format: 'pem', type: 'spki' }).toString() } }
}

function signWith(kind: KeyKind, key: KeyObject, data: Uint8Array): string {
  if (kind === 'ed25519') return sign(undefined, data, key).toString('hex')
  // RFC 8017 9.1: python-tuf and TUF salt with as many bytes as the digest has; 6 is RSA_PKCS1_PSS_PADDING.
  return sign('sha256', data, kind === 'rsa' ? { key, padding: 6, saltLength: 32 } : key).toString('hex')
}
