import { generateKeyPairSync, sign } from 'node:crypto'
import {
  type DesiredDelivery,
  type DesiredKeyLink,
  type DesiredSignature,
  type DeviceId,
  desiredKeyText,
  desiredStatement,
  linkDesiredKey,
  MOST_KEY_LINKS,
} from '@leadglass/sync-agent/contract'

/** A hub that signs: `signed` as its documents carry it, `rotate` to its next key. */
export function signingHub(device: DeviceId) {
  let privateKey = generateKeyPairSync('ed25519').privateKey
  let number = 1
  const first = { number, publicKey: desiredKeyText(privateKey) }
  const chain: DesiredKeyLink[] = []
  return {
    first,
    /** The key of the moment. */
    present: () => ({ number, publicKey: desiredKeyText(privateKey) }),
    rotate: (): void => {
      const next = generateKeyPairSync('ed25519').privateKey
      chain.push(linkDesiredKey({ number: ++number, publicKey: desiredKeyText(next) }, privateKey))
      privateKey = next
    },
    /** A signer of the moment: it keeps its key when the hub goes on to another one. */
    signer: () => {
      const [key, keyNumber, links] = [privateKey, number, chain.slice(-MOST_KEY_LINKS)]
      return ({ version, digest }: DesiredDelivery): DesiredSignature => ({
        key: keyNumber,
        signature: sign(null, desiredStatement(device, version, digest), key).toString('base64'),
        chain: links,
      })
    },
  }
}
