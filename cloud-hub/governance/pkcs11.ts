import { spawn } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { tufKey } from './approver-key.ts'
import { TokenError } from './errors.ts'
import { ed25519PublicKey } from './signing.ts'

/** Where a key lies in a token. Names, never secrets: the PIN comes apart from this. */
export const tokenKey = z.strictObject({
  /** The PKCS#11 module of the token's maker, such as /usr/lib/softhsm/libsofthsm2.so. */
  module: z.string().startsWith('/').max(512),
  /** CKA_LABEL of the token. */
  token: z.string().regex(/^[\x21-\x7e][\x20-\x7e]{0,31}$/),
  /** CKA_ID of the key, hexadecimal. */
  id: z.string().regex(/^(?:[0-9a-f]{2}){1,32}$/),
})
export type TokenKey = z.infer<typeof tokenKey>

/** A key in a token: it signs, and nobody reads it. */
export interface TokenSigner {
  readonly keyid: string
  /** 64 hexadecimal digits. */
  readonly publicKey: string
  /** Ed25519, 64 bytes (CKM_EDDSA). @throws {TokenError} */
  sign(data: Uint8Array): Promise<Uint8Array>
}

/** Name under which the PIN is told to the child process; arguments would be visible to everybody on the machine. */
const PIN_VARIABLE = 'LEADGLASS_TOKEN_PIN'
const WITHIN_MS = 30_000

/**
 * Opens a key of a token through OpenSC's `pkcs11-tool`, so that no native code comes into the process.
 * @throws {TokenError} `tool-missing`, `pin-refused`, `key-not-found`, `token-failed`
 */
export async function openTokenKey(key: TokenKey, pin: string): Promise<TokenSigner> {
  const { module, token, id } = tokenKey.parse(key)
  const at = ['--module', module, '--token-label', token]
  const publicKey = await inFolder(async (folder) => {
    const file = join(folder, 'public')
    await run([...at, '--read-object', '--type', 'pubkey', '--id', id, '--output-file', file], pin)
    return rawPublicKey(await readFile(file))
  })
  return knownTokenKey(key, publicKey, async () => pin)
}

/**
 * A key whose public half is known already: the token is asked only when something is signed, so whoever holds this may
 * start while the token is away. A refused PIN is not tried again: tokens lock after a few failures.
 * @param pin asked for before each signature.
 */
export function knownTokenKey(key: TokenKey, publicKey: string, pin: () => Promise<string>): TokenSigner {
  const { module, token, id } = tokenKey.parse(key)
  const verifier = ed25519PublicKey(publicKey)
  let refused: string | undefined
  const sign = (data: Uint8Array): Promise<Uint8Array> =>
    inFolder(async (folder) => {
      const [input, output] = [join(folder, 'input'), join(folder, 'output')]
      const entered = await pin()
      if (entered === refused) throw new TokenError('pin-refused')
      await writeFile(input, data)
      const act = ['--login', '--pin', `env:${PIN_VARIABLE}`, '--sign', '--mechanism', 'EDDSA', '--id', id]
      const place = ['--module', module, '--token-label', token]
      await run([...place, ...act, '--input-file', input, '--output-file', output], entered).catch((error: unknown) => {
        if (error instanceof TokenError && error.code === 'pin-refused') refused = entered
        throw error
      })
      const signature = await readFile(output)
      if (signature.length !== 64) throw new TokenError('token-failed')
      if (!verify(undefined, data, verifier, signature)) throw new TokenError('other-key')
      return signature
    })
  return { keyid: keyIdOf(tufKey(publicKey)), publicKey, sign }
}

/** The PIN of a service's token: the first line of a file that nobody else may read. @throws {TokenError} */
export async function readPinFile(path: string): Promise<string> {
  try {
    const { mode } = await stat(path)
    const pin = (await readFile(path, 'utf8')).split('\n')[0]?.trim() ?? ''
    if ((mode & 0o077) === 0 && pin !== '') return pin
  } catch {
    // Answered below: the cause would name nothing that helps more.
  }
  throw new TokenError('pin-file-unusable')
}

/** Makes an Ed25519 key inside a token; it is born there and cannot leave. @throws {TokenError} */
export async function createTokenKey(key: TokenKey, pin: string, label: string): Promise<TokenSigner> {
  const { module, token, id } = tokenKey.parse(key)
  const at = ['--module', module, '--token-label', token, '--login', '--pin', `env:${PIN_VARIABLE}`]
  const what = [
    '--keypairgen',
    '--key-type',
    'EC:edwards25519',
    '--usage-sign',
    '--sensitive',
    '--id',
    id,
    '--label',
    label,
  ]
  await run([...at, ...what], pin)
  return openTokenKey(key, pin)
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-token-'))
  try {
    return await act(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function run(args: readonly string[], pin: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('pkcs11-tool', args, {
      env: { ...process.env, [PIN_VARIABLE]: pin, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: WITHIN_MS,
    })
    let said = ''
    child.stderr.on('data', (part: Buffer) => {
      said = `${said}${part.toString('utf8')}`.slice(-4096)
    })
    child.once('error', () => reject(new TokenError('tool-missing')))
    child.once('close', (code) => (code === 0 ? resolve() : reject(failureOf(said))))
  })
}

function failureOf(said: string): TokenError {
  if (/CKR_PIN_(?:INCORRECT|INVALID|LEN_RANGE)|PIN/.test(said)) return new TokenError('pin-refused')
  if (/CKR_PIN_LOCKED/.test(said)) return new TokenError('pin-refused')
  if (/not found|No slot|slot with/i.test(said)) return new TokenError('key-not-found')
  return new TokenError('token-failed')
}

/** The 32 bytes of an Ed25519 public key as the tool wrote it: SubjectPublicKeyInfo, as PEM or DER. */
function rawPublicKey(file: Buffer): string {
  try {
    const pem = file.includes('-----BEGIN')
    const key = createPublicKey(pem ? file : { key: file, format: 'der', type: 'spki' })
    const { crv, x } = key.export({ format: 'jwk' })
    if (crv === 'Ed25519' && typeof x === 'string') return Buffer.from(x, 'base64url').toString('hex')
  } catch {
    // Answered below: what is no such key cannot sign here.
  }
  throw new TokenError('key-not-found')
}
