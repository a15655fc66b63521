import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { statementSigner } from '@leadglass/cloud-hub/delivery'
import {
  MAXIMUM_STATEMENT_BYTES,
  readPackage,
  readVettedPackage,
  statedFiles,
  verifyPackageStatement,
} from '@leadglass/models'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { Command } from 'commander'
import { InstallerError } from '../../errors.ts'
import { callerPath, print, withJson } from '../options.ts'

interface AttestOptions {
  readonly key: string
  readonly newKey: boolean
  readonly out?: string
  readonly json: boolean
}

interface VerifyOptions {
  readonly publicKey: string
  readonly statement?: string
  readonly json: boolean
}

/** `leadglass model attest|verify`. */
export function registerModelAttest(model: Command): void {
  withJson(
    model
      .command('attest')
      .description(
        'sign a statement over every file of a package (OpenSSF Model Signing 1.0); no approval, which is "model sign"',
      )
      .argument('<folder>', 'package folder', callerPath)
      .requiredOption('--key <file>', 'private key on the curve P-256, PEM', callerPath)
      .option('--new-key', 'make the key, and its public key beside it as FILE.pub', false)
      .option('--out <file>', 'where to write the statement; <folder>.oms.sigstore.json unless told', callerPath),
  ).action(attest)
  withJson(
    model
      .command('verify')
      .description('verify a package folder: every byte, every operator, and the signed statement that lies beside it')
      .argument('<folder>', 'package folder', callerPath)
      .requiredOption('--public-key <file>', 'public key of whoever signed, PEM', callerPath)
      .option('--statement <file>', 'the statement; <folder>.oms.sigstore.json unless told', callerPath),
  ).action(verify)
}

async function attest(folder: string, { key, newKey, out, json }: AttestOptions): Promise<void> {
  const { model, manifest } = await readPackage(folder)
  if (newKey) await makeKey(key)
  const signer = statementSigner(await readKey(key, createPrivateKey))
  const path = out ?? besideOf(folder)
  await writeFileAtomically(path, signer.sign(model, manifest), 0o644)
  print(json, { package: model, statement: path }, () => `Signed ${model.name}@${model.version}: ${path}`)
}

async function verify(folder: string, { publicKey, statement, json }: VerifyOptions): Promise<void> {
  const { model, digest, manifest } = await readVettedPackage(folder)
  const path = statement ?? besideOf(folder)
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(
      `the statement ${path} cannot be read`,
      'name it with --statement, or ask its author for it',
      cause,
    )
  })
  const files = statedFiles(digest, manifest)
  const key = await readKey(publicKey, createPublicKey)
  verifyPackageStatement(bytes.subarray(0, MAXIMUM_STATEMENT_BYTES + 1), files, key)
  print(
    json,
    { package: model, files: files.length, verified: true },
    () => `${model.name}@${model.version}: all ${files.length} files are as signed. That is no approval.`,
  )
}

function besideOf(folder: string): string {
  return `${folder.replace(/\/+$/, '')}.oms.sigstore.json`
}

async function makeKey(path: string): Promise<void> {
  const present = await readFile(path).catch(() => undefined)
  if (present !== undefined) throw unreadable(`the key ${path} is there already`, 'leave --new-key out to use it')
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFileAtomically(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), 0o600)
  await writeFileAtomically(`${path}.pub`, publicKey.export({ format: 'pem', type: 'spki' }), 0o644)
}

async function readKey(path: string, parse: (pem: string) => KeyObject): Promise<KeyObject> {
  try {
    const key = parse(await readFile(path, 'utf8'))
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  } catch (cause) {
    throw unreadable(`the key ${path} cannot be read`, 'give a PEM file with a key on the curve P-256', cause)
  }
  throw unreadable(`the key ${path} is of another kind`, 'give a PEM file with a key on the curve P-256')
}

function unreadable(message: string, nextStep: string, cause?: unknown): InstallerError {
  return new InstallerError('input-invalid', { message, effect: 'nothing was signed or verified', nextStep, cause })
}
