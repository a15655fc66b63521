import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalize } from '@tufjs/canonical-json'
import {
  APPROVED_MODELS_ROLE,
  type ApprovalPolicy,
  KEY_PERSON,
  KEY_ROLE,
  RELEASE_PATH_PATTERN,
  type ReleaseStatement,
  releasePath,
} from '../../contract/index.ts'
import { canonicalJson, digestOf } from '../../foundation/index.ts'
import { keyIdOf } from '../approver-keys.ts'
import { manifestTargetPath } from '../kit-layout.ts'
import { ISSUED_AT } from '../trusted-metadata.ts'

/** JSON that a test may bend. */
export type Part = Record<string, unknown>

/** A signing key of the fake. `listedAs` is the keyid under which it signs. */
export interface FakeKey {
  readonly publicKey: string
  readonly keyid: string
  sign(data: Uint8Array): string
}

/** A fresh Ed25519 key. */
export function fakeKey(): FakeKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const hex = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
  return {
    publicKey: hex,
    keyid: keyIdOf(keyPart(hex)),
    sign: (data) => sign(undefined, data, privateKey).toString('hex'),
  }
}

/** The TUF key object. */
export function keyPart(publicKey: string): { keytype: string; scheme: string; keyval: { public: string } } {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } }
}

/** A key object with the members that say whose it is. */
export function approverPart(publicKey: string, person: string, role: string): Part {
  return { ...keyPart(publicKey), [KEY_PERSON]: person, [KEY_ROLE]: role }
}

/** A model package in memory. */
export interface FakePackage {
  readonly manifest: Uint8Array
  readonly blobs: readonly Uint8Array[]
  readonly statement: ReleaseStatement
}

