import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { signStatement, statedFiles } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { DeliveredManifest } from '@leadglass/sync-agent/updates'
import { KeyFileError } from '../governance/errors.ts'

/** Where the repository publishes the public key of its statements. */
export const OMS_PUBLIC_KEY_PATH = 'oms/public-key.pem'

/** Path of a package's statement below the repository, beside its manifest. */
export function omsPath(model: ModelReference): string {
  return posix.join('targets', 'models', model.name, model.version, `${model.digest}.oms.sigstore.json`)
}

/** Signs the statement of a package; the hub's act at publication, and no approval. */
export interface StatementSigner {
  /** PEM, for whoever checks packages with public tools. */
  readonly publicKeyPem: string
  sign(model: ModelReference, manifest: Pick<DeliveredManifest, 'files'>): Uint8Array
}

/**
 * Opens the hub's key for statements, and makes it at the first start: ECDSA on P-256, which is what the public tool reads.
 * @throws {KeyFileError} `key-file-damaged`
 */
export async function openStatementSigner(path: string): Promise<StatementSigner> {
  const pem = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (pem !== undefined) return statementSigner(readKey(pem))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFileAtomically(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), 0o600)
  return statementSigner(privateKey)
}

/** A signer over an open key. */
export function statementSigner(key: KeyObject): StatementSigner {
  return {
    publicKeyPem: createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString(),
    sign: (model, manifest) =>
      signStatement(`${model.name}@${model.version}`, statedFiles(model.digest, manifest), key),
  }
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  } catch (cause) {
    throw new KeyFileError('key-file-damaged', cause)
  }
  throw new KeyFileError('key-file-damaged')
}
