import { canonicalJson, digestOf } from '../../../foundation/index.ts'
import { type FakeRepository, fakePackage } from '../fake-repository.ts'
import { type Attack, onRepository, UNAPPROVED } from './attack.ts'

const on = onRepository.bind(undefined, 'bytes')

function pathOf(repository: FakeRepository, kind: 'manifest' | 'blob'): string {
  const paths = [...repository.files.keys()]
  return paths.find((path) => (kind === 'blob' ? path.startsWith('blobs/') : path.endsWith('.manifest.json'))) ?? ''
}

function change(repository: FakeRepository, path: string, to: (bytes: Buffer) => Uint8Array): void {
  repository.files.set(path, to(Buffer.from(repository.files.get(path) ?? '')))
}

function flipped(bytes: Buffer): Uint8Array {
  bytes[3] = (bytes[3] ?? 0) ^ 1
  return bytes
}

/** An approved release whose manifest says this of its files: approvers may be deceived, the device still reads. */
function manifestOf(repository: FakeRepository, content: Record<string, unknown>): void {
  const honest = fakePackage({ version: UNAPPROVED, releaseCounter: 6 })
  const fields = JSON.parse(Buffer.from(honest.manifest).toString()) as Record<string, unknown>
  const manifest = Buffer.from(canonicalJson({ ...fields, ...content } as Parameters<typeof canonicalJson>[0]))
  const model = { ...honest.statement.model, digest: digestOf(manifest) }
  repository.parts.approvedModels.targets = {}
  repository.list({ ...honest, manifest, statement: { ...honest.statement, model } })
  repository.publish()
}

const FILE = { path: 'model.onnx', sha256: 'a'.repeat(64), bytes: 10 }

const GARBAGE: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'malformed-metadata'],
  ['no JSON', '\u0000\u0001', 'malformed-metadata'],
  ['a number', '1', 'freeze'],
  ['null', 'null', 'freeze'],
  ['another role', '{"signatures":[],"signed":{"_type":"targets"}}', 'freeze'],
  ['a prototype', '{"__proto__":{"signed":{}},"signatures":[]}', 'freeze'],
  ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`, 'freeze'],
]

/** Bytes that differ from what was signed, and files made to break their reader. */
export const BYTE_ATTACKS: readonly Attack[] = [
  ...(['manifest', 'blob'] as const).flatMap((kind) => [
    on(`tampering: one bit of a ${kind}`, 'tampered-file', (repository) =>
      change(repository, pathOf(repository, kind), flipped),
    ),
    on(`endless data: a ${kind} that goes on past its length`, 'endless-data', (repository) =>
      change(repository, pathOf(repository, kind), (bytes) => Buffer.concat([bytes, Buffer.alloc(9)])),
    ),
    on(`partial bundle: a ${kind} left out`, 'incomplete', (repository) => {
      repository.files.delete(pathOf(repository, kind))
    }),
  ]),
  on('wrong software: a manifest that calls itself another version', 'statement-mismatch', (repository) =>
    manifestOf(repository, { version: '1.0.2' }),
  ),
  ...['1.snapshot.json', '1.targets.json', '1.approved-models.json'].map((name) =>
    on(`tampering: one bit of ${name}`, 'tampered-file', (repository) =>
      change(repository, `metadata/${name}`, flipped),
    ),
  ),
  ...GARBAGE.map(([what, content, expected]) =>
    on(`a timestamp that holds ${what}`, expected, (repository) => {
      repository.files.set('metadata/timestamp.json', Buffer.from(content))
    }),
  ),
  ...['timestamp.json', '1.snapshot.json', '2.root.json'].map((name) =>
    on(`endless data: an oversized ${name}`, 'endless-data', (repository) => {
      repository.files.set(`metadata/${name}`, Buffer.alloc(3_000_000, ' '))
    }),
  ),
  ...['../escape', '/etc/passwd', 'a/../../b', '.hidden', 'a\\b', 'C:evil', 'a//b', `${'a/'.repeat(20)}b`].map((path) =>
    on(`path trick in a package: ${path.slice(0, 20)}`, 'malformed-metadata', (repository) =>
      manifestOf(repository, { files: [{ ...FILE, path }] }),
    ),
  ),
  on('bomb: a package that claims 10 GB in one file', 'malformed-metadata', (repository) =>
    manifestOf(repository, { files: [{ ...FILE, bytes: 10 * 2 ** 30 }] }),
  ),
  on('bomb: a package that claims 10 GB in parts', 'malformed-metadata', (repository) =>
    manifestOf(repository, {
      files: Array.from({ length: 10 }, (_, at) => ({ ...FILE, path: `part-${at}.bin`, bytes: 2 ** 30 })),
    }),
  ),
  on('bomb: a package of more files than any has', 'malformed-metadata', (repository) =>
    manifestOf(repository, { files: Array.from({ length: 1001 }, (_, at) => ({ ...FILE, path: `f${at}` })) }),
  ),
  on('a package that lists one path twice', 'malformed-metadata', (repository) =>
    manifestOf(repository, { files: [FILE, { ...FILE, sha256: 'b'.repeat(64) }] }),
  ),
  on('a listed file with a second digest', 'statement-mismatch', (repository) => {
    const targets = repository.parts.approvedModels.targets as Record<string, { hashes: Record<string, string> }>
    for (const target of Object.values(targets)) target.hashes.sha512 = 'a'.repeat(128)
    repository.publish()
  }),
]