/** A small package with its release statement. */
export function fakePackage(options: {
  readonly name?: string
  readonly version?: string
  readonly releaseCounter?: number
  readonly author?: string
  readonly blobs?: readonly Uint8Array[]
}): FakePackage {
  const { name = 'chest-radiograph', version = '1.0.0', releaseCounter = 1, author = 'trainer' } = options
  const blobs = options.blobs ?? [Buffer.from(`weights of ${name} ${version}`), Buffer.alloc(40_000, version)]
  const manifest = Buffer.from(
    canonicalJson({
      schema: 'leadglass.model-package/1',
      name,
      version,
      releaseCounter,
      files: blobs.map((blob, index) => ({ path: `file-${index}.bin`, sha256: digestOf(blob), bytes: blob.length })),
    }),
  )
  return {
    manifest,
    blobs,
    statement: {
      schema: 'leadglass.release/1',
      model: { name, version, digest: digestOf(manifest) },
      releaseCounter,
      author,
      signoffs: [
        { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
        { person: 'technical-approver', role: 'technical', meaning: 'approval' },
      ],
      rollbackOf: null,
    },
  }
}

/**
 * A TUF repository that a test can bend at will: every signed part is plain JSON, every signer exchangeable. What
 * `publish` makes is correctly hashed and versioned, so that exactly the bent thing is wrong.
 */
export class FakeRepository {
  readonly rootKeys = [fakeKey(), fakeKey(), fakeKey()]
  readonly targetsKeys = [fakeKey(), fakeKey(), fakeKey()]
  readonly snapshotKey = fakeKey()
  readonly timestampKey = fakeKey()
  readonly clinical = fakeKey()
  readonly technical = fakeKey()
  readonly secondTechnical = fakeKey()
  /** Who signs what at the next `publish`. */
  readonly signers: Record<'root' | 'targets' | 'approved-models' | 'snapshot' | 'timestamp', FakeKey[]>
  readonly parts: { root: Part; targets: Part; approvedModels: Part; snapshot: Part; timestamp: Part }
  /** Published files: `metadata/…`, `targets/…`, `blobs/…`. */
  readonly files = new Map<string, Uint8Array>()
  readonly #now: number

  constructor(nowMs: number) {
    this.#now = nowMs
    this.signers = {
      root: this.rootKeys.slice(0, 2),
      targets: this.targetsKeys.slice(0, 2),
      'approved-models': [this.clinical, this.technical],
      snapshot: [this.snapshotKey],
      timestamp: [this.timestampKey],
    }
    const approvers = [
      [this.clinical, 'clinical-approver', 'clinical'],
      [this.technical, 'technical-approver', 'technical'],
      [this.secondTechnical, 'second-technical-approver', 'technical'],
    ] as const
    this.parts = {
      root: { ...this.#head('root', 365), consistent_snapshot: true, ...this.rootRoles() },
      targets: {
        ...this.#head('targets', 180),
        targets: {},
        delegations: {
          keys: Object.fromEntries(
            approvers.map(([key, person, role]) => [key.keyid, approverPart(key.publicKey, person, role)]),
          ),
          roles: [
            {
              name: APPROVED_MODELS_ROLE,
              keyids: approvers.map(([key]) => key.keyid),
              threshold: 2,
              terminating: true,
              paths: [RELEASE_PATH_PATTERN],
            },
          ],
        },
      },
      approvedModels: { ...this.#head('targets', 90), targets: {} },
      snapshot: this.#head('snapshot', 30),
      timestamp: { ...this.#head('timestamp', 14), [ISSUED_AT]: instant(nowMs) },
    }
  }

  /** `keys` and `roles` of a root over the given keys. */
  rootRoles(exchanged: { readonly snapshot?: FakeKey; readonly timestamp?: FakeKey } = {}): Part {
    const roles = {
      root: this.rootKeys,
      targets: this.targetsKeys,
      snapshot: [exchanged.snapshot ?? this.snapshotKey],
      timestamp: [exchanged.timestamp ?? this.timestampKey],
    }
    const keys = Object.values(roles).flat()
    return {
      keys: Object.fromEntries(keys.map((key) => [key.keyid, keyPart(key.publicKey)])),
      roles: Object.fromEntries(
        Object.entries(roles).map(([role, of]) => [
          role,
          { keyids: of.map((key) => key.keyid), threshold: of.length > 1 ? 2 : 1 },
        ]),
      ),
    }
  }

  /** Bytes of the first root, as a device is provisioned with it. */
  get initialRoot(): Uint8Array {
    return this.files.get('metadata/1.root.json') ?? this.#sign('root', this.parts.root)
  }

  /** The policy that goes with the first root. */
  get policy(): ApprovalPolicy {
    return {
      schema: 'leadglass.approval-policy/1',
      minimumApprovals: 2,
      requiredRoles: ['clinical', 'technical'],
      initialRootDigest: digestOf(this.initialRoot),
    }
  }

  /** The delegation in the top-level targets. */
  delegation(): { keys: Record<string, Part>; roles: Part[] } {
    return this.parts.targets.delegations as { keys: Record<string, Part>; roles: Part[] }
  }

  /** Lists one more approver's key. */
  addApprover(keyid: string, part: Part): void {
    const { keys, roles } = this.delegation()
    keys[keyid] = part
    for (const role of roles) (role.keyids as string[]).push(keyid)
  }

  /** Adds a package to the list and its files to the repository. `custom` replaces the statement that is listed. */
  list(one: FakePackage, custom: unknown = one.statement): void {
    const path = releasePath(one.statement.model)
    const entry = { length: one.manifest.length, hashes: { sha256: digestOf(one.manifest) }, custom }
    this.parts.approvedModels.targets = { ...(this.parts.approvedModels.targets as Part), [path]: entry }
    this.files.set(`targets/${manifestTargetPath(one.statement.model)}`, one.manifest)
    for (const blob of one.blobs) this.files.set(`blobs/${digestOf(blob)}`, blob)
  }

  /** Signs the parts as they stand and publishes them; the online roles rise by one version. */
  publish(options: { readonly withoutApprovedModels?: boolean } = {}): void {
    this.#put(`${version(this.parts.root)}.root.json`, this.#sign('root', this.parts.root))
    const targets = this.#put(`${version(this.parts.targets)}.targets.json`, this.#sign('targets', this.parts.targets))
    const meta: Part = { 'targets.json': metaOf(this.parts.targets, targets) }
    if (options.withoutApprovedModels !== true) {
      const approved = this.#sign('approved-models', this.parts.approvedModels)
      this.#put(`${version(this.parts.approvedModels)}.approved-models.json`, approved)
      meta['approved-models.json'] = metaOf(this.parts.approvedModels, approved)
    }
    this.parts.snapshot = { ...this.parts.snapshot, meta }
    const snapshot = this.#put(
      `${version(this.parts.snapshot)}.snapshot.json`,
      this.#sign('snapshot', this.parts.snapshot),
    )
    this.parts.timestamp = { ...this.parts.timestamp, meta: { 'snapshot.json': metaOf(this.parts.snapshot, snapshot) } }
    this.#put('timestamp.json', this.#sign('timestamp', this.parts.timestamp))
  }

  /** Raises the versions of these parts, as the next publication needs. */
  next(...parts: (keyof FakeRepository['parts'])[]): void {
    for (const part of parts) this.parts[part] = { ...this.parts[part], version: version(this.parts[part]) + 1 }
  }

  /** Writes the published files to a folder, which is emptied first. */
  async writeTo(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true })
    for (const [path, bytes] of this.files) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), bytes)
    }
  }

  #head(type: string, days: number): Part {
    return { _type: type, spec_version: '1.0.31', version: 1, expires: instant(this.#now + days * 86_400_000) }
  }

  #put(name: string, bytes: Uint8Array): Uint8Array {
    this.files.set(`metadata/${name}`, bytes)
    return bytes
  }

  /** A signed file of a part, not published. */
  signPart(role: keyof FakeRepository['signers'], part: Part): Uint8Array {
    return this.#sign(role, part)
  }

  #sign(role: keyof FakeRepository['signers'], signed: Part): Uint8Array {
    // What canonical JSON cannot say, such as a fraction, cannot be signed either; a test may still want to publish it.
    const bytes = Buffer.from(canonicalize(signed))
    const signatures = this.signers[role].map((key) => ({ keyid: key.keyid, sig: key.sign(bytes) }))
    return Buffer.from(JSON.stringify({ signatures, signed }))
  }
}

/** `YYYY-MM-DDTHH:MM:SSZ`. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

function version(part: Part): number {
  return Number(part.version)
}

function metaOf(part: Part, bytes: Uint8Array): Part {
  return { version: version(part), length: bytes.length, hashes: { sha256: digestOf(bytes) } }
}
